use backbone::Backbone;
use test_support::{Lines, eventually};
use tracing_subscriber::EnvFilter;

use crate::world::{Ingress, PATH, World, sign};

/// The log of the whole process, as talkative as a configuration can make it.
fn capture() -> Lines {
    let lines = Lines::default();
    let filter = "info,ingress=trace,runtime=trace,amqp=trace,store=trace,backbone=trace";
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(lines.clone())
        .init();
    lines
}

#[tokio::test]
async fn no_log_line_holds_a_secret_a_token_a_body_or_a_query() {
    let lines = capture();
    let world = World::new().await;
    let (bus, broker) = world.bus.proxied().await;
    let settings = [("META_APP_SECRET", "s3cret-of-app"), ("META_VERIFY_TOKEN", "s3cret-token")];
    let ingress = Ingress::start(&Backbone { bus: bus.clone(), ..world.backbone() }, &settings);
    let ingress = ingress.ready().await;
    let body = r#"{"entry":[{"s3cret-body":"+14155550101"}]}"#;
    let valid = sign("s3cret-of-app", body.as_bytes());
    let forged = sign("another", body.as_bytes());

    let query = "hub.mode=subscribe&hub.challenge=s3cret-challenge&hub.verify_token=s3cret-token";
    assert_eq!(ingress.get(&format!("{PATH}?{query}")).await.status(), 200);
    assert_eq!(ingress.get(&format!("{PATH}?{query}-wrong")).await.status(), 403);
    assert_eq!(ingress.get(&format!("{PATH}/s3cret-path?{query}")).await.status(), 404);
    for (signature, status) in [(&*valid, 200), (&*forged, 403), ("s3cret-header", 403)] {
        let answer = ingress.post(body, &[("x-hub-signature-256", signature)]).await;
        assert_eq!(answer.status(), status);
    }
    broker.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;
    assert_eq!(ingress.post(body, &[("x-hub-signature-256", &valid)]).await.status(), 200);
    world.db.close();
    assert_eq!(ingress.post(body, &[("x-hub-signature-256", &valid)]).await.status(), 503);
    ingress.end().await;

    let text = lines.text();
    assert!(text.contains("Signature did not match any active integration secret"), "{text}");
    assert!(text.contains("The signature header is malformed"));
    assert!(text.contains("a POST can be kept nowhere"));
    assert!(text.contains("answered 200"));
    for secret in ["s3cret", "14155550101", &valid[7..], &forged[7..], "hub."] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
