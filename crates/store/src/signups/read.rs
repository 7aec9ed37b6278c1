use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, SignupId, TenantId};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::step::{Outcome, Step, StepResult};
use crate::{Error, Result};

/// A signup with its steps.
#[derive(Clone, Debug)]
pub struct Signup {
    /// Its id.
    pub signup_id: SignupId,
    /// The connection it made.
    pub connection_id: Option<ConnectionId>,
    /// How the overlay ended.
    pub event: String,
    /// What the browser reported; unproved.
    pub session: Value,
    /// `unfinished`, `finished` or `abandoned`.
    pub state: String,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// The steps that were tried, in their order.
    pub steps: Vec<StepResult>,
}

impl Signup {
    /// The first step that is still to be taken; `None` when all are.
    pub fn next_step(&self) -> Option<Step> {
        let is_behind = |step: &Step| {
            let tried = self.steps.iter().find(|tried| tried.step == *step);
            tried.is_some_and(|tried| tried.outcome.lets_go_on())
        };
        Step::ALL.into_iter().find(|step| !is_behind(step))
    }
}

/// A tenant's signup; `None` when it has no such one.
///
/// # Errors
/// `Unavailable`.
pub async fn find(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signup_id: SignupId,
) -> Result<Option<Signup>> {
    let statement = client
        .prepare_cached(
            "-- signups::find
             SELECT * FROM signups WHERE tenant_id = $1 AND signup_id = $2",
        )
        .await?;
    let row = client.query_opt(&statement, &[&tenant_id.as_uuid(), &signup_id.as_uuid()]).await?;
    let Some(row) = row else { return Ok(None) };
    let mut signups = vec![read(&row)];
    read_steps(client, tenant_id, &mut signups).await?;
    Ok(signups.pop())
}

/// A page of a tenant's signups, the newest first.
///
/// # Errors
/// `Unavailable`.
pub async fn list(
    client: &impl GenericClient,
    tenant_id: TenantId,
    before: Option<SignupId>,
    limit: i64,
) -> Result<Vec<Signup>> {
    let statement = client
        .prepare_cached(
            "-- signups::list
             SELECT *
             FROM   signups
             WHERE  tenant_id = $1 AND ($2::uuid IS NULL OR signup_id < $2)
             ORDER BY signup_id DESC
             LIMIT  $3",
        )
        .await?;
    let before = before.map(SignupId::as_uuid);
    let rows = client.query(&statement, &[&tenant_id.as_uuid(), &before, &limit]).await?;
    let mut signups = rows.iter().map(read).collect();
    read_steps(client, tenant_id, &mut signups).await?;
    Ok(signups)
}

async fn read_steps(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signups: &mut Vec<Signup>,
) -> Result<()> {
    let ids: Vec<Uuid> = signups.iter().map(|signup| signup.signup_id.as_uuid()).collect();
    let statement = client
        .prepare_cached(
            "-- signups::steps
             SELECT * FROM signup_steps WHERE tenant_id = $1 AND signup_id = ANY($2)",
        )
        .await?;
    for row in client.query(&statement, &[&tenant_id.as_uuid(), &ids]).await? {
        let signup_id = SignupId::from_uuid(row.get("signup_id"));
        if let Some(signup) = signups.iter_mut().find(|signup| signup.signup_id == signup_id) {
            signup.steps.push(read_step(&row)?);
        }
    }
    for signup in signups {
        signup.steps.sort_by_key(|result| result.step);
    }
    Ok(())
}

fn read(row: &Row) -> Signup {
    Signup {
        signup_id: SignupId::from_uuid(row.get("signup_id")),
        connection_id: row.get::<_, Option<Uuid>>("connection_id").map(ConnectionId::from_uuid),
        event: row.get("event"),
        session: row.get("session"),
        state: row.get("state"),
        created_at: row.get("created_at"),
        steps: Vec::new(),
    }
}

fn read_step(row: &Row) -> Result<StepResult> {
    let corrupt = |column| Error::Corrupt { table: "signup_steps", column };
    let word = |column| row.get::<_, Option<String>>(column).unwrap_or_default();
    Ok(StepResult {
        step: row.get::<_, &str>("step").parse().map_err(|()| corrupt("step"))?,
        outcome: match row.get("outcome") {
            "done" => Outcome::Done,
            "skipped" => Outcome::Skipped(word("cause")),
            "failed" => Outcome::Failed { cause: word("cause"), remedy: word("remedy") },
            _ => return Err(corrupt("outcome")),
        },
        detail: row.get("detail"),
        tries: row.get("tries"),
        at: row.get("at"),
    })
}
