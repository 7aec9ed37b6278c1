//! Answers that stand in rows as they came, beside the words that webhooks tell too.

use backbone::Backbone;
use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, PhoneNumberId, WabaId};
use store::sync::{self, AccountTold, Health, NumberTold};
use store::templates;

/// One answer about an account.
pub(super) enum Row {
    /// The account itself.
    Account(AccountTold),
    /// All its numbers.
    Numbers(Vec<NumberTold>),
    /// Whether our app hears of it.
    Subscribed(bool),
    /// Whether it can send.
    Health(Health),
    /// Whether one of its numbers can.
    NumberHealth(PhoneNumberId, Health),
    /// The ids and parameter formats of all its templates.
    Templates(Vec<(String, Option<String>)>),
}

impl Row {
    /// What it is about, for a log line.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Account(_) => "an account",
            Self::Numbers(_) => "the numbers",
            Self::Subscribed(_) => "who hears",
            Self::Health(_) | Self::NumberHealth(..) => "health",
            Self::Templates(_) => "the templates",
        }
    }

    /// Writes it.
    pub(super) async fn write(
        &self,
        backbone: &Backbone,
        connection_id: ConnectionId,
        waba_id: &WabaId,
        asked_at: DateTime<Utc>,
    ) -> store::Result<()> {
        let client = &backbone.db.client().await?;
        match self {
            Self::Account(told) => {
                sync::put_account(client, connection_id, waba_id, told, asked_at).await
            }
            Self::Numbers(told) => {
                sync::put_numbers(client, connection_id, waba_id, told, asked_at).await
            }
            Self::Subscribed(subscribed) => {
                sync::put_subscribed(client, connection_id, waba_id, *subscribed, asked_at).await
            }
            Self::Health(health) => sync::put_health(client, connection_id, waba_id, health).await,
            Self::NumberHealth(number, health) => {
                sync::put_number_health(client, connection_id, number, health).await
            }
            Self::Templates(listed) => {
                templates::put_all(client, connection_id, waba_id, listed, asked_at).await
            }
        }
    }
}
