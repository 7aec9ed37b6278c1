//! The answers' shapes, both ways.

use graph_api::wire::{
    ErrorResponse, Expiry, MessageTemplate, Page, PhoneNumber, SendResponse, SubscribedApp,
    TokenInfoResponse, Waba,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fixture;

/// Reads a fixture as `T` and writes it again; both JSON values.
fn there_and_back<T: Serialize + DeserializeOwned>(name: &str) -> (Value, Value) {
    let body = fixture::read(&format!("responses/{name}"));
    let read: T = serde_json::from_slice(&body).unwrap();
    (serde_json::from_slice(&body).unwrap(), serde_json::to_value(read).unwrap())
}

#[test]
fn what_is_read_is_written_again_as_it_was() {
    for name in ["send_accepted", "send_template_accepted", "send_held", "send_bsuid"] {
        let (expected, written) = there_and_back::<SendResponse>(name);
        assert_eq!(written, expected, "{name}");
    }
    for name in ["parameter_missing", "waba_rate", "token_expired", "unknown_object", "text_data"] {
        let (expected, written) = there_and_back::<ErrorResponse>(&format!("error_{name}"));
        assert_eq!(written, expected, "{name}");
    }
    for name in ["phone_number", "phone_number_whole"] {
        let (expected, written) = there_and_back::<PhoneNumber>(name);
        assert_eq!(written, expected, "{name}");
    }
    for name in ["debug_token", "debug_token_expired"] {
        let (expected, written) = there_and_back::<TokenInfoResponse>(name);
        assert_eq!(written, expected, "{name}");
    }
    let (expected, written) = there_and_back::<Waba>("waba");
    assert_eq!(written, expected);
    let (expected, written) = there_and_back::<Page<MessageTemplate>>("templates_page");
    assert_eq!(written, expected);
    let (expected, written) = there_and_back::<Page<SubscribedApp>>("subscribed_apps");
    assert_eq!(written, expected);
}

#[test]
fn numbers_and_flags_are_read_however_they_are_written() {
    let number: PhoneNumber = serde_json::from_str(
        r#"{"id":200,"quality_rating":7,"is_pin_enabled":"true","is_on_biz_app":0,
            "throughput":[],"health_status":"?","webhook_configuration":null,"new":{}}"#,
    )
    .unwrap();
    let info: TokenInfoResponse = serde_json::from_str(
        r#"{"data":{"app_id":400,"is_valid":1,"expires_at":"1790000000","scopes":"?",
            "granular_scopes":[7,{"scope":"a","target_ids":[100,"101",null]}]}}"#,
    )
    .unwrap();

    assert_eq!((number.id.as_deref(), number.quality_rating.as_deref()), (Some("200"), Some("7")));
    assert_eq!((number.is_pin_enabled, number.is_on_biz_app), (Some(true), Some(false)));
    assert_eq!((number.health_status, number.webhook_configuration), (None, None));
    let info = info.data.unwrap();
    assert!(
        info.is_valid && matches!(info.expiry(), Expiry::At(at) if at.timestamp() == 1_790_000_000)
    );
    assert!(info.reaches("a", "100") && !info.reaches("a", "102") && !info.reaches("b", "100"));
}

#[test]
fn one_odd_field_does_not_hide_the_code_of_a_refusal() {
    let body = r#"{"error":{"code":"131026","message":7,"error_data":[1],"is_transient":"maybe",
        "error_subcode":null,"fbtrace_id":{},"type":null}}"#;

    let response: ErrorResponse = serde_json::from_str(body).unwrap();
    let failure = response.error.into_failure(400);

    assert_eq!(failure.code, Some(131_026));
    assert_eq!(failure.http_status, Some(400));
    assert_eq!(failure.title, "7");
}

#[test]
fn nothing_of_metas_texts_shows_in_debug_output() {
    let refusal: ErrorResponse =
        serde_json::from_slice(&fixture::read("responses/error_text_data")).unwrap();
    let accepted: SendResponse =
        serde_json::from_slice(&fixture::read("responses/send_accepted")).unwrap();
    let number: PhoneNumber =
        serde_json::from_slice(&fixture::read("responses/phone_number")).unwrap();

    let shown = format!("{refusal:?} {accepted:?} {number:?}");

    assert!(shown.contains("2388040") && shown.contains("CONNECTED"), "{shown}");
    for secret in ["Body is", "Character", "4155550101", "wamid.", "000-1111"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
