use test_support::eventually;
use test_support::proxy::Proxy;
use url::Url;

use crate::process::Up;
use crate::world::World;

/// Starts while a server is away: the variable that names it, and what the log says meanwhile.
async fn comes_up_by_itself(variable: &str, url: &str, port: u16, says: &str) {
    let mut world = World::with_number().await;
    let mut url: Url =
        if variable == "DATABASE_URL" { world.db.url() } else { url.to_owned() }.parse().unwrap();
    let host = url.host_str().unwrap().to_owned();
    let proxy = Proxy::start(format!("{host}:{}", url.port().unwrap_or(port))).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.addr().port())).unwrap();
    world.set(variable, url.as_str());
    proxy.cut().await;

    let mut up = Up::spawn(&world, &[]);
    eventually("the log says what is waited for", async || up.log().contains(says)).await;
    proxy.restore().await;

    up.ready().await;
    let (status, _, log) = up.terminate().await;
    assert!(status.success(), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_at_the_start_is_waited_for() {
    comes_up_by_itself("DATABASE_URL", "", 5432, "waiting for postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_at_the_start_is_waited_for() {
    let bus = test_support::TestBus::new().await;
    let url = bus.config().url.clone();
    comes_up_by_itself("AMQP_URL", &url, 5672, "waiting for the broker").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_at_the_start_is_waited_for() {
    let bus = test_support::TestBus::new().await;
    comes_up_by_itself("REDIS_URL", &bus.redis().url, 6379, "waiting for redis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_it_waits_ends_it_in_order() {
    let mut world = World::new().await;
    let proxy = Proxy::start("127.0.0.1:1").await;
    proxy.cut().await;
    world.set("DATABASE_URL", &format!("postgres://postgres@{}/x", proxy.addr()));

    let up = Up::spawn(&world, &[]);
    eventually("it waits", async || up.log().contains("waiting for postgres")).await;
    let (status, _, log) = up.terminate().await;

    assert!(status.success(), "{log}");
}
