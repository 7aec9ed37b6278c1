//! What is shown of WABAs and numbers.

use chrono::{DateTime, Utc};
use domain::ids::{PhoneNumberId, PortfolioId, WabaId};
use serde::Serialize;
use store::connections::{NumberAsset, WabaAsset};
use utoipa::ToSchema;

/// What lies under a connection, as Meta last told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetsView {
    /// The accounts. Where `granted` is false, the grant has lapsed: grant it again, then refresh.
    wabas: Vec<WabaView>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WabaView {
    /// Meta's id.
    #[schema(value_type = String)]
    waba_id: WabaId,
    /// What its owner calls it.
    name: Option<String>,
    /// The business portfolio whose messaging limit it shares.
    #[schema(value_type = Option<String>)]
    portfolio_id: Option<PortfolioId>,
    /// Unique recipients in 24 hours: a number or `unlimited`; null until Meta tells.
    tier: Option<String>,
    /// Whether Meta still lets the token at it.
    granted: bool,
    /// Since when the app hears of it; null: it does not, or that is not known.
    subscribed_at: Option<DateTime<Utc>>,
    /// Meta's review of the account.
    review_status: Option<String>,
    /// When it was last read from Meta.
    synced_at: Option<DateTime<Utc>>,
    /// Its numbers.
    numbers: Vec<NumberView>,
}

/// A number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberView {
    /// Meta's id: the `from` of messages.
    #[schema(value_type = String)]
    phone_number_id: PhoneNumberId,
    /// The number as Meta writes it.
    display_phone_number: Option<String>,
    /// The name that customers see.
    verified_name: Option<String>,
    /// Meta's word; only `CONNECTED` can send.
    status: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    quality_rating: Option<String>,
    /// Review of the name.
    name_status: Option<String>,
    /// Whether Meta still lists it.
    granted: bool,
    /// Messages per second that Meta allows it.
    messages_per_second: i32,
    /// Until when nothing is sent from it; null: it is not paused.
    paused_until: Option<DateTime<Utc>>,
    /// Why it is paused.
    paused_reason: Option<String>,
    /// When it was last read from Meta.
    synced_at: Option<DateTime<Utc>>,
}

impl AssetsView {
    pub(crate) fn new(wabas: Vec<WabaAsset>, numbers: &[NumberAsset]) -> Self {
        let of = |waba_id: &WabaId| -> Vec<NumberView> {
            let numbers = numbers.iter().filter(|number| number.waba_id == *waba_id);
            numbers.cloned().map(NumberView::from).collect()
        };
        let view = |waba: WabaAsset| WabaView {
            numbers: of(&waba.waba_id),
            waba_id: waba.waba_id,
            name: waba.name,
            portfolio_id: waba.portfolio_id,
            tier: waba.tier,
            granted: waba.granted,
            subscribed_at: waba.subscribed_at,
            review_status: waba.review_status,
            synced_at: waba.synced_at,
        };
        Self { wabas: wabas.into_iter().map(view).collect() }
    }
}

impl From<NumberAsset> for NumberView {
    fn from(row: NumberAsset) -> Self {
        Self {
            phone_number_id: row.phone_number_id,
            display_phone_number: row.display_phone_number,
            verified_name: row.verified_name,
            status: row.status,
            quality_rating: row.quality_rating,
            name_status: row.name_status,
            granted: row.granted,
            messages_per_second: row.messages_per_second,
            paused_until: row.paused_until,
            paused_reason: row.paused_reason,
            synced_at: row.synced_at,
        }
    }
}
