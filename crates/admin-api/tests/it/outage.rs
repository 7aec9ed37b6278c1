use std::net::SocketAddr;
use std::time::Duration;

use backbone::Backbone;
use domain::lane::Lane;
use insta::assert_snapshot;
use store::{Db, DbConfig};
use test_support::proxy::Proxy;
use test_support::{TestBus, TestDb, eventually};
use url::Url;

use crate::world::World;

/// The same database, behind a network that can fail.
async fn proxied(db: &TestDb) -> (Db, Proxy) {
    let mut url = Url::parse(&db.url()).unwrap();
    let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let proxy = Proxy::start(target).await;
    let addr: SocketAddr = proxy.addr();
    url.set_ip_host(addr.ip()).unwrap();
    url.set_port(Some(addr.port())).unwrap();
    let config = DbConfig { timeout: Duration::from_secs(1), ..DbConfig::new(url) };
    (Db::new(&config).unwrap(), proxy)
}

#[tokio::test]
async fn without_the_broker_a_message_is_accepted_and_left_to_the_sweep() {
    let (db, bus) = (TestDb::new().await, TestBus::new().await);
    let (distant, network) = bus.proxied().await;
    let world = World::on(db, bus, |real| Backbone { bus: distant.clone(), ..real }).await;
    network.cut().await;
    eventually("the loss is noticed", async || !distant.connected()).await;

    let first = world.enqueued().await;
    let second = world.enqueued().await;

    // They are due at once, not when the grace of a lost publish is over.
    let client = world.db.client().await.unwrap();
    let due = store::messages::take_due(&client, 10, runtime::now()).await.unwrap();
    let mut ids: Vec<_> = due.iter().map(|due| due.message_id).collect();
    ids.sort();
    assert_eq!(ids, [first, second]);
    drop(client);

    network.restore().await;
    eventually("the connection is back", async || distant.connected()).await;
    let third = world.enqueued().await;
    let jobs = world.jobs(Lane::Normal, 1).await;
    assert_eq!(jobs[0].message_id, third);
    world.end().await;
}

#[tokio::test]
async fn without_the_database_nothing_is_accepted_and_the_caller_is_told_to_come_again() {
    let (db, bus) = (TestDb::new().await, TestBus::new().await);
    let (distant, network) = proxied(&db).await;
    let world = World::on(db, bus, |real| Backbone { db: distant, ..real }).await;
    let id = world.enqueued().await;
    network.cut().await;

    let post = world.post("/v1/messages", &world.text()).await;
    let get = world.get(&format!("/v1/messages/{id}")).await;

    assert_snapshot!(post.show(), @r#"
    503 application/problem+json
    {
      "detail": "something that is needed for the answer is away; nothing was done, ask again",
      "request_id": "<request_id>",
      "status": 503,
      "title": "Not available now",
      "type": "urn:waypost:problem:unavailable"
    }
    "#);
    assert_eq!(post.header("retry-after"), "5");
    assert_eq!(get.status, 503);
    network.restore().await;
    eventually("messages are accepted again", async || {
        world.post("/v1/messages", &world.text()).await.status == 202
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn publications_wait_for_the_database_in_the_hands_of_their_worker() {
    let (db, bus) = (TestDb::new().await, TestBus::new().await);
    let (distant, network) = proxied(&db).await;
    let world = World::on(db, bus, |real| Backbone { db: distant, ..real }).await;
    network.cut().await;

    let one = crate::bus::publish(&world, &crate::bus::notification(&world), None).await;
    eventually("a worker has it", async || {
        world.bus.depth(amqp::Queue::Notify).await.unwrap() == 0
    })
    .await;
    assert!(world.messages().await.is_empty(), "{one}");
    network.restore().await;

    eventually("it is enqueued", async || world.messages().await.len() == 1).await;
    world.end().await;
}
