use std::time::{Duration, Instant};

use amqp::Queue;
use backbone::Backbone;
use contracts::WebhookReceived;
use store::{Db, DbConfig, spool};
use test_support::proxy::Proxy;
use test_support::{TestDb, eventually, vault};
use url::Url;

use crate::world::{BODY, Ingress, World, statuses};

/// The same database, through a network that can fail.
async fn proxied(db: &TestDb) -> (Db, Proxy) {
    let mut url = Url::parse(&db.url()).unwrap();
    let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let proxy = Proxy::start(target).await;
    url.set_host(Some(&proxy.addr().ip().to_string())).unwrap();
    url.set_port(Some(proxy.addr().port())).unwrap();
    (Db::new(&DbConfig::new(url)).unwrap(), proxy)
}

async fn spooled(world: &World) -> Vec<(WebhookReceived, String)> {
    let page = spool::oldest(&world.connection().await, &vault(), None, 100).await.unwrap();
    let read = |row: spool::Spooled| {
        let event = WebhookReceived::decode(&row.envelope).unwrap();
        assert_eq!(event.event_id, row.event_id);
        (event, row.routing_key)
    };
    page.spooled.into_iter().map(read).collect()
}

#[tokio::test]
async fn while_the_broker_is_away_a_post_is_kept_in_postgres() {
    let world = World::new().await;
    let (bus, broker) = world.bus.proxied().await;
    let ingress = Ingress::start(&Backbone { bus: bus.clone(), ..world.backbone() }, &[]);
    broker.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;

    let begun = Instant::now();
    let answer = ingress.signed(statuses(2)).await;

    assert_eq!(answer.status(), 200);
    assert!(begun.elapsed() < Duration::from_millis(1500), "it waited for a bus known to be away");
    let kept = spooled(&world).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((&*kept[0].0.body, &*kept[0].1), (statuses(2).as_bytes(), "statuses"));
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 0);

    broker.restore().await;
    eventually("the bus is back", async || bus.connected()).await;
    assert_eq!(ingress.signed(BODY).await.status(), 200);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 1);
    ingress.end().await;
}

#[tokio::test]
async fn a_publish_that_is_not_confirmed_in_time_is_no_reason_for_200() {
    let world = World::new().await;
    let (bus, broker) = world.bus.proxied().await;
    let settings = [("WAYPOST_INGRESS_PUBLISH_TIMEOUT_S", "0.3")];
    let ingress = Ingress::start(&Backbone { bus, ..world.backbone() }, &settings);
    assert_eq!(ingress.signed(BODY).await.status(), 200);
    broker.stall();

    let begun = Instant::now();
    let answer = ingress.signed(statuses(1)).await;

    assert_eq!(answer.status(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(300), "it did not wait for the confirm");
    assert_eq!(spooled(&world).await.len(), 1);
    broker.resume();
    ingress.end().await;
}

#[tokio::test]
async fn meta_is_told_503_when_a_post_can_be_kept_nowhere() {
    let world = World::new().await;
    let (bus, broker) = world.bus.proxied().await;
    let (db, postgres) = proxied(&world.db).await;
    let ingress = Ingress::start(&Backbone { bus: bus.clone(), db, ..world.backbone() }, &[]);
    broker.cut().await;
    postgres.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;

    let answer = ingress.signed(BODY).await;

    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "10");
    assert!(spooled(&world).await.is_empty());

    postgres.restore().await;
    assert_eq!(ingress.signed(BODY).await.status(), 200);
    assert_eq!(spooled(&world).await.len(), 1);
    ingress.end().await;
}

#[tokio::test]
async fn the_answer_comes_in_time_when_both_are_black_holes() {
    let world = World::new().await;
    let (bus, broker) = world.bus.proxied().await;
    let (db, postgres) = proxied(&world.db).await;
    let settings =
        [("WAYPOST_INGRESS_PUBLISH_TIMEOUT_S", "0.3"), ("WAYPOST_INGRESS_SPOOL_TIMEOUT_S", "0.3")];
    let ingress = Ingress::start(&Backbone { bus, db, ..world.backbone() }, &settings);
    broker.stall();
    postgres.stall();

    let begun = Instant::now();
    let answer = ingress.signed(BODY).await;

    assert_eq!(answer.status(), 503);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    broker.resume();
    postgres.resume();
    ingress.end().await;
}

#[tokio::test]
async fn without_postgres_the_bus_is_enough() {
    let world = World::new().await;
    let (db, postgres) = proxied(&world.db).await;
    let ingress = Ingress::start(&Backbone { db, ..world.backbone() }, &[]);
    postgres.cut().await;

    assert_eq!(ingress.signed(BODY).await.status(), 200);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 1);
    ingress.end().await;
}

#[tokio::test]
async fn a_rejected_post_is_told_of_after_an_outage_too() {
    let world = World::new().await;
    let (bus, broker) = world.bus.proxied().await;
    let ingress = Ingress::start(&Backbone { bus: bus.clone(), ..world.backbone() }, &[]);
    broker.cut().await;
    eventually("the loss is noticed", async || !bus.connected()).await;

    assert_eq!(ingress.post(BODY, &[]).await.status(), 403);

    let kept = spooled(&world).await;
    assert_eq!((kept[0].0.scope, &*kept[0].1), (None, "rejected"));
    ingress.end().await;
}
