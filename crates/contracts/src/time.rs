//! Instants on the wire: microseconds, as in the rows.

use chrono::{DateTime, SecondsFormat, Utc};
use prost_types::Timestamp;

use crate::error::ContractError;

/// The instant of a `…_us` field.
pub(crate) fn from_micros(
    field: &'static str,
    micros: i64,
) -> Result<DateTime<Utc>, ContractError> {
    DateTime::from_timestamp_micros(micros).ok_or(out_of_range(field))
}

/// The RFC 3339 text of a protobuf timestamp, in whole microseconds.
pub(crate) fn text(field: &'static str, timestamp: Timestamp) -> Result<String, ContractError> {
    u32::try_from(timestamp.nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(timestamp.seconds, nanos))
        .map(canonical)
        .ok_or(out_of_range(field))
}

/// The protobuf timestamp of a text, if that text would come back the same.
pub(crate) fn from_text(text: &str) -> Option<Timestamp> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    let nanos = i32::try_from(instant.timestamp_subsec_nanos()).ok()?;
    (canonical(instant) == text).then(|| Timestamp { seconds: instant.timestamp(), nanos })
}

fn canonical(instant: DateTime<Utc>) -> String {
    let format = if instant.timestamp_subsec_micros() == 0 {
        SecondsFormat::Secs
    } else {
        SecondsFormat::Micros
    };
    instant.to_rfc3339_opts(format, true)
}

fn out_of_range(field: &'static str) -> ContractError {
    ContractError::Invalid { field, expected: "an instant between the years -9999 and 9999" }
}
