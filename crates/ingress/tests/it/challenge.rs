use crate::world::{PATH, TOKEN, World};

fn query(mode: &str, token: &str) -> String {
    format!("{PATH}?hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={token}")
}

#[tokio::test]
async fn the_challenge_is_echoed_to_whoever_knows_the_token() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);

    let answer = ingress.get(&query("subscribe", TOKEN)).await;

    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(answer.text().await.unwrap(), "1158201444");
    ingress.end().await;
}

#[tokio::test]
async fn another_token_another_mode_and_a_missing_parameter_are_refused() {
    let world = World::new().await;
    let ingress = world.ingress(&[]);

    for (query, status) in [
        (query("subscribe", "wrong"), 403),
        (query("subscribe", ""), 403),
        (query("unsubscribe", TOKEN), 403),
        (format!("{PATH}?hub.mode=subscribe&hub.verify_token={TOKEN}"), 400),
        (format!("{PATH}?hub.mode=subscribe&hub.challenge=1"), 400),
        (format!("{PATH}?hub.challenge=1&hub.verify_token={TOKEN}"), 400),
        (PATH.to_owned(), 400),
    ] {
        let answer = ingress.get(&query).await;
        assert_eq!(answer.status(), status, "{query}");
        assert!(!answer.text().await.unwrap().contains("1158201444"));
    }
    ingress.end().await;
}

#[tokio::test]
async fn the_challenge_is_answered_while_everything_else_is_away() {
    let world = World::new().await;
    let (bus, proxy) = world.bus.proxied().await;
    let backbone = backbone::Backbone { bus, ..world.backbone() };
    let ingress = crate::world::Ingress::start(&backbone, &[]);
    proxy.cut().await;
    world.db.close();

    let answer = ingress.get(&query("subscribe", TOKEN)).await;

    assert_eq!(answer.status(), 200);
    ingress.end().await;
}
