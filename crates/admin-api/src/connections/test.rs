//! The connection test: one look at a number with the stored token.

use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, PhoneNumberId, WabaId};
use serde_json::json;
use store::acting_for;
use store::connections::{self, NumberAsset, Status};

use super::assets::put_under;
use super::look::Standing;
use super::proof::{self, Doubt};
use super::refused::Refused;
use super::secrets::commit;
use super::{By, Connections};

/// What a test found, as it is kept.
#[derive(Clone, Debug)]
pub struct Report {
    /// When.
    pub tested_at: DateTime<Utc>,
    /// The number that Meta showed, or why it did not.
    pub outcome: Result<Tested, Doubt>,
}

/// A number as Meta shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Its id.
    pub phone_number_id: PhoneNumberId,
    /// The name that customers see.
    pub verified_name: Option<String>,
    /// The number as people write it.
    pub display_phone_number: Option<String>,
    /// Meta's word; only `CONNECTED` can send.
    pub status: Option<String>,
    /// When the token ends, where Meta told.
    token_expires_at: Option<DateTime<Utc>>,
}

impl Connections {
    /// Asks Meta for a number of the connection (`None`: its first) with its token, and keeps what
    /// came of it. A claim that Meta bears out is met. Success makes the connection `ACTIVE` and
    /// lifts its block; a refusal makes it need attention; silence changes neither.
    ///
    /// # Errors
    /// `Missing`, `NoNumber`, `Store`; `Doubt` when no call is left. What Meta refuses stands in the
    /// report.
    pub async fn test(
        &self,
        by: By,
        connection_id: ConnectionId,
        phone_number_id: Option<&PhoneNumberId>,
    ) -> Result<Report, Refused> {
        let standing = self.standing(by, connection_id).await?;
        let outcome = match self.look(by, &standing, phone_number_id).await {
            Ok(tested) => Ok(tested),
            // Nothing was asked, so nothing was found.
            Err(Refused::Doubt(doubt)) if doubt.retry_after.is_some() => return Err(doubt.into()),
            Err(Refused::Doubt(doubt)) => Err(doubt),
            Err(refused @ (Refused::Taken | Refused::OtherWaba | Refused::OtherConnection(_))) => {
                Err(taken(&refused))
            }
            Err(Refused::NoToken) => Err(no_token()),
            Err(other) => return Err(other),
        };
        let tested_at = runtime::now();
        self.keep(by, &standing, &outcome, tested_at).await?;
        Ok(Report { tested_at, outcome })
    }

    async fn look(
        &self,
        by: By,
        standing: &Standing,
        phone_number_id: Option<&PhoneNumberId>,
    ) -> Result<Tested, Refused> {
        let connection = &standing.connection;
        let token = standing.token.as_ref().ok_or(Refused::NoToken)?;
        let token_expires_at = match &standing.own {
            Some(own) => proof::token(&standing.graph, own, token).await?,
            None => None,
        };
        if let (Some(waba_id), Some(number)) =
            (&connection.claimed_waba_id, &connection.claimed_phone_number_id)
        {
            let proof = proof::number(&standing.graph, waba_id, number, token).await?;
            let connection_id = connection.connection_id;
            let mut client = self.db.client().await?;
            let transaction = acting_for(&mut client, by.tenant_id).await?;
            let now = runtime::now();
            put_under(&transaction, by, connection_id, number, &proof, now).await?;
            connections::confirm(&transaction, connection_id, token_expires_at).await?;
            let detail = json!({ "waba_id": waba_id, "phone_number_id": number });
            by.note(&transaction, "connection.confirmed", connection_id, detail).await?;
            commit(transaction).await?;
            drop(client);
            self.subscribe(by, &standing.graph, waba_id, token).await?;
        }
        let claimed = connection.claimed_waba_id.as_ref();
        let claimed = claimed.zip(connection.claimed_phone_number_id.as_ref());
        let number = which(&standing.numbers, phone_number_id).or(claimed);
        let (waba_id, number) = number.ok_or(Refused::NoNumber)?;
        let told = standing.graph.phone_number(waba_id, number, token).await;
        let told = told.map_err(|failure| Doubt::of(&failure, "/phone_number_id"))?;
        Ok(Tested {
            phone_number_id: number.clone(),
            verified_name: told.verified_name,
            display_phone_number: told.display_phone_number,
            status: told.status,
            token_expires_at,
        })
    }

    async fn keep(
        &self,
        by: By,
        standing: &Standing,
        outcome: &Result<Tested, Doubt>,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let connection_id = standing.connection.connection_id;
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        let locked = connections::lock(&transaction, by.tenant_id, connection_id).await?;
        let connection = locked.ok_or(Refused::Missing)?;
        let (status, words) = match outcome {
            Ok(tested) => ("ok", words(tested)),
            Err(doubt) => (doubt.kind, doubt.to_string()),
        };
        connections::tested(&transaction, connection_id, status, &words, now).await?;
        // A token that was replaced during the test is not judged by it.
        if connection.sealed_token == standing.connection.sealed_token {
            match outcome {
                Ok(tested) if connection.status != Status::Disconnected => {
                    let expires_at = tested.token_expires_at;
                    connections::confirm(&transaction, connection_id, expires_at).await?;
                    connections::wake_waiting(&transaction, connection_id, now).await?;
                }
                Err(doubt) if !doubt.is_silence() => {
                    connections::needs_attention(&transaction, connection_id, &words).await?;
                }
                Ok(_) | Err(_) => {}
            }
        }
        let detail = json!({ "ok": outcome.is_ok(), "status": status });
        by.note(&transaction, "connection.tested", connection_id, detail).await?;
        commit(transaction).await
    }
}

fn words(tested: &Tested) -> String {
    let name = tested.verified_name.as_deref().unwrap_or("a number without a name");
    let number = tested.display_phone_number.as_deref().unwrap_or("not told");
    let status = tested.status.as_deref().unwrap_or("not told");
    format!("{name}, {number}, status {status}")
}

/// The number that is named, or the first that is granted, or the first; with its account.
fn which<'a>(
    numbers: &'a [NumberAsset],
    named: Option<&PhoneNumberId>,
) -> Option<(&'a WabaId, &'a PhoneNumberId)> {
    let found = match named {
        Some(named) => numbers.iter().find(|number| number.phone_number_id == *named),
        None => numbers.iter().find(|number| number.granted).or(numbers.first()),
    };
    found.map(|number| (&number.waba_id, &number.phone_number_id))
}

fn taken(refused: &Refused) -> Doubt {
    Doubt {
        kind: "taken",
        pointer: "/waba_id",
        cause: "Meta bears it out, but it cannot lie under this connection.".to_owned(),
        remedy: format!("{refused}."),
        retry_after: None,
    }
}

fn no_token() -> Doubt {
    Doubt {
        kind: "no_token",
        pointer: "/access_token",
        cause: "The connection has no access token that can be opened.".to_owned(),
        remedy: "Give it one; that also connects it again.".to_owned(),
        retry_after: None,
    }
}
