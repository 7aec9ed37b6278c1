//! What Meta tells of the WABAs of a connection, put into their rows.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, TenantId, WabaId};
use tokio_postgres::types::ToSql;

use crate::Result;

/// A WABA that Meta has just told of.
#[derive(Clone, Debug)]
pub struct GrantedWaba<'a> {
    /// Owner.
    pub tenant_id: TenantId,
    /// The connection that reaches it.
    pub connection_id: ConnectionId,
    /// Meta's id.
    pub waba_id: &'a WabaId,
    /// What its owner calls it.
    pub name: Option<&'a str>,
    /// The portfolio that owns it.
    pub portfolio_id: Option<&'a PortfolioId>,
    /// Meta's review of the account.
    pub review_status: Option<&'a str>,
    /// All its numbers.
    pub numbers: Vec<GrantedNumber<'a>>,
}

/// A number that Meta has just told of.
#[derive(Clone, Debug)]
pub struct GrantedNumber<'a> {
    /// Meta's id.
    pub phone_number_id: &'a PhoneNumberId,
    /// The business number as Meta writes it.
    pub display_phone_number: Option<&'a str>,
    /// The name that customers see.
    pub verified_name: Option<&'a str>,
    /// Meta's word for what it can do.
    pub status: Option<&'a str>,
    /// How customers like it.
    pub quality_rating: Option<&'a str>,
    /// Review of the name.
    pub name_status: Option<&'a str>,
    /// Messages per second of a number that is new here.
    pub messages_per_second: i32,
}

/// Stores what Meta tells of a WABA that lies under the connection: numbers that are new are added,
/// numbers that Meta does not list any more are marked. `None` in the place of what Meta tells: it
/// is not granted any more, and none of its numbers. Run it in a transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn refresh(
    transaction: &impl GenericClient,
    waba_id: &WabaId,
    granted: Option<&GrantedWaba<'_>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = transaction
        .prepare_cached(
            "-- connections::refresh: waba
             WITH listed AS (
                 SELECT phone_number_id
                 FROM   phone_numbers
                 WHERE  waba_id = $1
                 ORDER BY phone_number_id
                 FOR NO KEY UPDATE
             ),
             unlisted AS (
                 UPDATE phone_numbers n
                 SET    granted = false, synced_at = $7
                 FROM   listed
                 WHERE  n.phone_number_id = listed.phone_number_id
                   AND  n.phone_number_id <> ALL ($6)
             )
             UPDATE wabas
             SET    granted       = $2,
                    granted_at    = $7,
                    name          = COALESCE($3, name),
                    portfolio_id  = COALESCE($4, portfolio_id),
                    review_status = COALESCE($5, review_status),
                    review_at     = CASE WHEN $5 IS NULL THEN review_at ELSE $7 END,
                    synced_at     = $7
             WHERE  waba_id = $1",
        )
        .await?;
    let listed: Vec<&str> = granted.map_or_else(Vec::new, |granted| {
        granted.numbers.iter().map(|number| number.phone_number_id.as_str()).collect()
    });
    let parameters: [&(dyn ToSql + Sync); 7] = [
        /* waba_id       */ &waba_id.as_str(),
        /* granted       */ &granted.is_some(),
        /* name          */ &granted.and_then(|granted| granted.name),
        /* portfolio_id  */
        &granted.and_then(|granted| granted.portfolio_id).map(PortfolioId::as_str),
        /* review_status */ &granted.and_then(|granted| granted.review_status),
        /* listed        */ &listed,
        /* now           */ &now,
    ];
    transaction.execute(&statement, &parameters).await?;
    match granted {
        Some(granted) => refresh_numbers(transaction, granted, now).await,
        None => Ok(()),
    }
}

/// A number that is somebody else's, or known under another WABA, stays as it is: under the role of
/// a tenant it is not even to be seen, so rows are added first and filled after.
async fn refresh_numbers(
    transaction: &impl GenericClient,
    granted: &GrantedWaba<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let numbers = &granted.numbers;
    let ids: Vec<&str> = numbers.iter().map(|number| number.phone_number_id.as_str()).collect();
    let rates: Vec<i32> = numbers.iter().map(|number| number.messages_per_second).collect();
    let statement = transaction
        .prepare_cached(
            "-- connections::refresh: new numbers
             INSERT INTO phone_numbers (phone_number_id, waba_id, tenant_id, connection_id,
                                        messages_per_second, created_at)
             SELECT u.phone_number_id, $3, $4, $5, u.rate, $6
             FROM   UNNEST($1::text[], $2::integer[]) AS u (phone_number_id, rate)
             ORDER BY u.phone_number_id
             ON CONFLICT (phone_number_id) DO NOTHING",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 6] = [
        /* ids           */ &ids,
        /* rates         */ &rates,
        /* waba_id       */ &granted.waba_id.as_str(),
        /* tenant_id     */ &granted.tenant_id.as_uuid(),
        /* connection_id */ &granted.connection_id.as_uuid(),
        /* now           */ &now,
    ];
    transaction.execute(&statement, &parameters).await?;
    let statement = transaction
        .prepare_cached(
            "-- connections::refresh: numbers
             UPDATE phone_numbers n
             SET    display_phone_number = COALESCE(u.display, n.display_phone_number),
                    verified_name        = COALESCE(u.name, n.verified_name),
                    status               = COALESCE(u.status, n.status),
                    status_at            = CASE WHEN u.status IS NULL THEN n.status_at ELSE $8 END,
                    quality_rating       = COALESCE(u.quality, n.quality_rating),
                    name_status          = COALESCE(u.name_status, n.name_status),
                    name_status_at       = CASE WHEN u.name_status IS NULL THEN n.name_status_at
                                                ELSE $8 END,
                    granted              = true,
                    synced_at            = $8
             FROM   UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
                        AS u (phone_number_id, display, name, status, quality, name_status)
             WHERE  n.phone_number_id = u.phone_number_id AND n.waba_id = $7",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                /* ids         */ &ids,
                /* display     */
                &column(numbers, |number| number.display_phone_number),
                /* name        */ &column(numbers, |number| number.verified_name),
                /* status      */ &column(numbers, |number| number.status),
                /* quality     */ &column(numbers, |number| number.quality_rating),
                /* name_status */ &column(numbers, |number| number.name_status),
                /* waba_id     */ &granted.waba_id.as_str(),
                /* now         */ &now,
            ],
        )
        .await?;
    Ok(())
}

/// Notes that the app hears of a WABA since `since`; `None`: it does not.
///
/// # Errors
/// `Unavailable`.
pub async fn subscribed(
    client: &impl GenericClient,
    waba_id: &WabaId,
    since: Option<DateTime<Utc>>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- connections::subscribed
             UPDATE wabas
             SET    subscribed_at = $2, subscribed = $2::timestamptz IS NOT NULL
             WHERE  waba_id = $1",
        )
        .await?;
    client.execute(&statement, &[&waba_id.as_str(), &since]).await?;
    Ok(())
}

fn column<'a>(
    numbers: &[GrantedNumber<'a>],
    field: impl Fn(&GrantedNumber<'a>) -> Option<&'a str>,
) -> Vec<Option<&'a str>> {
    numbers.iter().map(field).collect()
}
