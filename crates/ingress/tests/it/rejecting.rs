use contracts::SignatureState;

use crate::world::{BODY, PATH, World, sign};

#[tokio::test]
async fn a_post_that_proves_nothing_is_refused_and_told_with_its_fault() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut events = world.events().await;
    let forged = sign("another secret", BODY.as_bytes());
    let of_another_body = sign(crate::world::SECRET, b"{}");
    let sha1 = "sha1=0123456789012345678901234567890123456789";
    let without_prefix = &forged["sha256=".len()..];

    for (header, state) in [
        (None, SignatureState::Missing),
        (Some(""), SignatureState::Malformed),
        (Some("sha256=12"), SignatureState::Malformed),
        (Some(sha1), SignatureState::Malformed),
        (Some(without_prefix), SignatureState::Malformed),
        (Some(&*forged), SignatureState::Mismatch),
        (Some(&*of_another_body), SignatureState::Mismatch),
    ] {
        let headers: Vec<_> =
            header.map(|value| ("x-hub-signature-256", value)).into_iter().collect();
        let answer = ingress.post(BODY, &headers).await;

        assert_eq!(answer.status(), 403, "{header:?}");
        let (event, routing_key) = events.next().await;
        assert_eq!(event.signature, state, "{header:?}");
        assert_eq!((event.scope, &*routing_key), (None, "rejected"));
        assert_eq!((event.body, event.repeats), (BODY.into(), 1));
    }
    ingress.end().await;
}

#[tokio::test]
async fn the_old_kind_of_signature_alone_proves_nothing() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);

    let answer = ingress.post(BODY, &[("x-hub-signature", "sha1=00")]).await;

    assert_eq!(answer.status(), 403);
    let (event, _) = world.events().await.next().await;
    assert_eq!(event.signature, SignatureState::Missing);
    ingress.end().await;
}

#[tokio::test]
async fn of_a_rejected_body_only_the_beginning_is_kept() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);
    let mut events = world.events().await;
    let body: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();

    for headers in [vec![], vec![("x-hub-signature-256", sign("another", &body))]] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(ingress.post(body.clone(), &headers).await.status(), 403);
        let (event, _) = events.next().await;
        assert!(event.body == body[..64 << 10], "{} bytes", event.body.len());
    }
    ingress.end().await;
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);

    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let answer = ingress.request(method.parse().unwrap(), PATH).await;
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(answer.headers()["allow"], "GET, POST");
    }
    for path in ["/", "/webhooks", "/webhooks/whatsapp/", "/v1/messages"] {
        assert_eq!(ingress.get(path).await.status(), 404, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ingress.get(path).await.status(), 200, "{path}");
    }
    ingress.end().await;
}
