//! Words about numbers, which webhooks name by their digits.

use deadpool_postgres::GenericClient;

use super::{Told, Touched, newest_word, touched};
use crate::Result;

/// Writes the state of numbers, e.g. `CONNECTED`.
///
/// # Errors
/// `Unavailable`; `Unstorable` when one of the values cannot be stored, then none is.
pub async fn put_status(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "numbers::put_status",
        table: "phone_numbers",
        key: "t.phone_number_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN phone_numbers t
                 ON t.waba_id = w.waba_id
                AND regexp_replace(t.display_phone_number, '[^0-9]', '', 'g') = u.subject",
        row: "t.phone_number_id = n.phone_number_id",
        set: "status = n.word, status_at = n.at",
        old: "t.status_at, t.status, NULL",
    );
    touched(client, PUT, told).await
}

/// Writes the verdict on the names of numbers, with its reason.
///
/// # Errors
/// As [`put_status`].
pub async fn put_name_status(client: &impl GenericClient, told: &[Told]) -> Result<Vec<Touched>> {
    const PUT: &str = newest_word!(
        "numbers::put_name_status",
        table: "phone_numbers",
        key: "t.phone_number_id",
        join: "JOIN wabas w ON w.waba_id = u.waba_id
               JOIN phone_numbers t
                 ON t.waba_id = w.waba_id
                AND regexp_replace(t.display_phone_number, '[^0-9]', '', 'g') = u.subject",
        row: "t.phone_number_id = n.phone_number_id",
        set: "name_status = n.word, name_reason = n.detail, name_status_at = n.at",
        old: "t.name_status_at, t.name_status, t.name_reason",
    );
    touched(client, PUT, told).await
}
