//! Real shapes of webhook bodies.

use chrono::DateTime;
use graph_api::webhook::{Item, ItemKind, Poison, Status, StatusUpdate, parse, routing_words};
use serde_json::{Value, json};

use crate::fixture;

const OPAQUE: &str = "01997a4c-7b00-7000-8000-0123456789ab";

fn items(name: &str) -> Vec<Result<Item, Poison>> {
    parse(&fixture::read(&format!("webhooks/{name}"))).unwrap().items
}

fn only_item(name: &str) -> Item {
    let mut items = items(name);
    assert_eq!(items.len(), 1, "{name}");
    items.remove(0).unwrap()
}

fn only_status(name: &str) -> StatusUpdate {
    match only_item(name).kind {
        ItemKind::Status(update) => update,
        other => panic!("expected a status, got {other:?}"),
    }
}

/// The items of a `messages` change with this value.
fn items_of(value: &Value) -> Vec<Result<Item, Poison>> {
    let body =
        json!({"entry": [{"id": "100", "changes": [{"field": "messages", "value": value}]}]});
    parse(body.to_string().as_bytes()).unwrap().items
}

fn status_with(part: &str, value: Value) -> Result<Item, Poison> {
    let mut status = json!({"id": "wamid.X=", "status": "sent", "timestamp": "1790000004"});
    status[part] = value;
    items_of(&json!({"metadata": {"phone_number_id": "200"}, "statuses": [status]})).remove(0)
}

#[test]
fn every_fixture_is_read_without_poison_and_routed_by_what_it_holds() {
    for name in fixture::webhooks().iter().filter(|name| !name.ends_with("_poison")) {
        let body = fixture::read(name);
        let words = routing_words(&body).unwrap();
        for item in parse(&body).unwrap().items {
            let covered = match item.unwrap().kind {
                ItemKind::Status(_) => words.statuses,
                ItemKind::Message(_) => words.messages,
                ItemKind::Error(_) => words.account,
                ItemKind::Field { .. } => words.messages || words.account,
            };
            assert!(covered, "{name}");
        }
    }
}

#[test]
fn fields_are_routed_by_whom_they_concern() {
    for (key, names) in [
        ("statuses", vec!["status_sent", "status_read", "status_failed", "status_odd_types"]),
        (
            "messages",
            vec!["message_text", "messages_mixed", "user_preferences", "history", "calls"],
        ),
        ("messages", vec!["smb_message_echoes", "standby", "group_lifecycle_update"]),
        ("account", vec!["message_template_status_update", "account_update_partner", "security"]),
        ("account", vec!["business_capability_update", "value_errors", "flows"]),
        ("statuses.messages.account", vec!["mixed_with_poison"]),
    ] {
        for name in names {
            let body = fixture::read(&format!("webhooks/{name}"));
            assert_eq!(routing_words(&body).unwrap().key(), key, "{name}");
        }
    }
}

#[test]
fn a_status_carries_whose_message_it_is_and_what_happened_when() {
    let update = only_status("status_delivered");

    assert_eq!(update.waba_id.as_str(), "102290129340398");
    assert_eq!(update.phone_number_id.as_str(), "106540352242922");
    assert!(update.wamid.as_str().starts_with("wamid.HBgL"));
    assert_eq!(update.opaque.as_deref(), Some(OPAQUE));
    assert_eq!(update.status, Status::Delivered);
    assert_eq!(Some(update.at), DateTime::from_timestamp(1_790_000_005, 0));
    assert_eq!(update.recipient_wa_id.as_deref(), Some("14155550101"));
    assert_eq!(update.pricing_category.as_deref(), Some("utility"));
}

#[test]
fn each_word_of_metas_is_its_status() {
    assert_eq!(only_status("status_sent").status, Status::Sent);
    assert_eq!(only_status("status_sent_v23").status, Status::Sent);
    assert_eq!(only_status("status_read").status, Status::Read);
    assert_eq!(only_status("status_played").status, Status::Played);
    assert_eq!(only_status("status_group").status, Status::Delivered);
    assert_eq!(only_status("status_bsuid_only").recipient_wa_id, None);
    let unknown = status_with("status", json!("warning")).unwrap().kind;
    let ItemKind::Status(StatusUpdate { status: Status::Other(word), .. }) = unknown else {
        panic!("expected an unknown word, got {unknown:?}");
    };
    assert_eq!(word, "warning");
}

#[test]
fn a_failure_says_why() {
    let Status::Failed { code, title, detail } = only_status("status_failed").status else {
        panic!("expected a failure");
    };

    assert_eq!(code, 131_049);
    assert_eq!(title, "Not delivered (ecosystem engagement)");
    assert!(detail.starts_with("In order to maintain"), "{detail}");
}

#[test]
fn a_failure_without_details_says_what_it_can() {
    let failed = |errors: Value| {
        let status =
            json!({"id": "x", "status": "failed", "timestamp": 1_790_000_000, "errors": errors});
        let value = json!({"metadata": {"phone_number_id": 200}, "statuses": [status]});
        let kind = items_of(&value).remove(0).unwrap().kind;
        let ItemKind::Status(StatusUpdate { status: Status::Failed { code, detail, .. }, .. }) =
            kind
        else {
            panic!("expected a failure, got {kind:?}");
        };
        (code, detail)
    };

    assert_eq!(failed(json!([{"code": 1, "title": "t", "message": "m"}])), (1, "m".into()));
    assert_eq!(failed(json!([{"code": "2", "title": "t", "message": ""}])), (2, "t".into()));
    assert_eq!(failed(json!({"code": 3, "title": "t"})), (3, "t".into()));
    assert_eq!(failed(json!([{"code": 4, "error_data": {"details": "a\0b"}}])), (4, "ab".into()));
    for nothing in [json!(null), json!([]), json!("x"), json!([7])] {
        assert_eq!(failed(nothing), (0, "failed without a reason".into()));
    }
}

