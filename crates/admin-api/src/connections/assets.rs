//! What a connection reaches, asked of Meta.

use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, WabaId};
use graph_api::client::GraphClient;
use graph_api::wire::PhoneNumber;
use secrecy::SecretString;
use serde_json::json;
use store::connections::{self, Attach, Attached, GrantedNumber, GrantedWaba, attach, refresh};
use store::{Transaction, acting_for};

use super::proof::{self, Doubt, Proof};
use super::refused::Refused;
use super::secrets::commit;
use super::{By, Connections};

impl Connections {
    /// Reads all accounts of a connection from Meta: numbers that are new are added, what is not
    /// granted any more is marked.
    ///
    /// # Errors
    /// `Missing`, `NoToken`; `Doubt` when Meta does not answer, or refuses the token itself.
    pub async fn refresh(&self, by: By, connection_id: ConnectionId) -> Result<(), Refused> {
        let standing = self.standing(by, connection_id).await?;
        let token = standing.token.ok_or(Refused::NoToken)?;
        let mut read = Vec::new();
        for waba in &standing.wabas {
            let account = proof::account(&standing.graph, &waba.waba_id, &token).await;
            match account {
                Ok(proof) => read.push((&waba.waba_id, Some(proof))),
                Err(doubt) if is_lapse(&doubt) => read.push((&waba.waba_id, None)),
                Err(doubt) => return Err(doubt.into()),
            }
        }
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        let (now, lapsed) =
            (runtime::now(), read.iter().filter(|(_, proof)| proof.is_none()).count());
        for (waba_id, proof) in &read {
            let granted = proof.as_ref().map(Granted::new);
            let granted = granted.as_ref().map(|granted| granted.row(by, connection_id));
            refresh(&transaction, waba_id, granted.as_ref(), now).await?;
        }
        store::sync::soon(&transaction, connection_id, now).await?;
        let detail = json!({ "wabas": read.len(), "lapsed": lapsed });
        by.note(&transaction, "connection.assets.refreshed", connection_id, detail).await?;
        commit(transaction).await
    }

    /// Makes sure that the app hears of an account. What goes wrong is seen by the diagnosis.
    pub(super) async fn subscribe(
        &self,
        by: By,
        graph: &GraphClient,
        waba_id: &WabaId,
        token: &SecretString,
    ) -> Result<(), Refused> {
        if let Err(failure) = graph.subscribe(waba_id, None, token).await {
            tracing::warn!(waba.id = %waba_id, error = %failure, "no subscription to {waba_id}");
            return Ok(());
        }
        let mut client = self.db.client().await?;
        let transaction = acting_for(&mut client, by.tenant_id).await?;
        connections::subscribed(&transaction, waba_id, Some(runtime::now())).await?;
        commit(transaction).await
    }
}

/// Whether it is about this account and not about the token as a whole.
pub(super) fn is_lapse(doubt: &Doubt) -> bool {
    matches!(doubt.kind, "unknown_object" | "no_permission")
}

/// Puts a claim under its connection, after Meta has borne it out, with all that Meta told.
pub(super) async fn put_under(
    transaction: &Transaction<'_>,
    by: By,
    connection_id: ConnectionId,
    phone_number_id: &PhoneNumberId,
    proof: &Proof,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let granted = Granted::new(proof);
    let wanted = Attach {
        tenant_id: by.tenant_id,
        connection_id,
        waba_id: &proof.waba_id,
        phone_number_id,
        portfolio_id: granted.portfolio_id.as_ref(),
        tier: None,
        messages_per_second: None,
    };
    match attach(transaction, &wanted, now).await? {
        Attached::Done => {}
        Attached::OtherTenant => return Err(Refused::Taken),
        Attached::OtherWaba => return Err(Refused::OtherWaba),
        Attached::OtherConnection(id) => return Err(Refused::OtherConnection(id)),
    }
    let granted = granted.row(by, connection_id);
    Ok(refresh(transaction, &proof.waba_id, Some(&granted), now).await?)
}

/// What Meta told, with its ids read.
pub(super) struct Granted<'a> {
    proof: &'a Proof,
    portfolio_id: Option<PortfolioId>,
    numbers: Vec<(PhoneNumberId, &'a PhoneNumber)>,
}

impl<'a> Granted<'a> {
    /// A number without a readable id is left out.
    pub(super) fn new(proof: &'a Proof) -> Self {
        let owner = proof.waba.owner_business_info.as_ref();
        let portfolio_id = owner.and_then(|owner| owner.id.as_deref()?.parse().ok());
        let numbers = proof.numbers.iter();
        let numbers =
            numbers.filter_map(|number| Some((number.id.as_deref()?.parse().ok()?, number)));
        Self { proof, portfolio_id, numbers: numbers.collect() }
    }

    pub(super) fn row(&self, by: By, connection_id: ConnectionId) -> GrantedWaba<'_> {
        GrantedWaba {
            tenant_id: by.tenant_id,
            connection_id,
            waba_id: &self.proof.waba_id,
            name: self.proof.waba.name.as_deref(),
            portfolio_id: self.portfolio_id.as_ref(),
            review_status: self.proof.waba.account_review_status.as_deref(),
            numbers: self.numbers.iter().map(|(id, number)| told(id, number)).collect(),
        }
    }
}

/// A number in the form in which it is stored.
pub(crate) fn told<'a>(
    phone_number_id: &'a PhoneNumberId,
    number: &'a PhoneNumber,
) -> GrantedNumber<'a> {
    GrantedNumber {
        phone_number_id,
        display_phone_number: number.display_phone_number.as_deref(),
        verified_name: number.verified_name.as_deref(),
        status: number.status.as_deref(),
        quality_rating: number.quality_rating.as_deref(),
        name_status: number.name_status.as_deref(),
        messages_per_second: number.messages_per_second(),
    }
}
