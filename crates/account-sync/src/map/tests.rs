use serde_json::json;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn mapped(time: &Value, field: &str, value: &Value) -> Mapped {
    let body = json!({"entry": [{"id": "300", "time": time,
        "changes": [{"field": field, "value": value}]}]});
    let webhook = graph_api::webhook::parse(body.to_string().as_bytes()).unwrap();
    let mut mapped = Mapped::default();
    mapped.add(Scope::Platform, at(100), &webhook);
    mapped
}

fn at_once(field: &str, value: &Value) -> Mapped {
    mapped(&json!(1_790_000_060), field, value)
}

#[test]
fn a_partner_event_is_about_the_account_in_its_value() {
    let value = json!({"event": "PARTNER_REMOVED", "waba_info": {"waba_id": "100"}});

    let mapped = at_once("account_update", &value);

    let told = &mapped.words[&Column::Granted][0];
    assert_eq!((told.waba_id.as_str(), told.word.as_str(), told.at), ("100", "false", at(60)));
    assert_eq!(mapped.events[0].waba_id.as_str(), "100");
    assert_eq!(mapped.ask.len(), 1);
}

#[test]
fn what_an_account_may_not_do_has_its_end() {
    let value = json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": [
        {"restriction_type": "A", "expiration": 1_790_000_500},
        {"restriction_type": "B", "expiration": 1_790_000_900}]});
    let told = |value| at_once("account_update", &value).words[&Column::Status][0].clone();

    let restricted = told(value);
    assert_eq!(restricted.word, "RESTRICTED");
    assert_eq!((restricted.detail.as_deref(), restricted.until), (Some("A, B"), Some(at(900))));

    let lifted = told(json!({"event": "ACCOUNT_RESTRICTION"}));
    assert_eq!((lifted.word.as_str(), lifted.until), ("ACTIVE", None));
    let banned = json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": ["DISABLE"]}});
    assert_eq!(told(banned).word, "DISABLED");
    let back = json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}});
    assert_eq!(told(back).word, "ACTIVE");
}

#[test]
fn a_word_without_a_time_or_from_the_far_future_counts_as_of_its_receipt() {
    let value = json!({"decision": "APPROVED"});
    for time in [json!(null), json!("soon"), json!(1_890_000_000)] {
        let mapped = mapped(&time, "account_review_update", &value);
        assert_eq!(mapped.words[&Column::Review][0].at, at(100), "{time}");
    }
}

#[test]
fn an_event_is_known_again_whatever_the_order_of_its_members() {
    let key = |value: &Value| at_once("flows", value).events[0].event_key.clone();

    let one = key(&json!({"a": 1, "b": "x"}));

    assert_eq!(one, key(&serde_json::from_str(r#"{ "b" : "x", "a":1 }"#).unwrap()));
    assert_ne!(one, key(&json!({"a": 2, "b": "x"})));
}

#[test]
fn only_what_is_known_to_hold_no_person_is_kept_readable() {
    let value = json!({"event": "\u{0}X", "wa_id": "14155550101"});
    let kept = |field: &str| at_once(field, &value).events.first().map(|event| event.value.clone());

    let clear = kept("flows").unwrap();
    assert_eq!(clear, EventValue::Clear(json!({"event": "X", "wa_id": "14155550101"})));
    assert!(matches!(kept("new_in_2030"), Some(EventValue::Sealed(_))));
    assert!(matches!(kept("account_settings_update"), Some(EventValue::Sealed(_))));
    assert_eq!(kept("user_preferences"), None);
}

#[test]
fn a_template_that_was_reinstated_is_approved() {
    let value = |event: &str| json!({"message_template_id": 9, "event": event});
    let word = |event: &str| {
        let mapped = at_once("message_template_status_update", &value(event));
        let told = mapped.words[&Column::TemplateStatus][0].clone();
        (told.word, told.detail)
    };

    assert_eq!(word("PAUSED"), ("PAUSED".into(), None));
    assert_eq!(word("REINSTATED"), ("APPROVED".into(), None));
    assert_eq!(word("FLAGGED"), ("APPROVED".into(), Some("FLAGGED".into())));
}
