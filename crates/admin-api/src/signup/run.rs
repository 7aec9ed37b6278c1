//! The steps of one signup, taken in order until all are behind or one fails.

use domain::ids::{ConnectionId, SignupId, TenantId};
use graph_api::client::Pin;
use graph_api::error::{ApiFailure, Explanation, explain};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::audit::{self, Actor, Entry};
use store::connections;
use store::signups::{self, Outcome, Signup, Step, StepResult};
use store::{Client, GenericClient, acting_for};

use super::Platform;
use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;

/// What a step came to; its rows are written by the step itself, with what came of it.
pub(super) type Taken = Result<(Outcome, Value), ApiError>;

/// One signup that this caller works on.
pub(crate) struct Run<'a> {
    pub(super) api: &'a Api,
    pub(super) platform: &'a Platform,
    pub(super) tenant_id: TenantId,
    pub(super) actor: Actor,
    pub(super) signup: Signup,
    pub(super) code: Option<SecretString>,
    pub(super) pin: Option<Pin>,
}

impl<'a> Run<'a> {
    /// Takes every step that is still to be taken, and answers the signup as it then is.
    ///
    /// # Errors
    /// `NoSuchSignup`; `SignupBusy` while somebody else works on it; `Unavailable`.
    pub(crate) async fn to_the_end(
        (api, platform): (&'a Api, &'a Platform),
        &Identity { tenant_id, actor, .. }: &Identity,
        signup_id: SignupId,
        (code, pin): (Option<SecretString>, Option<Pin>),
    ) -> Result<Signup, ApiError> {
        let mut client = api.db.client().await?;
        let (signup, is_ours) = take(&mut client, tenant_id, signup_id).await?;
        drop(client);
        if !is_ours {
            return if signup.state == "unfinished" {
                Err(ApiError::SignupBusy)
            } else {
                Ok(signup)
            };
        }
        let mut run = Self { api, platform, tenant_id, actor, signup, code, pin };
        let ended = run.take_steps().await;
        // Also when a step broke off, so that the next caller need not wait.
        run.give_back().await?;
        ended?;
        let client = api.db.client().await?;
        find(&client, tenant_id, signup_id).await
    }

    async fn take_steps(&mut self) -> Result<(), ApiError> {
        while let Some(step) = self.signup.next_step() {
            let (outcome, detail) = self.take_step(step).await?;
            let goes_on = outcome.lets_go_on();
            let at = runtime::now();
            let result = StepResult { step, outcome, detail, tries: 1, at };
            self.note(&result).await?;
            self.signup.steps.retain(|earlier| earlier.step != step);
            self.signup.steps.push(result);
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    async fn take_step(&mut self, step: Step) -> Taken {
        match step {
            Step::Exchange => self.exchange().await,
            Step::Inspect => self.inspect().await,
            Step::Assets => self.assets().await,
            Step::Subscribe => self.subscribe().await,
            Step::Register => self.register().await,
        }
    }

    async fn note(&self, result: &StepResult) -> Result<(), ApiError> {
        let mut client = self.api.db.client().await?;
        let acting = acting_for(&mut client, self.tenant_id).await?;
        signups::record(&acting, self.tenant_id, self.signup.signup_id, result).await?;
        let detail = json!({"step": result.step.as_str(), "outcome": result.outcome.as_str()});
        self.audit(&acting, "signup.step", detail).await?;
        Ok(acting.commit().await.map_err(store::Error::from)?)
    }

    async fn give_back(&self) -> Result<(), ApiError> {
        let (tenant_id, signup_id, now) = (self.tenant_id, self.signup.signup_id, runtime::now());
        let is_finished = self.signup.next_step().is_none();
        let mut client = self.api.db.client().await?;
        let acting = acting_for(&mut client, tenant_id).await?;
        signups::give_back(&acting, tenant_id, signup_id, is_finished, now).await?;
        if let Some(connection_id) = self.signup.connection_id.filter(|_| is_finished) {
            let expires_at = self.found(Step::Inspect, "expires_at");
            connections::confirm(&acting, connection_id, expires_at).await?;
            connections::wake_waiting(&acting, connection_id, now).await?;
            self.audit(&acting, "signup.finished", json!({})).await?;
        }
        Ok(acting.commit().await.map_err(store::Error::from)?)
    }

    /// A line of the audit log about this signup.
    pub(super) async fn audit(
        &self,
        acting: &impl GenericClient,
        action: &str,
        detail: Value,
    ) -> Result<(), ApiError> {
        let signup_id = self.signup.signup_id.to_string();
        let (tenant_id, actor) = (self.tenant_id, self.actor);
        let entry = Entry { tenant_id, actor, action, subject: Some(&signup_id), detail };
        audit::write(acting, &entry, runtime::now()).await?;
        Ok(())
    }

    /// What an earlier step found under `key`.
    pub(super) fn found<T: serde::de::DeserializeOwned + Default>(
        &self,
        step: Step,
        key: &str,
    ) -> T {
        let result = self.signup.steps.iter().find(|result| result.step == step);
        let value = result.map(|result| result.detail[key].clone());
        value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
    }

    /// The connection that the exchanged code made, with its token.
    pub(super) async fn connection(&self) -> Result<(ConnectionId, SecretString), ApiError> {
        let connection_id = self.signup.connection_id.ok_or(ApiError::NoSuchSignup)?;
        let client = self.api.db.client().await?;
        let found = connections::find(&client, self.tenant_id, connection_id).await?;
        let connection = found.ok_or(ApiError::NoSuchSignup)?;
        let sealed = connection.sealed_token.unwrap_or_default();
        let token = connections::open_token(&self.api.vault, connection_id, &sealed)?;
        Ok((connection_id, token))
    }
}

/// The signup, and whether it is this caller's to work on.
async fn take(
    client: &mut Client,
    tenant_id: TenantId,
    signup_id: SignupId,
) -> Result<(Signup, bool), ApiError> {
    let acting = acting_for(client, tenant_id).await?;
    let is_ours = signups::take(&acting, tenant_id, signup_id, runtime::now()).await?;
    let signup = find(&acting, tenant_id, signup_id).await?;
    acting.commit().await.map_err(store::Error::from)?;
    Ok((signup, is_ours))
}

async fn find(
    client: &impl GenericClient,
    tenant_id: TenantId,
    signup_id: SignupId,
) -> Result<Signup, ApiError> {
    signups::find(client, tenant_id, signup_id).await?.ok_or(ApiError::NoSuchSignup)
}

/// Meta's refusal as the outcome of a step.
pub(super) fn refused(error: &ApiFailure) -> (Outcome, Value) {
    let detail = json!({"code": error.code, "subcode": error.subcode, "status": error.http_status});
    (failed(explain(error)), detail)
}

/// A step that failed for a known cause.
pub(super) fn failed(why: Explanation) -> Outcome {
    Outcome::Failed { cause: why.cause.into_owned(), remedy: why.remedy.into_owned() }
}
