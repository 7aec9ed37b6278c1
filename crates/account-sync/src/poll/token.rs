//! What Meta says of the access token.

use backbone::persist;
use chrono::{DateTime, Utc};
use domain::ids::AppId;
use graph_api::client::App;
use graph_api::error::{AppRefusal, app_refusal, explain};
use graph_api::wire::{Expiry, TokenInfo};
use runtime::Stopped;
use secrecy::SecretString;
use store::connections::{self, Kind};
use store::sync::{self, TokenTold};
use store::{Transaction, app_secrets};

use super::pace::Outcome;
use super::turn::Turn;

const WRONG_SECRET: &str = "Meta knows no app with this App ID and App Secret.";
const OTHER_APP: &str = "The access token was made by another app.";

/// An app that may ask about its tokens.
struct OwnApp {
    app_id: AppId,
    app_secret: SecretString,
}

impl Turn<'_> {
    /// Asks Meta about the token, where the app's secret is known.
    pub(super) async fn ask_about_token(
        &mut self,
        token: &SecretString,
    ) -> Result<TokenTold, Stopped> {
        let Some(own) = self.own_app().await? else { return Ok(TokenTold::default()) };
        let graph = self.graph.clone();
        let app = App { app_id: &own.app_id, app_secret: &own.app_secret };
        let told = match self.wait_for("the token", graph.debug_token(app, token)).await {
            None => TokenTold::default(),
            Some(Ok(info)) => read(&info, &own.app_id),
            Some(Err(failure)) => {
                let app_problem = match app_refusal(&failure) {
                    Some(AppRefusal::WrongSecret) => Some(WRONG_SECRET),
                    Some(AppRefusal::OtherApp) => Some(OTHER_APP),
                    None => {
                        self.answers.failed(&failure);
                        None
                    }
                };
                TokenTold { app_problem: app_problem.map(str::to_owned), ..TokenTold::default() }
            }
        };
        Ok(match self.due.kind {
            Kind::OwnApp => told,
            // The operator's own settings are no trouble of a tenant's.
            Kind::Platform => TokenTold { app_problem: None, ..told },
        })
    }

    async fn own_app(&self) -> Result<Option<OwnApp>, Stopped> {
        let (backbone, config) = (&self.shared.backbone, &self.shared.config);
        match self.due.kind {
            Kind::Platform => {
                let platform = config.platform.clone();
                let known = platform.app_id.zip(platform.app_secret);
                Ok(known.map(|(app_id, app_secret)| OwnApp { app_id, app_secret }))
            }
            Kind::OwnApp => {
                let Some(app_id) = self.due.app_id.clone() else { return Ok(None) };
                let read = persist(&self.shared.stop, || async {
                    let client = backbone.db.client().await?;
                    app_secrets::current(&client, &backbone.vault, self.due.connection_id).await
                });
                // One that does not open is told by who verifies webhooks with it.
                let secret = read.await?.ok().flatten();
                Ok(secret.map(|app_secret| OwnApp { app_id, app_secret }))
            }
        }
    }

    /// Writes what is known of the token after everything was asked with it. One that was refused
    /// and works now lets go what waits for it.
    pub(super) async fn settle_token(
        &mut self,
        told: TokenTold,
        token: &SecretString,
        asked_at: DateTime<Utc>,
    ) -> Result<Outcome, Stopped> {
        let answers = &self.answers;
        let told = match &answers.token_refused {
            Some(failure) => {
                let problem = Some(explain(failure).cause.into_owned());
                TokenTold { valid: Some(false), problem, ..told }
            }
            None if told.valid.is_none() && answers.token_works => {
                TokenTold { valid: Some(true), ..told }
            }
            None => told,
        };
        let may_send = told.lacks.as_ref().is_none_or(Vec::is_empty) && !answers.out_of_reach;
        let works = told.valid == Some(true) && may_send;
        let backbone = &self.shared.backbone;
        let written = persist(&self.shared.stop, || async {
            let mut client = backbone.db.client().await?;
            let transaction = client.transaction().await?;
            self.put_token(&transaction, &told, works.then_some(token), asked_at).await?;
            Ok(transaction.commit().await?)
        });
        if let Err(error) = written.await? {
            self.cannot_store("the token", &error);
        }
        let outcome = self.answers.outcome();
        let is_refused = told.valid == Some(false) && outcome == Outcome::Done;
        Ok(if is_refused { Outcome::Refused } else { outcome })
    }

    async fn put_token(
        &self,
        transaction: &Transaction<'_>,
        told: &TokenTold,
        works: Option<&SecretString>,
        asked_at: DateTime<Utc>,
    ) -> store::Result<()> {
        let (tenant_id, connection_id) = (self.due.tenant_id, self.due.connection_id);
        let Some(sealed) = &self.due.sealed_token else { return Ok(()) };
        let locked = connections::lock(transaction, tenant_id, connection_id).await?;
        let is_same = |sealed_now: &Vec<u8>| sealed_now == sealed;
        let Some(connection) =
            locked.filter(|connection| connection.sealed_token.as_ref().is_some_and(is_same))
        else {
            // It has another token by now, of which nothing is known yet.
            return Ok(());
        };
        sync::put_token(transaction, connection_id, sealed, told, asked_at).await?;
        let now = runtime::now();
        let is_blocked = connection.blocked_until.is_some_and(|until| until > now);
        if let Some(token) = works.filter(|_| is_blocked) {
            let vault = &self.shared.backbone.vault;
            connections::revive(transaction, vault, connection_id, token).await?;
            let woken = connections::wake_waiting(transaction, connection_id, now).await?;
            tracing::info!(
                connection.id = %connection_id,
                woken,
                "Meta takes the token of connection {connection_id} again"
            );
        }
        Ok(())
    }
}

