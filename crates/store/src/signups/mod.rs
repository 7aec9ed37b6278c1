//! Runs of Embedded Signup and what came of their steps.

mod read;
mod step;

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, SignupId, TenantId};
use serde_json::Value;

use crate::Result;

pub use read::{Signup, find, list};
pub use step::{Outcome, Step, StepResult, record};

/// How long whoever takes a signup may work on its steps: longer than all of Meta's answers.
const WORK: TimeDelta = TimeDelta::minutes(3);

/// A signup as it comes from the browser.
#[derive(Clone, Debug)]
pub struct NewSignup<'a> {
    /// Who signs up.
    pub tenant_id: TenantId,
    /// How the overlay ended.
    pub event: &'a str,
    /// What the browser reported; unproved.
    pub session: &'a Value,
    /// SHA-256 of the code; `None` when the overlay was left without one.
    pub code_hash: Option<&'a [u8]>,
}

/// Stores a signup, or finds the one that brought the same code. The first part of the answer is
/// whether it is new.
///
/// # Errors
/// `Unavailable`.
pub async fn open(
    client: &impl GenericClient,
    signup: &NewSignup<'_>,
    now: DateTime<Utc>,
) -> Result<(bool, SignupId)> {
    let signup_id = SignupId::at(now);
    let state = if signup.code_hash.is_some() { "unfinished" } else { "abandoned" };
    let statement = client
        .prepare_cached(
            "-- signups::open
             INSERT INTO signups (signup_id, tenant_id, event, session, code_hash, state,
                                  created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             ON CONFLICT (tenant_id, code_hash) DO UPDATE SET event = signups.event
             RETURNING signup_id",
        )
        .await?;
    let row = client
        .query_one(
            &statement,
            &[
                /* signup_id */ &signup_id.as_uuid(),
                /* tenant_id */ &signup.tenant_id.as_uuid(),
                /* event     */ &signup.event,
                /* session   */ &signup.session,
                /* code_hash */ &signup.code_hash,
                /* state     */ &state,
                /* now       */ &now,
            ],
        )
        .await?;
    let stored = SignupId::from_uuid(row.get("signup_id"));
    Ok((stored == signup_id, stored))
}

/// Takes a signup to work on its steps; `false` while somebody else does, when it is finished or
/// abandoned, or when the tenant has no such signup.
///
/// # Errors
/// `Unavailable`.
pub async fn take(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signup_id: SignupId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let statement = client
        .prepare_cached(
            "-- signups::take
             UPDATE signups
             SET    working_until = $4
             WHERE  tenant_id = $1 AND signup_id = $2 AND state = 'unfinished'
               AND  (working_until IS NULL OR working_until <= $3)",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&tenant_id.as_uuid(), &signup_id.as_uuid(), &now, &(now + WORK)];
    Ok(client.execute(&statement, &parameters).await? == 1)
}

/// Gives a signup back; finished, when all of its steps are.
///
/// # Errors
/// `Unavailable`.
pub async fn give_back(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signup_id: SignupId,
    is_finished: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- signups::give_back
             UPDATE signups
             SET    working_until = NULL,
                    updated_at    = $4,
                    state         = CASE WHEN $3 THEN 'finished' ELSE state END
             WHERE  tenant_id = $1 AND signup_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&tenant_id.as_uuid(), &signup_id.as_uuid(), &is_finished, &now];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// Notes the connection that the exchanged code made.
///
/// # Errors
/// `Unavailable`.
pub async fn connected(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signup_id: SignupId,
    connection_id: ConnectionId,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- signups::connected
             UPDATE signups SET connection_id = $3 WHERE tenant_id = $1 AND signup_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&tenant_id.as_uuid(), &signup_id.as_uuid(), &connection_id.as_uuid()];
    client.execute(&statement, &parameters).await?;
    Ok(())
}
