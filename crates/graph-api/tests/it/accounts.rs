//! What webhooks tell about accounts, numbers and templates.

use chrono::DateTime;
use graph_api::webhook::account::{
    self, AccountNews, AccountUpdate, MessagingLimit, NumberNews, Restriction, TemplateChange,
    TemplateNews,
};
use graph_api::webhook::{Concern, ItemKind, concern, parse};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::fixture;

fn news(fixture: &str) -> Option<AccountNews> {
    let items = parse(&fixture::read(&format!("webhooks/{fixture}"))).unwrap().items;
    let item = items.into_iter().next().unwrap().unwrap();
    assert_eq!(item.told_at, DateTime::from_timestamp(1_790_000_060, 0), "{fixture}");
    let ItemKind::Field { field, value } = item.kind else { panic!("{fixture} is a field") };
    account::read(&field, &value)
}

fn read(field: &str, value: &serde_json::Value) -> Option<AccountNews> {
    account::read(field, &to_raw_value(value).unwrap())
}

fn account_update(value: &serde_json::Value) -> AccountUpdate {
    match read("account_update", value) {
        Some(AccountNews::Account(update)) => update,
        other => panic!("expected an account update, got {other:?}"),
    }
}

fn change(fixture: &str) -> TemplateChange {
    let Some(AccountNews::Template(TemplateNews { template_id, name, language, change })) =
        news(fixture)
    else {
        panic!("{fixture} is about a template");
    };
    let told = (template_id.as_str(), name.as_str(), language.as_str());
    assert_eq!(told, ("123456789012345", "order_ready", "en_US"), "{fixture}");
    change
}

#[test]
fn what_happened_to_an_account_is_read_with_its_parts() {
    let Some(AccountNews::Account(disabled)) = news("account_update_disabled") else { panic!() };
    assert_eq!(disabled.event, "DISABLED_UPDATE");
    assert_eq!(disabled.ban_state.as_deref(), Some("SCHEDULE_FOR_DISABLE"), "a list of one");
    assert_eq!(disabled.ban_date.as_deref(), Some("April 17, 2026"));

    let Some(AccountNews::Account(partner)) = news("account_update_partner") else { panic!() };
    assert_eq!(partner.event, "PARTNER_APP_INSTALLED");
    assert_eq!(partner.waba_id, Some("102290129340398".parse().unwrap()));

    let Some(AccountNews::Account(restricted)) = news("account_update_restriction") else {
        panic!()
    };
    let until = DateTime::from_timestamp(1_790_500_000, 0);
    let kind = "RESTRICTED_BIZ_INITIATED_MESSAGING".to_owned();
    assert_eq!(restricted.restrictions, [Restriction { kind, until }]);
}

#[test]
fn every_event_of_an_account_keeps_its_word_also_one_that_is_new() {
    for event in [
        "ACCOUNT_DELETED",
        "ACCOUNT_VIOLATION",
        "ACCOUNT_RESTRICTION",
        "DISABLED_UPDATE",
        "PARTNER_ADDED",
        "PARTNER_APP_INSTALLED",
        "PARTNER_APP_UNINSTALLED",
        "PARTNER_REMOVED",
        "ACCOUNT_OFFBOARDED",
        "ACCOUNT_RECONNECTED",
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "PARTNER_CLIENT_CERTIFICATION_NEEDED",
        "AD_ACCOUNT_LINKED",
        "MM_LITE_TERMS_SIGNED",
        "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
        "VOLUME_BASED_PRICING_TIER_UPDATE",
        "VERIFIED_ACCOUNT",
        "NEW_IN_2030",
    ] {
        assert_eq!(account_update(&json!({"event": event, "more": [1]})).event, event);
    }
    let violation =
        json!({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}});
    assert_eq!(account_update(&violation).violation.as_deref(), Some("SCAM"));
    let gone = json!({"event": "PARTNER_REMOVED", "waba_info": {"waba_id": 7},
                      "disconnection_info": {"reason": "CHANGE_NUMBER"}});
    assert_eq!(account_update(&gone).disconnection.as_deref(), Some("CHANGE_NUMBER"));
    assert_eq!(account_update(&gone).waba_id, Some("7".parse().unwrap()), "an id as a number");
}