fn read(info: &TokenInfo, app_id: &AppId) -> TokenTold {
    let problem = info.failure().filter(|_| !info.is_valid);
    let ends = [info.expiry(), info.data_access_expiry()];
    let first = ends.into_iter().filter_map(|end| match end {
        Expiry::At(end) => Some(end),
        Expiry::Never | Expiry::Unknown => None,
    });
    let expires_at = match (first.min(), info.expiry()) {
        (Some(end), _) => Some(Some(end)),
        (None, Expiry::Never) => Some(None),
        (None, _) => None,
    };
    let is_other = info.app_id.as_deref().is_some_and(|told| told != app_id.as_str());
    TokenTold {
        valid: Some(info.is_valid),
        problem: problem.map(|failure| explain(&failure).cause.into_owned()),
        lacks: info.is_valid.then(|| info.lacks().into_iter().map(str::to_owned).collect()),
        issued_at: info.issued_at.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        expires_at,
        app_problem: is_other.then(|| OTHER_APP.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(info: &TokenInfo) -> TokenTold {
        read(info, &"4711".parse().unwrap())
    }

    #[test]
    fn a_token_ends_when_it_or_its_access_to_data_ends() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        for (expires, data, expected) in [
            (Some(0), Some(0), Some(None)),
            (Some(0), None, Some(None)),
            (Some(0), Some(200), Some(at(200))),
            (Some(100), Some(200), Some(at(100))),
            (None, None, None),
        ] {
            let info = TokenInfo {
                is_valid: true,
                expires_at: expires,
                data_access_expires_at: data,
                ..TokenInfo::default()
            };
            assert_eq!(told(&info).expires_at, expected, "{expires:?} {data:?}");
        }
    }

    #[test]
    fn of_an_invalid_token_nothing_is_told_of_what_it_may_do() {
        let invalid = told(&TokenInfo { app_id: Some("4711".into()), ..TokenInfo::default() });

        assert_eq!((invalid.valid, invalid.lacks, invalid.app_problem), (Some(false), None, None));
        let other = TokenInfo { app_id: Some("1".into()), is_valid: true, ..TokenInfo::default() };
        assert_eq!(told(&other).app_problem.as_deref(), Some(OTHER_APP));
        assert_eq!(told(&other).lacks.map(|lacks| lacks.len()), Some(2));
    }
}
