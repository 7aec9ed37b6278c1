//! Meta's answers, put into rows. Words that webhooks tell too go by [`crate::accounts`].

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{ConnectionId, PhoneNumberId, PortfolioId, WabaId};
use tokio_postgres::types::ToSql;

use crate::Result;

/// What Meta told of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenTold {
    /// Whether Meta takes it; `None`: it did not say.
    pub valid: Option<bool>,
    /// Why it does not.
    pub problem: Option<String>,
    /// Permissions that it needs and lacks; `None`: not known.
    pub lacks: Option<Vec<String>>,
    /// When it was issued.
    pub issued_at: Option<DateTime<Utc>>,
    /// When it ends; the inner `None`: never. The outer: not known.
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// Why app id, App Secret and token do not belong together.
    pub app_problem: Option<String>,
}

/// Writes what Meta told of the token `sealed_token`, asked for at `asked_at`; nothing when the
/// connection has another one now. What is not known stays as it is.
///
/// # Errors
/// `Unavailable`, `Unstorable`.
pub async fn put_token(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    sealed_token: &[u8],
    told: &TokenTold,
    asked_at: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- sync::put_token
             UPDATE connections
             SET    token_valid      = COALESCE($3, token_valid),
                    token_problem    = CASE WHEN $3 IS NULL THEN token_problem ELSE $4 END,
                    token_lacks      = COALESCE($5, token_lacks),
                    token_issued_at  = COALESCE($6, token_issued_at),
                    token_expires_at = CASE WHEN $7 THEN $8 ELSE token_expires_at END,
                    app_problem      = CASE WHEN $3 IS NULL THEN app_problem ELSE $9 END,
                    token_checked_at = CASE WHEN $3 IS NULL THEN token_checked_at ELSE $10 END
             WHERE  connection_id = $1
               AND  access_token  = $2
               AND  (token_checked_at IS NULL OR token_checked_at <= $10)",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 10] = [
        /* connection_id */ &connection_id.as_uuid(),
        /* access_token  */ &sealed_token,
        /* valid         */ &told.valid,
        /* problem       */ &told.problem,
        /* lacks         */ &told.lacks,
        /* issued_at     */ &told.issued_at,
        /* tells_end     */ &told.expires_at.is_some(),
        /* expires_at    */ &told.expires_at.flatten(),
        /* app_problem   */ &told.app_problem,
        /* asked_at      */ &asked_at,
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// What Meta told of an account beside the words that webhooks tell too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountTold {
    /// What its owner calls it.
    pub name: Option<String>,
    /// The portfolio that owns it.
    pub portfolio_id: Option<PortfolioId>,
}

/// Writes what Meta told of an account.
///
/// # Errors
/// As [`put_token`].
pub async fn put_account(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    waba_id: &WabaId,
    told: &AccountTold,
    asked_at: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- sync::put_account
             UPDATE wabas
             SET    name         = COALESCE($3, name),
                    portfolio_id = COALESCE($4, portfolio_id),
                    synced_at    = $5
             WHERE  waba_id = $1
               AND  connection_id = $2
               AND  (synced_at IS NULL OR synced_at <= $5)",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 5] = [
        /* waba_id       */ &waba_id.as_str(),
        /* connection_id */ &connection_id.as_uuid(),
        /* name          */ &told.name,
        /* portfolio_id  */ &told.portfolio_id.as_ref().map(PortfolioId::as_str),
        /* asked_at      */ &asked_at,
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// A number as Meta lists it, beside the words that webhooks tell too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberTold {
    /// Meta's id.
    pub phone_number_id: PhoneNumberId,
    /// The business number as Meta writes it.
    pub display_phone_number: Option<String>,
    /// The name that customers see.
    pub verified_name: Option<String>,
    /// How customers like it.
    pub quality_rating: Option<String>,
    /// `STANDARD`, `HIGH` or `COEXISTENCE`.
    pub throughput: Option<String>,
    /// What that allows, in messages per second.
    pub messages_per_second: i32,
}

