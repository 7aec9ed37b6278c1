//! The service in its world.

use account_sync::Config;
use amqp::Queue;
use domain::ids::TenantId;
use domain::role::Role;
use domain::scope::Scope;
use runtime::{Env, Stop};
use serde_json::Value;
use store::notifications::{self, Notification, Reader, State};
use test_support::{Sender, TestBus, TestDb, backbone, eventually, sender};
use tokio::task::JoinHandle;

use crate::posts;

pub(crate) struct World {
    pub(crate) bus: TestBus,
    pub(crate) db: TestDb,
    pub(crate) acme: Sender,
}

/// A service that runs until it is told to end.
pub(crate) struct Running {
    task: JoinHandle<anyhow::Result<()>>,
    stop: Stop,
}

impl Running {
    /// Stops softly.
    pub(crate) async fn end(self) {
        self.stop.stop();
        self.task.await.unwrap().unwrap();
    }
}

impl World {
    /// One tenant with one number, which nobody has read from Meta yet.
    pub(crate) async fn new() -> Self {
        let (db, bus) = (TestDb::new().await, TestBus::new().await);
        let client = db.client().await.unwrap();
        let acme = sender(&client, "acme", 1).await;
        let world = Self { bus, db, acme };
        world.execute("UPDATE phone_numbers SET display_phone_number = '+1 555-000-1111'").await;
        // A test says itself when Meta is asked.
        world.execute("UPDATE connections SET sync_due_at = now() + interval '1 day'").await;
        world
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.db.client().await.unwrap().batch_execute(sql).await.unwrap();
    }

    /// The one column that a query selects of one row, as JSON.
    pub(crate) async fn value(&self, query: &str) -> Value {
        let client = self.db.client().await.unwrap();
        let row = client.query_one(&format!("SELECT to_jsonb(({query})) AS told"), &[]).await;
        row.unwrap().get::<_, Option<Value>>("told").unwrap_or_default()
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(&[])
    }

    /// Where `settings` do not say where Meta is, nobody is there.
    pub(crate) fn start_with(&self, settings: &[(&str, &str)]) -> Running {
        let stop = Stop::new();
        let nowhere = [("GRAPH_API_BASE_URL", "http://127.0.0.1:1")];
        let settings = nowhere.iter().chain(settings).copied();
        let env = Env::of(settings)
            .with("WAYPOST_AMQP_PREFIX", self.bus.config().prefix.clone())
            .with_default("REDIS_URL", self.bus.redis().url);
        let config = Config::from_env(&env).unwrap();
        let backbone = backbone(&self.db, &self.bus);
        let service = account_sync::start(&config, &backbone, stop.clone()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test ends it")]
        let task = tokio::spawn(service.task);
        Running { task, stop }
    }

    /// Publishes a change of acme's account that the platform's app has signed.
    pub(crate) async fn tell(&self, second: i64, field: &str, value: &Value) {
        let body = posts::post(self.acme.waba_id.as_str(), second, field, value);
        posts::publish(&self.bus, Some(Scope::Platform), body).await;
    }

    /// The notifications of a tenant that have not healed.
    pub(crate) async fn open(&self, tenant_id: TenantId) -> Vec<Notification> {
        let reader = Reader {
            tenant_id,
            reader: "test",
            roles: &Role::ALL,
            state: State::Open,
            only_unread: false,
            before: None,
        };
        notifications::list(&self.db.client().await.unwrap(), &reader, 100).await.unwrap()
    }

    /// The open notification of a kind, if there is one.
    pub(crate) async fn trouble(&self, kind: &str) -> Option<Notification> {
        let open = self.open(self.acme.tenant_id).await;
        open.into_iter().find(|notification| notification.kind == kind)
    }

    /// Makes Meta be asked about acme's connection now.
    pub(crate) async fn due(&self) {
        self.execute("UPDATE connections SET sync_due_at = now() WHERE kind = 'platform'").await;
    }

    /// Asks Meta about acme's connection, and waits until all of it is written and judged.
    pub(crate) async fn ask(&self) {
        const TURN: &str =
            "SELECT jsonb_build_array(sync_begun_at, sync_lease_until) FROM connections
                            WHERE kind = 'platform'";
        let before = self.value(TURN).await;
        self.due().await;
        eventually("Meta was asked", async || {
            let turn = self.value(TURN).await;
            turn[0] != before[0] && turn[1].is_null()
        })
        .await;
    }

    /// The kinds of what is open and needs somebody, and the state of the connection.
    pub(crate) async fn standing(&self) -> (Vec<String>, Value) {
        let open = self.open(self.acme.tenant_id).await;
        let mut kinds: Vec<String> = open.into_iter().map(|told| told.kind).collect();
        kinds.sort();
        let status = "SELECT status FROM connections WHERE kind = 'platform'";
        (kinds, self.value(status).await)
    }

    /// Waits until every POST that was published has been judged.
    pub(crate) async fn drained(&self) {
        eventually("the queue is empty", async || {
            self.bus.depth(Queue::AccountSync).await.unwrap() == 0
        })
        .await;
    }

    /// Waits until a query answers `expected`.
    pub(crate) async fn becomes(&self, query: &str, expected: Value) {
        eventually(&format!("{query} is {expected}"), async || self.value(query).await == expected)
            .await;
    }
}
