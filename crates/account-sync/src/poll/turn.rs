//! One connection, asked about from its token to its last template.

use std::collections::BTreeMap;

use backbone::persist;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use graph_api::client::GraphClient;
use graph_api::error::ApiFailure;
use runtime::Stopped;
use store::connections::{Kind, open_token};
use store::sync::Due;

use super::answers::Answers;
use super::pace::Outcome;
use super::row::Row;
use super::words::Asked;
use super::{LEASE, Shared};
use crate::apply::put;
use crate::map::Part;

/// One turn of a connection.
pub(super) struct Turn<'a> {
    pub(super) shared: &'a Shared,
    pub(super) due: &'a Due,
    /// With the app for which the connection's calls count.
    pub(super) graph: GraphClient,
    pub(super) answers: Answers,
}

impl<'a> Turn<'a> {
    pub(super) fn new(shared: &'a Shared, due: &'a Due) -> Self {
        let graph = match (due.kind, &due.app_id) {
            (Kind::OwnApp, Some(app_id)) => shared.graph.of_app(app_id),
            (Kind::OwnApp | Kind::Platform, _) => shared.graph.clone(),
        };
        Self { shared, due, graph, answers: Answers::default() }
    }

    /// Asks everything; what has been answered is written at once. One part that Meta refuses leaves
    /// the others.
    pub(super) async fn take(mut self) -> Outcome {
        match self.ask().await {
            Ok(outcome) => outcome,
            Err(Stopped(_)) => Outcome::Stopped,
        }
    }

    async fn ask(&mut self) -> Result<Outcome, Stopped> {
        let (connection_id, vault) = (self.due.connection_id, &self.shared.backbone.vault);
        let sealed = self.due.sealed_token.as_deref();
        let token = sealed.and_then(|sealed| open_token(vault, connection_id, sealed).ok());
        let Some(token) = token else { return Ok(Outcome::Refused) };
        let asked_at = self.asked_at();
        let about_token = self.ask_about_token(&token).await?;
        if about_token.valid != Some(false) {
            for waba_id in &self.due.waba_ids {
                self.answers.next_account();
                self.ask_about_account(waba_id, &token).await?;
            }
        }
        self.settle_token(about_token, &token, asked_at).await
    }

    /// Now, as Meta tells time: in whole seconds. So a webhook of this very second is not taken for
    /// older than an answer that was asked for within it.
    pub(super) fn asked_at(&self) -> DateTime<Utc> {
        runtime::now().trunc_subsecs(0)
    }

    /// Makes a call with the access token, unless the turn is over; `None` without an answer.
    pub(super) async fn call<T>(
        &mut self,
        what: &'static str,
        call: impl Future<Output = Result<T, ApiFailure>>,
    ) -> Option<Result<T, ApiFailure>> {
        let answer = self.wait_for(what, call).await?;
        self.answers.note(&answer);
        Some(answer)
    }

    /// As [`Turn::call`], with other credentials.
    pub(super) async fn wait_for<T>(
        &mut self,
        what: &'static str,
        call: impl Future<Output = Result<T, ApiFailure>>,
    ) -> Option<Result<T, ApiFailure>> {
        if self.answers.are_over() {
            return None;
        }
        let timeout = TimeDelta::from_std(self.shared.config.graph.timeout);
        let ends = self.due.begun_at + LEASE - timeout.unwrap_or(TimeDelta::zero());
        if runtime::now() > ends {
            self.answers.cut(false);
            return None;
        }
        let Some(answer) = self.shared.stop.until(call).await else {
            self.answers.cut(true);
            return None;
        };
        if let Err(failure) = &answer {
            let connection_id = self.due.connection_id;
            tracing::info!(
                connection.id = %connection_id,
                what,
                error = %failure,
                "Meta did not tell {what} of connection {connection_id}"
            );
        }
        Some(answer)
    }

    /// Writes an answer; while the database is away it waits.
    pub(super) async fn write(&self, asked: &Asked, row: Row) -> Result<(), Stopped> {
        let backbone = &self.shared.backbone;
        let written = persist(&self.shared.stop, || {
            row.write(backbone, asked.connection_id, &asked.waba_id, asked.at)
        });
        if let Err(error) = written.await? {
            self.cannot_store(row.what(), &error);
        }
        Ok(())
    }

    /// Writes words, the last part first.
    pub(super) async fn put(&self, what: &'static str, parts: Vec<Part>) -> Result<(), Stopped> {
        let (backbone, stop) = (&self.shared.backbone, &self.shared.stop);
        let parts = parts.into_iter().filter(|part| part.len() > 0).collect();
        let applied = put(backbone, parts, &BTreeMap::new(), stop).await?;
        for error in &applied.refused {
            self.cannot_store(what, error);
        }
        Ok(())
    }

    pub(super) fn cannot_store(&self, what: &'static str, error: &store::Error) {
        let connection_id = self.due.connection_id;
        self.shared.metrics.poison.add(1, &[]);
        tracing::error!(
            connection.id = %connection_id,
            what,
            error = backbone::chain(error),
            "what Meta told of {what} of connection {connection_id} cannot be stored"
        );
    }
}