/// Writes all numbers that Meta lists of an account: those of ours that it does not list are not
/// granted any more, those that we do not have are counted. Another level of throughput sets the
/// rate; the first one that is told leaves alone what an operator has chosen.
///
/// # Errors
/// As [`put_token`].
pub async fn put_numbers(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    waba_id: &WabaId,
    told: &[NumberTold],
    asked_at: DateTime<Utc>,
) -> Result<()> {
    fn column<'a, T>(told: &'a [NumberTold], part: impl Fn(&'a NumberTold) -> T) -> Vec<T> {
        told.iter().map(part).collect()
    }
    let statement = client.prepare_cached(PUT_NUMBERS).await?;
    let parameters: [&(dyn ToSql + Sync); 9] = [
        /* waba_id       */ &waba_id.as_str(),
        /* connection_id */ &connection_id.as_uuid(),
        /* asked_at      */ &asked_at,
        /* ids           */ &column(told, |number| number.phone_number_id.as_str()),
        /* displays      */ &column(told, |number| number.display_phone_number.as_deref()),
        /* names         */ &column(told, |number| number.verified_name.as_deref()),
        /* qualities     */ &column(told, |number| number.quality_rating.as_deref()),
        /* throughputs   */ &column(told, |number| number.throughput.as_deref()),
        /* rates         */ &column(told, |number| number.messages_per_second),
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

const PUT_NUMBERS: &str = "-- sync::put_numbers
    WITH told AS (
        SELECT *
        FROM   UNNEST($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::integer[])
               AS u (phone_number_id, display, name, quality, throughput, rate)
    ),
    own AS (
        SELECT phone_number_id
        FROM   phone_numbers
        WHERE  waba_id = $1
          AND  connection_id = $2
          AND  (synced_at IS NULL OR synced_at <= $3)
        ORDER BY phone_number_id
        FOR NO KEY UPDATE
    ),
    written AS (
        UPDATE phone_numbers n
        SET    display_phone_number = COALESCE(u.display, n.display_phone_number),
               verified_name        = COALESCE(u.name, n.verified_name),
               quality_rating       = COALESCE(u.quality, n.quality_rating),
               throughput           = COALESCE(u.throughput, n.throughput),
               messages_per_second  = CASE
                   WHEN u.throughput IS NULL OR u.throughput = n.throughput
                   THEN n.messages_per_second
                   WHEN n.throughput IS NOT NULL OR n.messages_per_second = 80 THEN u.rate
                   WHEN u.throughput = 'COEXISTENCE' THEN LEAST(n.messages_per_second, u.rate)
                   ELSE n.messages_per_second END,
               granted              = u.phone_number_id IS NOT NULL,
               synced_at            = $3
        FROM   own LEFT JOIN told u USING (phone_number_id)
        WHERE  n.phone_number_id = own.phone_number_id
    )
    UPDATE wabas
    SET    unlisted_numbers = (
               SELECT count(*)
               FROM   told u
               WHERE  NOT EXISTS (SELECT FROM phone_numbers n
                                  WHERE n.phone_number_id = u.phone_number_id AND n.waba_id = $1)
           )
    WHERE  waba_id = $1 AND connection_id = $2";

/// Writes whether our app hears of an account.
///
/// # Errors
/// As [`put_token`].
pub async fn put_subscribed(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    waba_id: &WabaId,
    subscribed: bool,
    asked_at: DateTime<Utc>,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- sync::put_subscribed
             UPDATE wabas
             SET    subscribed    = $3,
                    subscribed_at = CASE WHEN $3 THEN COALESCE(subscribed_at, $4) END
             WHERE  waba_id = $1
               AND  connection_id = $2
               AND  (subscribed_at IS NULL OR subscribed_at <= $4)",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 4] = [
        /* waba_id       */ &waba_id.as_str(),
        /* connection_id */ &connection_id.as_uuid(),
        /* subscribed    */ &subscribed,
        /* asked_at      */ &asked_at,
    ];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// Whether something can send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    pub word: Option<String>,
    /// What stands in the way, in Meta's words.
    pub detail: Option<String>,
}

/// Writes the health of an account.
///
/// # Errors
/// As [`put_token`].
pub async fn put_health(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    waba_id: &WabaId,
    health: &Health,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- sync::put_health
             UPDATE wabas
             SET    health = $3, health_detail = $4
             WHERE  waba_id = $1 AND connection_id = $2",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 4] =
        [&waba_id.as_str(), &connection_id.as_uuid(), &health.word, &health.detail];
    client.execute(&statement, &parameters).await?;
    Ok(())
}

/// Writes the health of a number.
///
/// # Errors
/// As [`put_token`].
pub async fn put_number_health(
    client: &impl GenericClient,
    connection_id: ConnectionId,
    phone_number_id: &PhoneNumberId,
    health: &Health,
) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- sync::put_number_health
             UPDATE phone_numbers
             SET    health = $3, health_detail = $4
             WHERE  phone_number_id = $1 AND connection_id = $2",
        )
        .await?;
    let parameters: [&(dyn ToSql + Sync); 4] =
        [&phone_number_id.as_str(), &connection_id.as_uuid(), &health.word, &health.detail];
    client.execute(&statement, &parameters).await?;
    Ok(())
}
