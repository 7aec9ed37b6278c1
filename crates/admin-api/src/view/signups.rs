//! Signups as callers see them.

use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, SignupId};
use serde::Serialize;
use serde_json::Value;
use store::signups::{Outcome, Signup, Step, StepResult};
use utoipa::ToSchema;

use crate::signup::Platform;

/// What a page needs to open the overlay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignupSettings {
    /// Meta's id of the platform's app.
    #[schema(example = "670843887433847")]
    app_id: String,
    /// The configuration of Facebook Login for Business; null when the operator has set none.
    config_id: Option<String>,
    /// The version of the Graph API that is spoken here.
    #[schema(example = "v25.0")]
    graph_version: String,
}

impl SignupSettings {
    pub(crate) fn new(platform: &Platform, graph_version: &str) -> Self {
        Self {
            app_id: platform.app_id.to_string(),
            config_id: platform.config_id.clone(),
            graph_version: graph_version.to_owned(),
        }
    }
}

/// What the browser got when the overlay closed.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used; the body is read field by field")]
pub(crate) struct SignupRequest {
    /// What `FB.login` answered. Required, unless the overlay was left.
    code: Option<String>,
    /// The message of the overlay as it came; what it says is not trusted.
    session_info: Option<SessionInfo>,
    /// The PIN to register the number with, if it has one; else one is made.
    #[schema(pattern = "^[0-9]{6}$")]
    pin: Option<String>,
}

/// The message of the overlay, `WA_EMBEDDED_SIGNUP`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used; the body is read field by field")]
pub(crate) struct SessionInfo {
    /// How the overlay ended.
    #[schema(example = "FINISH")]
    event: String,
    /// What it reported.
    #[schema(value_type = Object)]
    data: Option<Value>,
}

/// What a person adds to a step that failed.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used; the body is read field by field")]
pub(crate) struct SignupResume {
    /// A new code.
    code: Option<String>,
    /// The number's own PIN.
    #[schema(pattern = "^[0-9]{6}$")]
    pin: Option<String>,
}

/// A page of signups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignupList {
    /// The signups, newest first.
    pub(crate) data: Vec<SignupView>,
    /// For the next page; null on the last.
    pub(crate) next: Option<String>,
}

/// A run of the overlay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignupView {
    /// Its id.
    #[schema(value_type = Uuid)]
    signup_id: SignupId,
    /// The connection it made; null: the code was not exchanged.
    #[schema(value_type = Option<Uuid>)]
    connection_id: Option<ConnectionId>,
    /// How the overlay ended, in Meta's word.
    #[schema(example = "FINISH")]
    event: String,
    /// What the browser reported; for CANCEL the step at which it was left.
    #[schema(value_type = Object)]
    session: Value,
    /// `unfinished`: resume it; `finished`; `abandoned`: it was left in the overlay.
    #[schema(example = "finished")]
    state: String,
    /// The step that is to be taken next; null: none.
    next_step: Option<&'static str>,
    /// What came of the steps that were tried.
    steps: Vec<StepView>,
    /// When it came.
    created_at: DateTime<Utc>,
}

/// A step that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepView {
    /// exchange, inspect, assets, subscribe or register.
    #[schema(example = "subscribe")]
    step: &'static str,
    /// done, skipped or failed.
    #[schema(example = "done")]
    outcome: &'static str,
    /// Why it failed or was skipped; null: it is done.
    cause: Option<String>,
    /// What to do; null: nothing.
    remedy: Option<String>,
    /// What it found.
    #[schema(value_type = Object)]
    detail: Value,
    /// How often it was tried.
    tries: i32,
    /// When, the last time.
    at: DateTime<Utc>,
}

impl From<Signup> for SignupView {
    fn from(signup: Signup) -> Self {
        let next_step = signup.next_step().filter(|_| signup.state == "unfinished");
        Self {
            signup_id: signup.signup_id,
            connection_id: signup.connection_id,
            next_step: next_step.map(Step::as_str),
            event: signup.event,
            session: signup.session,
            state: signup.state,
            steps: signup.steps.into_iter().map(StepView::from).collect(),
            created_at: signup.created_at,
        }
    }
}

impl From<StepResult> for StepView {
    fn from(result: StepResult) -> Self {
        let outcome = result.outcome.as_str();
        let (cause, remedy) = match result.outcome {
            Outcome::Done => (None, None),
            Outcome::Skipped(why) => (Some(why), None),
            Outcome::Failed { cause, remedy } => (Some(cause), Some(remedy)),
        };
        let StepResult { step, detail, tries, at, .. } = result;
        Self { step: step.as_str(), outcome, cause, remedy, detail, tries, at }
    }
}
