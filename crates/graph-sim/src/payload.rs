//! The body of a webhook POST: many updates in Meta's envelope.

use serde::Serialize;
use serde_json::Value;

use crate::errors;
use crate::escape;
use crate::scenario::NumberSpec;
use crate::statuses::StatusWord;
use crate::update::{Sent, Update};

/// Writes updates as one body: an `entry` for each account, and up to `per_change` statuses of a number in one change.
pub(crate) fn body<'a>(updates: impl Iterator<Item = &'a Update>, per_change: usize) -> Vec<u8> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for update in updates {
        let (id, time) = update.head();
        let known = entries.iter().position(|entry| (entry.id, entry.time) == (id, time));
        let place = known.unwrap_or_else(|| {
            entries.push(Entry { id, time, changes: Vec::new(), open: Vec::new() });
            entries.len() - 1
        });
        entries[place].add(update, per_change);
    }
    escape::to_bytes(&Envelope { object: "whatsapp_business_account", entry: entries })
}

/// The `metadata` of a number in a `messages` value.
pub(crate) fn metadata(number: &NumberSpec) -> Value {
    serde_json::json!({
        "display_phone_number": number.display_phone_number,
        "phone_number_id": number.phone_number_id,
    })
}

#[derive(Serialize)]
struct Envelope<'a> {
    object: &'static str,
    entry: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    changes: Vec<Change<'a>>,
    /// For each number, the place of its change that still has room.
    #[serde(skip)]
    open: Vec<(&'a str, usize)>,
}

#[derive(Serialize)]
struct Change<'a> {
    value: ChangeValue<'a>,
    field: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ChangeValue<'a> {
    Statuses(Statuses<'a>),
    Any(&'a Value),
}

#[derive(Serialize)]
struct Statuses<'a> {
    messaging_product: &'static str,
    metadata: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<Contact<'a>>,
    statuses: Vec<Status<'a>>,
}

#[derive(Serialize)]
struct Contact<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    wa_id: Option<&'a str>,
    user_id: &'a str,
}

#[derive(Serialize)]
struct Status<'a> {
    id: &'a str,
    status: &'static str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<&'a str>,
    recipient_user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Pricing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[StatusError; 1]>,
}

#[derive(Serialize)]
struct Pricing {
    billable: bool,
    pricing_model: &'static str,
    category: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct StatusError {
    code: i32,
    title: &'static str,
    message: &'static str,
    error_data: ErrorData,
    href: &'static str,
}

#[derive(Serialize)]
struct ErrorData {
    details: &'static str,
}

impl<'a> Entry<'a> {
    fn add(&mut self, update: &'a Update, per_change: usize) {
        match update {
            Update::Change { field, value, .. } => {
                self.changes.push(Change { value: ChangeValue::Any(value), field });
            }
            Update::Status { sent, status, at, priced } => {
                let statuses = self.statuses_of(&sent.number, per_change);
                let reached = !matches!(status, StatusWord::Failed(_));
                if reached
                    && !statuses.contacts.iter().any(|contact| contact.user_id == &*sent.user_id)
                {
                    statuses
                        .contacts
                        .push(Contact { wa_id: sent.wa_id.as_deref(), user_id: &sent.user_id });
                }
                statuses.statuses.push(Status::of(sent, *status, *at, *priced));
            }
        }
    }

