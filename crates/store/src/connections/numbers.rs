//! Which numbers there are.

use deadpool_postgres::GenericClient;
use domain::ids::{PhoneNumberId, WabaId};

use crate::{Error, Result};

/// Every number of every tenant, with its account and its rate.
///
/// # Errors
/// `Unavailable`; `Corrupt` when a row cannot be read.
pub async fn numbers(client: &impl GenericClient) -> Result<Vec<(PhoneNumberId, WabaId, i32)>> {
    let statement = client
        .prepare_cached(
            "-- connections::numbers
             SELECT phone_number_id, waba_id, messages_per_second
             FROM   phone_numbers
             ORDER BY phone_number_id",
        )
        .await?;
    let corrupt = |column| Error::Corrupt { table: "phone_numbers", column };
    let rows = client.query(&statement, &[]).await?;
    rows.iter()
        .map(|row| {
            let (number, waba): (&str, &str) = (row.get("phone_number_id"), row.get("waba_id"));
            let number = number.parse().map_err(|_| corrupt("phone_number_id"))?;
            let waba = waba.parse().map_err(|_| corrupt("waba_id"))?;
            Ok((number, waba, row.get("messages_per_second")))
        })
        .collect()
}

/// The rate at which a number was added; `None` when there is no such number.
///
/// # Errors
/// `Unavailable`.
pub async fn messages_per_second(
    client: &impl GenericClient,
    phone_number_id: &PhoneNumberId,
) -> Result<Option<i32>> {
    let statement = client
        .prepare_cached(
            "-- connections::messages_per_second
             SELECT messages_per_second
             FROM   phone_numbers
             WHERE  phone_number_id = $1",
        )
        .await?;
    let row = client.query_opt(&statement, &[&phone_number_id.as_str()]).await?;
    Ok(row.map(|row| row.get("messages_per_second")))
}