#[test]
fn reviews_alerts_and_limits_are_read() {
    assert_eq!(
        news("account_review_update"),
        Some(AccountNews::Review { decision: "APPROVED".into() })
    );
    let Some(AccountNews::Alert { severity, status, alert, .. }) = news("account_alerts") else {
        panic!()
    };
    assert_eq!(severity.as_deref(), Some("INFORMATIONAL"));
    assert_eq!((status.as_deref(), alert.as_str()), (Some("ACTIVE"), "OBA_APPROVED"));

    let limit = Some(MessagingLimit::Recipients(2_000));
    assert_eq!(news("business_capability_update"), Some(AccountNews::Capability { limit }));
    for (told, limit) in [
        (json!(2000), Some(MessagingLimit::Recipients(2_000))),
        (json!(-1), Some(MessagingLimit::Unlimited)),
        (json!("UNLIMITED"), Some(MessagingLimit::Unlimited)),
        (json!({"odd": 1}), None),
    ] {
        let value = json!({"max_daily_conversations_per_business": told});
        assert_eq!(
            read("business_capability_update", &value),
            Some(AccountNews::Capability { limit })
        );
    }
}

#[test]
fn a_number_is_named_by_its_digits() {
    let Some(AccountNews::Number(quality)) = news("phone_number_quality_update") else { panic!() };
    let unlimited = Some(MessagingLimit::Unlimited);
    let digits = "15550001111".to_owned();
    let event = "THROUGHPUT_UPGRADE".to_owned();
    assert_eq!(quality, NumberNews::Quality { digits: digits.clone(), event, limit: unlimited });

    let Some(AccountNews::Number(name)) = news("phone_number_name_update") else { panic!() };
    assert_eq!(
        name,
        NumberNews::Name {
            digits,
            decision: "REJECTED".into(),
            name: Some("Acme".into()),
            reason: Some("NAME_FORMAT_UNACCEPTABLE".into()),
        }
    );
    let Some(AccountNews::Number(security)) = news("security") else { panic!() };
    assert_eq!(format!("{security:?}"), "Security(PIN_CHANGED)");
    let spaced = json!({"display_phone_number": "+1 555-000 1111", "event": "PIN_CHANGED"});
    let Some(AccountNews::Number(spaced)) = read("security", &spaced) else { panic!() };
    assert_eq!(spaced.digits(), "15550001111");
}

#[test]
fn each_change_of_a_template_is_read() {
    assert_eq!(
        change("message_template_status_update"),
        TemplateChange::Status {
            event: "PAUSED".into(),
            reason: Some("Paused for 3 hours".into()),
            category: None,
        }
    );
    assert_eq!(
        change("message_template_quality_update"),
        TemplateChange::Quality { score: "YELLOW".into() }
    );
    assert_eq!(
        change("template_category_update"),
        TemplateChange::Category { category: "MARKETING".into(), impending: None }
    );
    assert_eq!(
        change("template_correct_category_detection"),
        TemplateChange::Misfiled { category: Some("UTILITY".into()), correct: "MARKETING".into() }
    );
    let TemplateChange::Components(components) = change("message_template_components_update")
    else {
        panic!("the components changed");
    };
    assert_eq!(components[0], json!({"type": "BODY", "text": "Your order {{1}} is ready"}));
    assert_eq!(components[1]["buttons"][0]["url"], "https://example.org/{{1}}");
}

#[test]
fn a_template_is_known_by_its_keys_under_any_field_and_by_either_spelling_of_its_language() {
    let value = json!({"message_template_id": "9", "message_template_language": "pt-BR",
        "event": "REJECTED", "reason": "INVALID_FORMAT",
        "rejection_info": {"reason": "two variables meet", "recommendation": "part them"}});

    let Some(AccountNews::Template(news)) = read("message_template_quality_update", &value) else {
        panic!("it is about a template")
    };

    assert_eq!((news.name.as_str(), news.language.as_str()), ("", "pt_BR"));
    let TemplateChange::Status { reason, .. } = news.change else { panic!("a status") };
    assert_eq!(reason.as_deref(), Some("INVALID_FORMAT: two variables meet"));
}

#[test]
fn what_says_nothing_is_none_and_never_an_error() {
    for field in ["account_update", "account_alerts", "business_capability_update", "security", "x"]
    {
        for value in [json!(null), json!([]), json!("?"), json!(7)] {
            assert_eq!(read(field, &value), None, "{field} {value}");
        }
    }
    for field in ["account_update", "account_review_update", "security", "flows", "new_in_2030"] {
        assert_eq!(read(field, &json!({"event": {}, "decision": null})), None, "{field}");
    }
}

#[test]
fn only_fields_that_are_known_to_tell_of_accounts_alone_are_called_so() {
    assert_eq!(concern("account_update"), Concern::Account);
    assert_eq!(concern("user_preferences"), Concern::People);
    assert_eq!(concern("messages"), Concern::People);
    assert_eq!(concern("account_settings_update"), Concern::Unknown, "it may hold credentials");
    assert_eq!(concern("new_in_2030"), Concern::Unknown);
}
