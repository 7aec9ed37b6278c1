//! Another access token.

use domain::ids::ConnectionId;
use serde_json::json;
use store::acting_for;
use store::connections::{self, Connection, fingerprint, refresh};

use super::assets::{Granted, is_lapse, put_under};
use super::look::Standing;
use super::proof::{self, Doubt, Proof};
use super::refused::Refused;
use super::secrets::commit;
use super::words::AccessToken;
use super::{By, Connections};

impl Connections {
    /// Gives a connection another access token, after Meta has said that it reaches what lies under
    /// the connection, or what that claims. It becomes `ACTIVE`, also one that was disconnected, and
    /// what waits is sent.
    ///
    /// # Errors
    /// `Missing`; `Doubt` when Meta refuses the token or does not answer, and then nothing was
    /// changed; `Taken` and its like when a claim cannot be met; `Store`.
    pub async fn set_token(
        &self,
        by: By,
        connection_id: ConnectionId,
        access_token: &AccessToken,
    ) -> Result<(), Refused> {
        let token = access_token.secret();
        let standing = self.standing(by, connection_id).await?;
        let expires_at = match &standing.own {
            Some(own) => proof::token(&standing.graph, own, token).await?,
            None => None,
        };
        let read = self.reach(&standing, access_token).await?;

        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        let locked = connections::lock(&transaction, by.tenant_id, connection_id).await?;
        let connection = locked.ok_or(Refused::Missing)?;
        let now = runtime::now();
        for reached in &read {
            match (&reached.proof, &connection.claimed_phone_number_id) {
                (Ok(proof), Some(number)) if is_claim(&connection, proof) => {
                    put_under(&transaction, by, connection_id, number, proof, now).await?;
                }
                (proof, _) => {
                    let granted = proof.as_ref().ok().map(Granted::new);
                    let row = granted.as_ref().map(|granted| granted.row(by, connection_id));
                    refresh(&transaction, &reached.waba_id, row.as_ref(), now).await?;
                }
            }
        }
        let vault = &self.vault;
        connections::set_token(&transaction, vault, connection_id, token, expires_at, now).await?;
        connections::wake_waiting(&transaction, connection_id, now).await?;
        let detail = json!({ "token_fingerprint": fingerprint(token) });
        by.note(&transaction, "connection.access_token.replaced", connection_id, detail).await?;
        commit(transaction).await?;
        drop(client);
        for reached in read.iter().filter(|reached| reached.proof.is_ok()) {
            self.subscribe(by, &standing.graph, &reached.waba_id, token).await?;
        }
        Ok(())
    }

    /// What of a connection's accounts a token reaches; at least one.
    async fn reach(
        &self,
        standing: &Standing,
        access_token: &AccessToken,
    ) -> Result<Vec<Reached>, Doubt> {
        let token = access_token.secret();
        let connection = &standing.connection;
        if let (Some(waba_id), Some(number)) =
            (&connection.claimed_waba_id, &connection.claimed_phone_number_id)
        {
            let proof = proof::number(&standing.graph, waba_id, number, token).await?;
            return Ok(vec![Reached { waba_id: waba_id.clone(), proof: Ok(proof) }]);
        }
        let mut read = Vec::new();
        for waba in &standing.wabas {
            let proof = proof::account(&standing.graph, &waba.waba_id, token).await;
            match proof {
                Err(doubt) if !is_lapse(&doubt) => return Err(doubt),
                proof => read.push(Reached { waba_id: waba.waba_id.clone(), proof }),
            }
        }
        if read.iter().any(|reached| reached.proof.is_ok()) {
            return Ok(read);
        }
        match read.into_iter().next() {
            Some(Reached { proof: Err(doubt), .. }) => Err(Doubt { pointer: TOKEN, ..doubt }),
            Some(Reached { proof: Ok(_), .. }) | None => Ok(Vec::new()),
        }
    }
}

const TOKEN: &str = "/access_token";

/// An account, and whether the token reaches it.
struct Reached {
    waba_id: domain::ids::WabaId,
    proof: Result<Proof, Doubt>,
}

fn is_claim(connection: &Connection, proof: &Proof) -> bool {
    connection.claimed_waba_id.as_ref() == Some(&proof.waba_id)
}