#[test]
fn numbers_for_texts_and_texts_for_numbers_are_read_alike() {
    let update = only_status("status_odd_types");

    assert_eq!(update.waba_id.as_str(), "102290129340398");
    assert_eq!(update.phone_number_id.as_str(), "106540352242922");
    assert_eq!(Some(update.at), DateTime::from_timestamp(1_790_000_010, 0));
    assert_eq!(update.recipient_wa_id.as_deref(), Some("14155550101"));
    let Status::Failed { code, detail, .. } = update.status else { panic!("expected a failure") };
    assert_eq!((code, detail.as_str()), (131_026, "plain text"));
}

#[test]
fn a_status_that_lacks_what_it_needs_is_poison_and_says_what() {
    for (part, value, detail) in [
        ("id", json!(null), "has no id"),
        ("id", json!("a\0b"), "its id is no message id"),
        ("status", json!({}), "has no status"),
        ("timestamp", json!(null), "has no timestamp"),
        ("timestamp", json!("soon"), "its timestamp is no time"),
    ] {
        let poison = status_with(part, value).unwrap_err();
        let pointer = "/entry/0/changes/0/value/statuses/0".to_owned();
        assert_eq!(poison, Poison { pointer, detail: detail.into() });
    }
}

#[test]
fn a_status_outside_any_scope_is_poison() {
    let status = json!({"id": "x", "status": "sent", "timestamp": 1_790_000_000});
    for metadata in [json!(null), json!({}), json!({"phone_number_id": "+1 555"}), json!([])] {
        let value = json!({"metadata": metadata, "statuses": [status]});
        let poison = items_of(&value).remove(0).unwrap_err();
        assert_eq!(poison.detail, "the value has no metadata.phone_number_id");
    }
}

#[test]
fn a_list_that_is_none_is_poison_and_a_single_object_passes_for_a_list() {
    let metadata = json!({"phone_number_id": "200"});
    let status = json!({"id": "x", "status": "sent", "timestamp": 1_790_000_000});

    assert!(items_of(&json!({"metadata": metadata, "statuses": "?"})).remove(0).is_err());
    assert!(items_of(&json!({"metadata": metadata, "statuses": status})).remove(0).is_ok());
    assert!(items_of(&json!("?")).remove(0).is_err());
}

#[test]
fn poison_in_the_midst_hides_nothing() {
    let items = items("mixed_with_poison");

    let kinds: Vec<&str> = items
        .iter()
        .map(|item| match item.as_ref().map(|item| &item.kind) {
            Ok(ItemKind::Status(_)) => "status",
            Ok(ItemKind::Message(_)) => "message",
            Ok(ItemKind::Error(_)) => "error",
            Ok(ItemKind::Field { .. }) => "field",
            Err(_) => "poison",
        })
        .collect();
    assert_eq!(kinds, ["status", "poison", "status", "message", "field", "poison"]);
    assert_eq!(items[1].as_ref().unwrap_err().pointer, "/entry/0/changes/0/value/statuses/1");
    assert_eq!(items[5].as_ref().unwrap_err().pointer, "/entry/1/changes/1");
}

#[test]
fn a_thousand_statuses_with_one_poison_item_are_999_statuses() {
    let good = json!({"id": "wamid.X=", "status": "sent", "timestamp": "1790000004"});
    let mut statuses = vec![good; 1_000];
    statuses[500] = json!({"id": ["nonsense"]});

    let items = items_of(&json!({"metadata": {"phone_number_id": "200"}, "statuses": statuses}));

    assert_eq!(items.len(), 1_000);
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 999);
    assert!(items[500].is_err());
}

#[test]
fn inbound_messages_keep_their_whole_object() {
    let kinds: Vec<String> = items("messages_mixed")
        .into_iter()
        .map(|item| match item.unwrap().kind {
            ItemKind::Message(message) => {
                let raw: Value = serde_json::from_str(message.raw.get()).unwrap();
                assert_eq!(raw["type"], message.kind.as_str());
                message.kind
            }
            other => panic!("expected a message, got {other:?}"),
        })
        .collect();

    assert_eq!(kinds[..3], ["interactive", "image", "system"]);
    assert_eq!(kinds.last().unwrap(), "hologram");
}

#[test]
fn other_fields_come_with_their_value_as_it_is() {
    let item = only_item("message_template_status_update");

    assert_eq!(item.phone_number_id, None);
    let ItemKind::Field { field, value } = item.kind else { panic!("expected a field") };
    assert_eq!(field, "message_template_status_update");
    assert!(value.get().contains("123456789012345"));
    let echoes = only_item("smb_message_echoes");
    assert_eq!(echoes.phone_number_id.unwrap().as_str(), "106540352242922");
}

#[test]
fn nothing_of_a_person_shows_in_debug_output() {
    for name in fixture::webhooks() {
        let shown = format!("{:?}", parse(&fixture::read(&name)).unwrap());
        for secret in ["4155550101", "wamid.", "typed in the app", "Ada", "US.1A2B3C"] {
            assert!(!shown.contains(secret), "{name}: {shown}");
        }
    }
}
