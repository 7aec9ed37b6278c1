//! Who is asked before a management call, and told what Meta said of the limits.
//!
//! Every management call passes [`GraphClient::reserve`], whoever makes it. Sends, receipts and media
//! do not: Meta counts them otherwise.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use domain::ids::{AppId, WabaId};
use domain::management::{Subject, Told, UsedUp};

use super::transport::Answer;
use super::{GraphClient, failure_of};
use crate::error::ApiFailure;

/// What comes later.
type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The limit on management calls, whoever keeps it. The keeper stands beside this crate and not
/// below it, hence the trait.
pub trait CallLimit: fmt::Debug + Send + Sync {
    /// Takes the place of one call.
    ///
    /// The error says after which time it is worth to ask again.
    fn reserve<'a>(&'a self, subject: &'a Subject) -> Later<'a, Result<(), UsedUp>>;

    /// Notes what Meta has said about limits.
    fn told<'a>(&'a self, subject: &'a Subject, told: Told) -> Later<'a, ()>;
}

/// For what a call counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counts<'a> {
    /// For the client's app on this account.
    Waba(&'a WabaId),
    /// For this app alone.
    App(&'a AppId),
    /// It is no management call.
    Nothing,
}

impl GraphClient {
    /// The same pool, with every management call asked for at `limit`. Without one, nobody counts.
    #[must_use]
    pub fn limited_by(self, limit: Arc<dyn CallLimit>) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The same pool, whose calls carry tokens of this app, and so count for it.
    #[must_use]
    pub fn of_app(&self, app_id: &AppId) -> Self {
        Self { app_id: Some(app_id.clone()), ..self.clone() }
    }

    /// For whom a call counts; `None`: for nobody.
    pub(super) fn subject(&self, counts: Counts<'_>) -> Option<Subject> {
        match counts {
            Counts::Waba(waba_id) => {
                Some(Subject { app_id: self.app_id.clone(), waba_id: Some(waba_id.clone()) })
            }
            Counts::App(app_id) => Some(Subject { app_id: Some(app_id.clone()), waba_id: None }),
            Counts::Nothing => None,
        }
    }

    /// Takes the place of one call, or refuses it as Meta would.
    pub(super) async fn reserve(&self, subject: Option<&Subject>) -> Result<(), ApiFailure> {
        let (Some(limit), Some(subject)) = (&self.limit, subject) else { return Ok(()) };
        limit.reserve(subject).await.map_err(ApiFailure::used_up)
    }

    /// Tells what an answer said.
    pub(super) async fn tell_limit(&self, subject: Option<&Subject>, told: Told) {
        if let (Some(limit), Some(subject)) = (&self.limit, subject)
            && !told.is_empty()
        {
            limit.told(subject, told).await;
        }
    }
}

impl Answer {
    /// What it says of the limits.
    pub(super) fn told(&self, subject: Option<&Subject>) -> Told {
        let Some(subject) = subject else { return Told::default() };
        let code = if self.is_success() { None } else { failure_of(self, &[]).code };
        self.usage.read(subject.waba_id.as_ref(), code)
    }
}
