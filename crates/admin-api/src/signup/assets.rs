//! The accounts and numbers that a token reaches, read from Meta and stored.

use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, WabaId};
use graph_api::error::Explanation;
use graph_api::wire::{PhoneNumber, Waba};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::connections::{self, Attach, Attached, GrantedWaba, Kind};
use store::signups::{Outcome, Step};
use store::{GenericClient, acting_for};

use crate::connections::told;

use super::run::{Run, Taken, failed, refused};

/// The most accounts that one signup connects.
const MOST: usize = 50;

/// An account as Meta tells of it.
struct Told {
    waba_id: WabaId,
    waba: Waba,
    numbers: Vec<(PhoneNumberId, PhoneNumber)>,
}

impl Run<'_> {
    /// Reads every account that was granted, with its numbers, and puts them under the connection.
    pub(super) async fn assets(&mut self) -> Taken {
        let (_, token) = self.connection().await?;
        let wabas = self.granted_wabas();
        if wabas.is_empty() {
            return Ok((failed(NONE_NAMED), json!({})));
        }
        let mut all = Vec::with_capacity(wabas.len());
        for waba_id in wabas {
            match self.read(&waba_id, &token).await {
                Ok(told) => all.push(told),
                Err((outcome, mut detail)) => {
                    detail["waba_id"] = json!(waba_id);
                    return Ok((outcome, detail));
                }
            }
        }
        self.store(&all).await
    }

    /// What the inspection found; where Meta grants all that the owner has, the account that the
    /// browser names, which is proved by reading it with the token.
    fn granted_wabas(&self) -> Vec<WabaId> {
        let inspected = self.signup.steps.iter().find(|result| result.step == Step::Inspect);
        let listed = inspected.map(|result| &result.detail["waba_ids"]).and_then(Value::as_array);
        let named = || self.signup.session["waba_id"].as_str().into_iter().collect();
        let ids: Vec<&str> =
            listed.map_or_else(named, |ids| ids.iter().filter_map(Value::as_str).collect());
        ids.into_iter().filter_map(|id| id.parse().ok()).take(MOST).collect()
    }

    async fn read(&self, waba_id: &WabaId, token: &SecretString) -> Result<Told, (Outcome, Value)> {
        let graph = &self.api.graph;
        let waba = graph.waba(waba_id, token).await.map_err(|error| refused(&error))?;
        let numbers = graph.phone_numbers(waba_id, token).await.map_err(|error| refused(&error))?;
        let with_id = |number: PhoneNumber| Some((number.id.as_ref()?.parse().ok()?, number));
        let numbers = numbers.into_iter().filter_map(with_id).collect();
        Ok(Told { waba_id: waba_id.clone(), waba, numbers })
    }

    async fn store(&self, all: &[Told]) -> Taken {
        let (connection_id, _) = self.connection().await?;
        let (tenant_id, now) = (self.tenant_id, runtime::now());
        let mut client = self.api.db.client().await?;
        let acting = acting_for(&mut client, tenant_id).await?;
        for told in all {
            let portfolio_id = told.portfolio_id();
            for (phone_number_id, _) in &told.numbers {
                let wanted = Attach {
                    tenant_id,
                    connection_id,
                    waba_id: &told.waba_id,
                    phone_number_id,
                    portfolio_id: portfolio_id.as_ref(),
                    tier: None,
                    messages_per_second: None,
                };
                if let Some(why) = refusal(attach(&acting, &wanted, now).await?) {
                    let ids = (&told.waba_id, phone_number_id);
                    let detail = json!({"waba_id": ids.0, "phone_number_id": ids.1});
                    return Ok((failed(why), detail));
                }
            }
            let granted = told.granted(&portfolio_id, self, connection_id);
            connections::refresh(&acting, &told.waba_id, Some(&granted), now).await?;
        }
        let detail = found(all);
        self.audit(&acting, "signup.assets", detail.clone()).await?;
        acting.commit().await.map_err(store::Error::from)?;
        Ok((Outcome::Done, detail))
    }
}

impl Told {
    fn portfolio_id(&self) -> Option<PortfolioId> {
        self.waba.owner_business_info.as_ref()?.id.as_ref()?.parse().ok()
    }

    fn granted<'a>(
        &'a self,
        portfolio_id: &'a Option<PortfolioId>,
        run: &Run<'_>,
        connection_id: ConnectionId,
    ) -> GrantedWaba<'a> {
        GrantedWaba {
            tenant_id: run.tenant_id,
            connection_id,
            waba_id: &self.waba_id,
            name: self.waba.name.as_deref(),
            portfolio_id: portfolio_id.as_ref(),
            review_status: self.waba.account_review_status.as_deref(),
            numbers: self.numbers.iter().map(|(id, number)| told(id, number)).collect(),
        }
    }
}

/// What the later steps and the reader of the signup need.
fn found(all: &[Told]) -> Value {
    let numbers = || all.iter().flat_map(|told| &told.numbers);
    let is_connected = |number: &PhoneNumber| number.status.as_deref() == Some("CONNECTED");
    let unregistered: Vec<_> =
        numbers().filter(|(_, number)| !is_connected(number)).map(|(id, _)| id).collect();
    json!({
        "waba_ids": all.iter().map(|told| &told.waba_id).collect::<Vec<_>>(),
        "phone_number_ids": numbers().map(|(id, _)| id).collect::<Vec<_>>(),
        "unregistered": unregistered,
    })
}

/// Puts an account under the connection, also when an earlier signup had connected it.
async fn attach(
    acting: &impl GenericClient,
    wanted: &Attach<'_>,
    now: DateTime<Utc>,
) -> store::Result<Attached> {
    let attached = connections::attach(acting, wanted, now).await?;
    let Attached::OtherConnection(other) = attached else { return Ok(attached) };
    let found = connections::find(acting, wanted.tenant_id, other).await?;
    if found.is_none_or(|found| found.kind != Kind::Platform) {
        return Ok(attached);
    }
    connections::take_over(acting, wanted.waba_id, other, wanted.connection_id).await?;
    connections::attach(acting, wanted, now).await
}

fn refusal(attached: Attached) -> Option<Explanation> {
    let (cause, remedy) = match attached {
        Attached::Done => return None,
        Attached::OtherTenant => (
            "The account or its number is connected elsewhere in this installation.",
            "Disconnect it there first, or ask the operator of this installation.",
        ),
        Attached::OtherWaba => (
            "The number is known under another account.",
            "Ask the operator of this installation to remove it there first.",
        ),
        Attached::OtherConnection(_) => (
            "The account is connected with an app of your own.",
            "Disconnect that connection first, then resume this signup.",
        ),
    };
    Some(Explanation { cause: cause.into(), remedy: remedy.into() })
}

const NONE_NAMED: Explanation = Explanation {
    cause: std::borrow::Cow::Borrowed("Neither Meta nor the overlay names an account."),
    remedy: std::borrow::Cow::Borrowed("Run the signup again and choose the account to connect."),
};
