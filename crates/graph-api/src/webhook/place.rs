//! Whom the changes of a POST are about, found without reading their items.

use domain::ids::{PhoneNumberId, WabaId};

use super::envelope;
use super::value::Value;
use crate::loose::Loose;

/// Its entry may name a business portfolio, and whom it is about stands in its value.
const OF_PORTFOLIOS: &str = "account_update";

/// Whom one change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer to the change.
    pub pointer: String,
    /// `entry.id`.
    pub waba_id: WabaId,
    /// `metadata.phone_number_id`, where it has one.
    pub phone_number_id: Option<PhoneNumberId>,
}

/// The accounts and numbers that a body names, change by change; none when it cannot be read.
pub fn places(body: &[u8]) -> Vec<Place> {
    let changes = envelope::changes(body).unwrap_or_default();
    let is_plain = |change: &&envelope::Change<'_>| {
        change.field.and_then(Loose::text).as_deref() != Some(OF_PORTFOLIOS)
    };
    let place = |change: &envelope::Change<'_>| {
        let value = change.value.and_then(Value::read);
        Some(Place {
            pointer: change.pointer(),
            waba_id: change.waba_id()?,
            phone_number_id: value.and_then(|value| value.phone_number_id()),
        })
    };
    changes.iter().filter(is_plain).filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_tells_whom_it_is_about() {
        let body = r#"{"entry":[{"id":"1","changes":[
            {"field":"messages","value":{"metadata":{"phone_number_id":"2"},"statuses":[7]}},
            {"field":"account_update","value":{}}, {"field":"new"}]}, {"id":"no id"}, {"id":3}]}"#;

        let told: Vec<_> = places(body.as_bytes())
            .iter()
            .map(|place| {
                let number = place.phone_number_id.as_ref().map_or("", |number| number.as_str());
                format!("{} {} {number}", place.pointer, place.waba_id.as_str())
            })
            .collect();

        assert_eq!(
            told,
            ["/entry/0/changes/0 1 2", "/entry/0/changes/2 1 ", "/entry/2/changes/0 3 "]
        );
        assert!(places(b"no JSON").is_empty());
    }
}
