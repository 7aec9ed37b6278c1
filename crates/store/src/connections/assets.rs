//! What a connection reaches: WABAs and numbers, as Meta last told.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, WabaId};
use tokio_postgres::Row;

use crate::{Error, Result};

/// A WABA as its row holds it.
#[derive(Clone, Debug)]
pub struct WabaAsset {
    /// Meta's id.
    pub waba_id: WabaId,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The portfolio whose messaging limit it shares.
    pub portfolio_id: Option<PortfolioId>,
    /// Unique recipients in 24 hours: a number or `unlimited`.
    pub tier: Option<String>,
    /// Whether Meta still lets our token at it.
    pub granted: bool,
    /// Since when the app hears of it.
    pub subscribed_at: Option<DateTime<Utc>>,
    /// Meta's review of the account.
    pub review_status: Option<String>,
    /// When it was last read from Meta.
    pub synced_at: Option<DateTime<Utc>>,
}

/// A number as its row holds it.
#[derive(Clone, Debug)]
pub struct NumberAsset {
    /// Meta's id.
    pub phone_number_id: PhoneNumberId,
    /// Its account.
    pub waba_id: WabaId,
    /// The business number as Meta writes it.
    pub display_phone_number: Option<String>,
    /// The name that customers see.
    pub verified_name: Option<String>,
    /// Meta's word; `CONNECTED` is the only one that can send.
    pub status: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality_rating: Option<String>,
    /// Review of the name.
    pub name_status: Option<String>,
    /// Whether Meta still lists it.
    pub granted: bool,
    /// Messages per second that Meta allows it.
    pub messages_per_second: i32,
    /// Until when nothing is sent from it.
    pub paused_until: Option<DateTime<Utc>>,
    /// Why it is paused.
    pub paused_reason: Option<String>,
    /// When it was last read from Meta.
    pub synced_at: Option<DateTime<Utc>>,
}

/// All that lies under a connection, in the order of their ids.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn assets(
    client: &impl GenericClient,
    connection_id: ConnectionId,
) -> Result<(Vec<WabaAsset>, Vec<NumberAsset>)> {
    let wabas = client
        .prepare_cached(
            "-- connections::assets: wabas
             SELECT * FROM wabas WHERE connection_id = $1 ORDER BY waba_id",
        )
        .await?;
    let numbers = client
        .prepare_cached(
            "-- connections::assets: numbers
             SELECT * FROM phone_numbers WHERE connection_id = $1 ORDER BY phone_number_id",
        )
        .await?;
    let id = connection_id.as_uuid();
    let wabas = client.query(&wabas, &[&id]).await?;
    let numbers = client.query(&numbers, &[&id]).await?;
    let wabas = wabas.iter().map(read_waba).collect::<Result<_>>()?;
    Ok((wabas, numbers.iter().map(read_number).collect::<Result<_>>()?))
}

fn read_waba(row: &Row) -> Result<WabaAsset> {
    let corrupt = |column| Error::Corrupt { table: "wabas", column };
    let portfolio_id: Option<&str> = row.get("portfolio_id");
    Ok(WabaAsset {
        waba_id: row.get::<_, &str>("waba_id").parse().map_err(|_| corrupt("waba_id"))?,
        name: row.get("name"),
        portfolio_id: portfolio_id
            .map(|id| id.parse().map_err(|_| corrupt("portfolio_id")))
            .transpose()?,
        tier: row.get("tier"),
        granted: row.get("granted"),
        subscribed_at: row.get("subscribed_at"),
        review_status: row.get("review_status"),
        synced_at: row.get("synced_at"),
    })
}

fn read_number(row: &Row) -> Result<NumberAsset> {
    let corrupt = |column| Error::Corrupt { table: "phone_numbers", column };
    let number: &str = row.get("phone_number_id");
    Ok(NumberAsset {
        phone_number_id: number.parse().map_err(|_| corrupt("phone_number_id"))?,
        waba_id: row.get::<_, &str>("waba_id").parse().map_err(|_| corrupt("waba_id"))?,
        display_phone_number: row.get("display_phone_number"),
        verified_name: row.get("verified_name"),
        status: row.get("status"),
        quality_rating: row.get("quality_rating"),
        name_status: row.get("name_status"),
        granted: row.get("granted"),
        messages_per_second: row.get("messages_per_second"),
        paused_until: row.get("paused_until"),
        paused_reason: row.get("paused_reason"),
        synced_at: row.get("synced_at"),
    })
}
