//! A part of a POST: the entries of some accounts.

use std::collections::BTreeMap;

use domain::ids::WabaId;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::loose::Loose;

const ENTRY: &str = "entry";

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Option<Loose<'a>>,
}

/// The body with those entries alone whose account is wanted, each as it came; `None` when there is
/// none, or the body is no webhook.
pub fn part_of(body: &[u8], is_wanted: impl Fn(&WabaId) -> bool) -> Option<Vec<u8>> {
    let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let entries: Vec<&RawValue> = serde_json::from_str(fields.get(ENTRY)?.get()).ok()?;
    let is_wanted = |entry: &&&RawValue| {
        let entry: Option<Entry<'_>> = serde_json::from_str(entry.get()).ok();
        let waba_id = entry.and_then(|entry| entry.id?.text()?.parse().ok());
        waba_id.is_some_and(|waba_id| is_wanted(&waba_id))
    };
    let wanted: Vec<&&RawValue> = entries.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        return None;
    }
    let wanted = serde_json::value::to_raw_value(&wanted).ok()?;
    fields.insert(ENTRY.to_owned(), &wanted);
    serde_json::to_vec(&fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(body: &str, wanted: &str) -> Option<String> {
        let part = part_of(body.as_bytes(), |waba_id| waba_id.as_str() == wanted);
        part.map(|part| String::from_utf8(part).unwrap())
    }

    #[test]
    fn the_entries_of_the_wanted_account_stay_as_they_came() {
        let body = r#"{"object":"o","entry":[{"id":"1","changes":[1.50]},{"id":2},{"id":"1"},7]}"#;

        let one = part(body, "1").unwrap();

        assert_eq!(one, r#"{"entry":[{"id":"1","changes":[1.50]},{"id":"1"}],"object":"o"}"#);
        assert_eq!(part(body, "2").unwrap(), r#"{"entry":[{"id":2}],"object":"o"}"#);
    }

    #[test]
    fn of_a_body_without_such_an_entry_nothing_is_left() {
        for body in
            ["", "7", "{}", r#"{"entry":7}"#, r#"{"entry":[]}"#, r#"{"entry":[{"id":"2"}]}"#]
        {
            assert_eq!(part(body, "1"), None, "{body}");
        }
    }
}
