use chrono::TimeDelta;
use domain::ids::{SecretId, TenantId};
use graph_api::signature::sign;
use uuid::Uuid;

use super::*;

const BODY: &[u8] = br#"{"entry":[{"id":"7"}]}"#;

fn connection(nth: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(nth))
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn secret(nth: u128, text: &str, retires_at: Until) -> AppSecret {
    AppSecret {
        secret_id: SecretId::from_uuid(Uuid::from_u128(nth)),
        connection_id: connection(nth),
        tenant_id: TenantId::from_uuid(Uuid::from_u128(nth)),
        secret: text.into(),
        webhook_token: None,
        created_at: now(),
        retires_at,
    }
}

fn url(nth: u128, waba_id: &str) -> WebhookUrl {
    WebhookUrl {
        connection_id: connection(nth),
        webhook_token: Some(format!("token-{nth}")),
        verify_token: Some(format!("verify-{nth}").into()),
        waba_ids: vec![waba_id.parse().unwrap()],
    }
}

fn keys(secrets: &[AppSecret]) -> Keys {
    Keys::new(&[url(1, "7"), url(2, "8")], secrets, &Coder::new())
}

fn signed(secret: &str) -> String {
    sign(&secret.into(), BODY)
}

fn named(waba_id: &str) -> BTreeSet<WabaId> {
    BTreeSet::from([waba_id.parse().unwrap()])
}

#[test]
fn an_address_is_proved_by_its_own_active_secrets_alone() {
    let soon = now() + TimeDelta::seconds(1);
    let keys = keys(&[secret(1, "new", None), secret(1, "old", Some(soon)), secret(2, "b", None)]);
    let address = keys.address("token-1").unwrap();

    for (text, at, proves) in [
        ("new", now(), true),
        ("old", now(), true),
        ("old", soon, false),
        ("b", now(), false),
        ("other", now(), false),
    ] {
        assert_eq!(address.prove(BODY, Some(&signed(text)), at), proves, "{text}");
    }
    assert!(keys.address("token-3").is_none());
    assert!(keys.address("token").is_none());
}

#[test]
fn at_the_shared_url_the_secret_that_fits_names_the_connection() {
    let keys = keys(&[secret(1, "a", None), secret(2, "b", None)]);
    let prove = |text: &str, waba_id: &str, scan: bool| {
        keys.prove(BODY, Some(&signed(text)), &named(waba_id), now(), || scan)
    };

    assert_eq!(prove("a", "7", false), Some(connection(1)));
    assert_eq!(prove("b", "7", true), Some(connection(2)), "what the body names proves nothing");
    assert_eq!(prove("b", "7", false), None, "nobody looked further");
    assert_eq!(prove("c", "7", true), None);
}

#[test]
fn a_retired_secret_proves_nothing_and_one_that_another_still_has_does() {
    let keys = keys(&[secret(1, "same", Some(now())), secret(2, "same", None)]);
    let header = signed("same");

    let proved = keys.prove(BODY, Some(&header), &named("7"), now(), || false);

    assert_eq!(proved, Some(connection(2)));
    assert!(!keys.address("token-1").unwrap().prove(BODY, Some(&header), now()));
}

#[test]
fn a_large_body_is_held_against_few_secrets() {
    let secrets: Vec<AppSecret> = (10..30).map(|n| secret(n, &n.to_string(), None)).collect();
    let keys = keys(&secrets);
    let body = vec![b'x'; 3 << 20];
    let prove = |text: &str| {
        let header = sign(&text.into(), &body);
        keys.prove(&body, Some(&header), &BTreeSet::new(), now(), || true)
    };

    assert_eq!(prove("10"), Some(connection(10)));
    assert_eq!(prove("29"), None);
}

#[test]
fn verify_tokens_are_known_one_by_one_and_all_together() {
    let coder = Coder::new();
    let keys = Keys::new(&[url(1, "7"), url(2, "8")], &[], &coder);
    let address = keys.address("token-1").unwrap();

    assert!(address.is_verify_token(&coder.code("verify-1")));
    assert!(!address.is_verify_token(&coder.code("verify-2")));
    assert!(keys.is_verify_token(&coder.code("verify-2")));
    assert!(!keys.is_verify_token(&coder.code("verify-3")));
}
