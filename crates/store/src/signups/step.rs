use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{SignupId, TenantId};
use serde_json::Value;

use crate::Result;

/// What is done with a code, in this order; each builds on those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The code becomes a token.
    Exchange,
    /// Meta says what the token may do, and on which accounts.
    Inspect,
    /// The granted accounts and numbers are read and stored.
    Assets,
    /// Our app is subscribed to the webhooks of each account.
    Subscribe,
    /// The number is registered for the Cloud API.
    Register,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 5] =
        [Self::Exchange, Self::Inspect, Self::Assets, Self::Subscribe, Self::Register];

    /// The word in rows and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Inspect => "inspect",
            Self::Assets => "assets",
            Self::Subscribe => "subscribe",
            Self::Register => "register",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Step {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or(())
    }
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It is not needed, and why.
    Skipped(String),
    /// It failed: why, and what to do.
    Failed {
        /// What happened.
        cause: String,
        /// What to do.
        remedy: String,
    },
}

impl Outcome {
    /// Whether the next step may be taken.
    pub const fn lets_go_on(&self) -> bool {
        matches!(self, Self::Done | Self::Skipped(_))
    }

    /// The word in rows and in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped(_) => "skipped",
            Self::Failed { .. } => "failed",
        }
    }

    fn words(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Done => (None, None),
            Self::Skipped(why) => (Some(why), None),
            Self::Failed { cause, remedy } => (Some(cause), Some(remedy)),
        }
    }
}

/// A step that was tried.
#[derive(Clone, Debug)]
pub struct StepResult {
    /// Which.
    pub step: Step,
    /// What came of it.
    pub outcome: Outcome,
    /// What it found; an object without secrets.
    pub detail: Value,
    /// How often it was tried; counted by the row.
    pub tries: i32,
    /// When.
    pub at: DateTime<Utc>,
}

/// Keeps what came of a step, in the place of an earlier try.
///
/// # Errors
/// `Unavailable`.
pub async fn record(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signup_id: SignupId,
    result: &StepResult,
) -> Result<()> {
    let (cause, remedy) = result.outcome.words();
    let statement = client
        .prepare_cached(
            "-- signups::record
             INSERT INTO signup_steps (signup_id, tenant_id, step, outcome, cause, remedy, detail,
                                       at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (signup_id, step) DO UPDATE
             SET    outcome = EXCLUDED.outcome,
                    cause   = EXCLUDED.cause,
                    remedy  = EXCLUDED.remedy,
                    detail  = EXCLUDED.detail,
                    at      = EXCLUDED.at,
                    tries   = signup_steps.tries + 1",
        )
        .await?;
    client
        .execute(
            &statement,
            &[
                /* signup_id */ &signup_id.as_uuid(),
                /* tenant_id */ &tenant_id.as_uuid(),
                /* step      */ &result.step.as_str(),
                /* outcome   */ &result.outcome.as_str(),
                /* cause     */ &cause,
                /* remedy    */ &remedy,
                /* detail    */ &result.detail,
                /* at        */ &result.at,
            ],
        )
        .await?;
    Ok(())
}
