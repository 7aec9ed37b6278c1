//! The limit on management calls, at the simulator.

use backbone::ManagementConfig;
use domain::ids::WabaId;
use graph_api::client::{App, GraphClient, GraphConfig};
use graph_api::error::{ApiFailure, Obstacle, obstacle};
use graph_sim::{Control, Scenario};
use runtime::Stop;
use secrecy::SecretString;
use serde_json::json;
use test_support::TestBus;
use test_support::proxy::Proxy;
use tokio::task::JoinSet;

const APP: &str = "400";
const TOKEN: &str = "token-1";
const NOT_ACTIVE: &str = "10001";
const ANOTHER: &str = "10002";

/// Meta, and who asks it.
struct World {
    sim: Control,
    graph: GraphConfig,
    bus: TestBus,
    _running: JoinSet<anyhow::Result<()>>,
}

impl World {
    /// Two accounts without a registered number.
    async fn new() -> Self {
        let scenario = json!({
            "open": false,
            "accounts": {
                "apps": [{ "app_id": APP, "app_secret": "secret" }],
                "wabas": [{ "waba_id": NOT_ACTIVE }, { "waba_id": ANOTHER }],
                "tokens": [{ "token": TOKEN, "app_id": APP, "waba_ids": [NOT_ACTIVE, ANOTHER] }],
            },
        });
        let mut config = graph_sim::Config::local("app secret", None);
        config.scenario = Scenario::parse(&serde_json::to_vec(&scenario).unwrap()).unwrap();
        let sim = graph_sim::start(config, Stop::new()).await.unwrap();
        let graph = GraphConfig::new(&sim.base_url(), "v25.0").unwrap();
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Self { sim: sim.control, graph, bus: TestBus::new().await, _running: running }
    }

    fn config(&self) -> ManagementConfig {
        let app_id = Some(APP.parse().unwrap());
        ManagementConfig { redis: self.bus.redis(), reserved: 20, app_id }
    }

    fn person(&self) -> GraphClient {
        self.config().for_persons(&self.graph).unwrap()
    }

    fn background(&self) -> GraphClient {
        self.config().for_background(&self.graph).unwrap()
    }

    /// How often Meta has said that it was too much.
    fn throttled(&self) -> u64 {
        self.sim.stats().refused.get(&80_007).copied().unwrap_or(0)
    }
}

async fn ask(client: &GraphClient, waba_id: &str) -> Result<(), ApiFailure> {
    let waba_id: WabaId = waba_id.parse().unwrap();
    client.waba(&waba_id, &SecretString::from(TOKEN)).await.map(drop)
}

/// How many calls are answered until one is not, and that one.
async fn calls(clients: &[&GraphClient], waba_id: &str) -> (usize, ApiFailure) {
    for made in 0..1_000 {
        if let Err(refused) = ask(clients[made % clients.len()], waba_id).await {
            return (made, refused);
        }
    }
    panic!("nobody refuses");
}

#[tokio::test]
async fn two_that_ask_together_never_exceed_what_meta_allows_and_another_account_is_free() {
    let world = World::new().await;
    let (one, other) = (world.person(), world.person());

    let (made, refused) = calls(&[&one, &other], NOT_ACTIVE).await;

    assert_eq!((made, world.throttled()), (200, 0));
    assert_eq!((refused.http_status, refused.code), (None, Some(80_007)));
    assert_eq!(obstacle(&refused), Obstacle::Throttled);
    assert!(refused.retry_after.is_some());
    ask(&other, ANOTHER).await.unwrap();
}

#[tokio::test]
async fn a_person_has_its_calls_when_the_polls_have_used_theirs() {
    let world = World::new().await;
    let (polls, person) = (world.background(), world.person());

    let (by_polls, _) = calls(&[&polls], NOT_ACTIVE).await;
    let (by_person, _) = calls(&[&person], NOT_ACTIVE).await;

    assert!((150..=160).contains(&by_polls), "{by_polls}");
    assert_eq!((by_polls + by_person, world.throttled()), (200, 0));
}

#[tokio::test]
async fn each_page_of_a_list_is_a_call() {
    let world = World::new().await;
    let person = world.person();
    let waba_id: WabaId = NOT_ACTIVE.parse().unwrap();
    for _ in 0..199 {
        ask(&person, NOT_ACTIVE).await.unwrap();
    }

    person.phone_numbers(&waba_id, &SecretString::from(TOKEN)).await.unwrap();

    ask(&person, NOT_ACTIVE).await.unwrap_err();
    assert_eq!(world.throttled(), 0);
}

#[tokio::test]
async fn metas_refusal_closes_the_account_for_all_as_long_as_it_says() {
    let world = World::new().await;
    let (one, other) = (world.person(), world.person());
    // Somebody else uses the same app.
    let stranger = GraphClient::new(&world.graph).unwrap();
    for _ in 0..200 {
        ask(&stranger, NOT_ACTIVE).await.unwrap();
    }

    let refused = ask(&one, NOT_ACTIVE).await.unwrap_err();
    assert_eq!((refused.code, world.throttled()), (Some(80_007), 1));
    let told = refused.retry_after.unwrap().as_secs();
    assert!((59 * 60..=60 * 60).contains(&told), "{told}");

    let refused = ask(&other, NOT_ACTIVE).await.unwrap_err();
    assert_eq!((refused.http_status, world.throttled()), (None, 1));
    assert!(refused.retry_after.unwrap().as_secs() > 58 * 60);
    ask(&other, ANOTHER).await.unwrap();
}

#[tokio::test]
async fn what_concerns_no_account_is_asked_when_an_account_is_closed() {
    let world = World::new().await;
    let person = world.person();
    calls(&[&person], NOT_ACTIVE).await;
    let (app_id, app_secret) = (APP.parse().unwrap(), SecretString::from("secret"));
    let app = App { app_id: &app_id, app_secret: &app_secret };

    let info = person.debug_token(app, &SecretString::from(TOKEN)).await.unwrap();

    assert!(info.is_valid);
}

#[tokio::test]
async fn a_redis_that_is_flushed_or_away_costs_at_most_a_quarter_more() {
    let world = World::new().await;
    let redis = world.bus.redis().url;
    let proxy = Proxy::start(redis.trim_start_matches("redis://").trim_end_matches('/')).await;
    let mut config = world.config();
    config.redis.url = format!("redis://{}", proxy.addr());
    let one = config.for_persons(&world.graph).unwrap();
    let other = config.for_persons(&world.graph).unwrap();
    calls(&[&one, &other], NOT_ACTIVE).await;

    world.bus.forget_limits().await;
    // All at once, before Meta can tell with its first answer how much is used.
    let mut asking = JoinSet::new();
    for nth in 0..120 {
        let client = if nth % 2 == 0 { one.clone() } else { other.clone() };
        asking.spawn(async move { ask(&client, NOT_ACTIVE).await });
    }
    assert!(asking.join_all().await.iter().all(Result::is_err));
    let after_the_flush = world.throttled();
    assert!((1..=50).contains(&after_the_flush), "{after_the_flush}");

    proxy.cut().await;
    calls(&[&one, &other], NOT_ACTIVE).await;
    assert_eq!(world.throttled(), after_the_flush, "each remembers Meta's word");
    // A process that begins now has not heard of Meta's word, and takes its share.
    let third = config.for_persons(&world.graph).unwrap();
    let (made, _) = calls(&[&third], ANOTHER).await;
    assert!((1..=50).contains(&made), "{made}");
}
