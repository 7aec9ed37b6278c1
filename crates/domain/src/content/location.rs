//! A place on the map.

use garde::Validate;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

/// A place: Meta's `location` object.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Location {
    /// Degrees north of the equator.
    #[serde(deserialize_with = "degrees")]
    #[garde(range(min = -90.0, max = 90.0))]
    pub latitude: f64,
    /// Degrees east of Greenwich.
    #[serde(deserialize_with = "degrees")]
    #[garde(range(min = -180.0, max = 180.0))]
    pub longitude: f64,
    /// What the place is called.
    pub name: Option<String>,
    /// Where it is, in words; shown only with a name.
    pub address: Option<String>,
}

/// Meta's pages write degrees as numbers, its OpenAPI description as strings.
fn degrees<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let degrees = match Value::deserialize(from)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    degrees
        .filter(|degrees| degrees.is_finite())
        .ok_or_else(|| D::Error::custom("must be a number"))
}