    /// The value of this number's change that has room, or of a new one.
    fn statuses_of(&mut self, number: &'a NumberSpec, per_change: usize) -> &mut Statuses<'a> {
        let id = number.phone_number_id.as_str();
        let known = self.open.iter().position(|(known, _)| *known == id);
        let has_room = |place: usize| match &self.changes[place].value {
            ChangeValue::Statuses(statuses) => statuses.statuses.len() < per_change,
            ChangeValue::Any(_) => false,
        };
        let place = match known.map(|known| self.open[known].1) {
            Some(place) if has_room(place) => place,
            _ => {
                let statuses = Statuses {
                    messaging_product: "whatsapp",
                    metadata: metadata(number),
                    contacts: Vec::new(),
                    statuses: Vec::new(),
                };
                self.changes
                    .push(Change { value: ChangeValue::Statuses(statuses), field: "messages" });
                self.changes.len() - 1
            }
        };
        match known {
            Some(known) => self.open[known].1 = place,
            None => self.open.push((id, place)),
        }
        match &mut self.changes[place].value {
            ChangeValue::Statuses(statuses) => statuses,
            ChangeValue::Any(_) => unreachable!("only changes with statuses are open"),
        }
    }
}

impl<'a> Status<'a> {
    fn of(sent: &'a Sent, status: StatusWord, at: i64, priced: bool) -> Self {
        let free =
            sent.in_window && sent.category != "marketing" && sent.category != "authentication";
        let pricing = priced.then_some(Pricing {
            billable: !free,
            pricing_model: "PMP",
            category: sent.category,
            kind: if free { "free_customer_service" } else { "regular" },
        });
        let errors = match status {
            StatusWord::Failed(code) => Some([StatusError {
                code,
                title: errors::title(code),
                message: errors::title(code),
                error_data: ErrorData { details: errors::explanation(code) },
                href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
            }]),
            StatusWord::Sent | StatusWord::Delivered | StatusWord::Read | StatusWord::Played => {
                None
            }
        };
        Self {
            id: &sent.wamid,
            status: status.as_str(),
            timestamp: at.to_string(),
            recipient_id: sent.wa_id.as_deref(),
            recipient_user_id: &sent.user_id,
            biz_opaque_callback_data: sent.opaque.as_deref(),
            pricing,
            errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::scenario::OpenNumber;

    fn status(number: &str, status: StatusWord, priced: bool) -> Update {
        let number =
            OpenNumber { waba_id: format!("1{number}"), ..OpenNumber::default() }.number(number);
        let sent = Sent {
            number: Arc::new(number),
            wamid: "wamid.OUT=".into(),
            wa_id: Some("14155550101".into()),
            user_id: "US.1A2B3C".into(),
            opaque: Some("t7:msg/1".into()),
            category: "utility",
            in_window: false,
        };
        Update::Status { sent: Arc::new(sent), status, at: 1_790_000_005, priced }
    }

    fn read(updates: &[Update], per_change: usize) -> Value {
        serde_json::from_slice(&body(updates.iter(), per_change)).unwrap()
    }

    #[test]
    fn a_status_has_the_shape_of_metas_own_example() {
        let value = read(&[status("200", StatusWord::Delivered, true)], 1);

        let expected = json!({"object": "whatsapp_business_account", "entry": [{"id": "1200", "changes": [{
            "field": "messages",
            "value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550001111", "phone_number_id": "200"},
                "contacts": [{"wa_id": "14155550101", "user_id": "US.1A2B3C"}],
                "statuses": [{"id": "wamid.OUT=", "status": "delivered", "timestamp": "1790000005",
                    "recipient_id": "14155550101", "recipient_user_id": "US.1A2B3C",
                    "biz_opaque_callback_data": "t7:msg/1",
                    "pricing": {"billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility"}}]}}]}]});
        assert_eq!(value, expected);
    }

    #[test]
    fn a_failure_tells_its_code_and_no_contact() {
        let value = read(&[status("200", StatusWord::Failed(131_026), false)], 1);

        let change = &value["entry"][0]["changes"][0]["value"];
        assert!(change.get("contacts").is_none());
        assert_eq!(change["statuses"][0]["errors"][0]["code"], 131_026);
        assert_eq!(change["statuses"][0]["errors"][0]["title"], "Message undeliverable");
    }

    #[test]
    fn statuses_are_grouped_by_account_and_number_and_no_change_is_overfull() {
        let updates: Vec<Update> = (0..7)
            .map(|at| status(if at % 2 == 0 { "200" } else { "201" }, StatusWord::Sent, false))
            .collect();

        let value = read(&updates, 3);

        let counts: Vec<Vec<usize>> = value["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["changes"].as_array().unwrap())
            .map(|changes| {
                changes.iter().map(|c| c["value"]["statuses"].as_array().unwrap().len()).collect()
            })
            .collect();
        assert_eq!(counts, [vec![3, 1], vec![3]]);
    }

    #[test]
    fn the_bytes_are_ascii_with_escaped_slashes() {
        let bytes = body([status("200", StatusWord::Sent, false)].iter(), 1);

        let text = String::from_utf8(bytes).unwrap();
        assert!(text.is_ascii() && text.contains(r"t7:msg\/1"), "{text}");
    }
}
