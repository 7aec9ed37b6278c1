use amqp::Queue;
use contracts::SignatureState;
use domain::scope::Scope;
use graph_api::signature;

use crate::world::{BODY, SECRET, World, changes, sign, statuses};

/// The bytes of `gzip` for an empty file.
const GZIP: [u8; 20] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[tokio::test]
async fn a_signed_post_is_on_the_bus_byte_for_byte_when_meta_is_told_200() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let body = statuses(1).replace("sent", r"s\u0065nt");

    let answer = ingress.signed(body.clone()).await;

    assert_eq!(answer.status(), 200);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 1);
    let (event, _) = world.events().await.next().await;
    assert_eq!(event.body, body);
    assert_eq!(event.signature, SignatureState::Valid);
    assert_eq!(event.scope, Some(Scope::Platform));
    assert_eq!(event.path, "platform");
    assert_eq!(event.repeats, 1);
    ingress.end().await;
}

#[tokio::test]
async fn known_bodies_with_their_known_signatures_are_taken() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let escaped = changes(r#"{"field":"x","value":{"t":"\u00e9"}}"#).replace("100", "1");
    let raw = escaped.replace(r"\u00e9", "é");

    for (body, digits) in [
        (BODY.to_owned(), "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"),
        (escaped, "3f3d13a19b919ba8e275f2dd0d594a8a930bb23d7fef096afe934976fff86121"),
        (raw, "9554d9c4b7f3463c786915288ec7986b2dc0b07213013250042e7b135cae531f"),
    ] {
        for digits in [digits.to_owned(), digits.to_uppercase()] {
            let header = format!("sha256={digits}");
            let answer = ingress.post(body.clone(), &[("x-hub-signature-256", &header)]).await;
            assert_eq!(answer.status(), 200, "{body}");
        }
    }
    ingress.end().await;
}

#[tokio::test]
async fn the_routing_key_names_what_a_post_carries() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut events = world.events().await;
    let status = r#"{"field":"messages","value":{"statuses":[{}]}}"#;
    let message = r#"{"field":"messages","value":{"messages":[{}]}}"#;
    let account = r#"{"field":"account_update","value":{}}"#;

    for (body, key) in [
        (changes(status), "statuses"),
        (changes(message), "messages"),
        (changes(account), "account"),
        (changes(&[account, message, status].join(",")), "statuses.messages.account"),
        (BODY.to_owned(), "none"),
        ("no JSON".to_owned(), "unparsed"),
        (String::new(), "unparsed"),
    ] {
        assert_eq!(ingress.signed(body.clone()).await.status(), 200, "{body}");
        let (event, routing_key) = events.next().await;
        assert_eq!((event.body, &*routing_key), (body.into(), key));
    }
    assert_eq!(world.bus.depth(Queue::StatusMapper).await.unwrap(), 2);
    ingress.end().await;
}

#[tokio::test]
async fn three_mebibytes_are_taken_and_one_byte_more_is_not() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut body = vec![b'x'; 3 << 20];

    assert_eq!(ingress.signed(body.clone()).await.status(), 200);
    let (event, routing_key) = world.events().await.next().await;
    assert!(event.body == body, "the body has changed");
    assert_eq!(routing_key, "unparsed");

    body.push(b'x');
    assert_eq!(ingress.signed(body).await.status(), 413);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 0);
    ingress.end().await;
}

#[tokio::test]
async fn a_thousand_updates_travel_as_one_post() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let body = statuses(1000);

    assert_eq!(ingress.signed(body.clone()).await.status(), 200);

    let (event, routing_key) = world.events().await.next().await;
    assert_eq!(event.body, body);
    assert_eq!(routing_key, "statuses");
    ingress.end().await;
}

#[tokio::test]
async fn a_compressed_body_is_never_expanded() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let signature = sign(SECRET, &GZIP);
    let headers = [(signature::HEADER, &*signature), ("content-encoding", "gzip")];

    let answer = ingress.post(GZIP, &headers).await;

    assert_eq!(answer.status(), 200);
    let (event, routing_key) = world.events().await.next().await;
    assert_eq!(event.body, &GZIP[..]);
    assert_eq!(routing_key, "unparsed");
    ingress.end().await;
}

#[tokio::test]
async fn during_a_rotation_both_secrets_are_good() {
    let world = World::new().await;
    let ingress = world.ingress(&[("META_APP_SECRET", "the_new_one,the_old_one")]);

    for (secret, status) in [("the_new_one", 200), ("the_old_one", 200), (SECRET, 403)] {
        let signature = sign(secret, BODY.as_bytes());
        let answer = ingress.post(BODY, &[(signature::HEADER, &signature)]).await;
        assert_eq!(answer.status(), status, "{secret}");
    }
    ingress.end().await;
}
