//! An environment of its own for the built binary, and the simulator in the test's process.

use std::collections::BTreeMap;
use std::process::{Output, Stdio};

use graph_sim::{Control, Scenario};
use runtime::{Env, Stop};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{TestBus, TestDb};
use tokio::process::Command;
use tokio::task::JoinSet;

pub(crate) const PHONE_NUMBER_ID: &str = "106540352242922";
pub(crate) const WABA_ID: &str = "102290129340398";
pub(crate) const ACCESS_TOKEN: &str = "EAAJB-secret-access-token";
pub(crate) const APP_SECRET: &str = "5ecret-of-the-app";
pub(crate) const VERIFY_TOKEN: &str = "secret-verify-token";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A database without schema, queues, and the variables of a process that uses them.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) bus: TestBus,
    variables: BTreeMap<String, String>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (db, bus) = (TestDb::empty().await, TestBus::new().await);
        let process = Env::process();
        let mut world =
            Self { db, bus, variables: BTreeMap::new(), folder: TempDir::new().unwrap() };
        for name in ["PATH", "HOME"] {
            world.set(name, &process.optional(name).unwrap_or_default());
        }
        let folder = world.folder.path().to_str().unwrap().to_owned();
        world.set("TMPDIR", &folder);
        let (url, broker) = (world.db.url(), world.bus.config().clone());
        world.set("DATABASE_URL", &url);
        world.set("AMQP_URL", &broker.url);
        let redis = world.bus.redis().url;
        world.set("REDIS_URL", &redis);
        world.set("WAYPOST_AMQP_PREFIX", &broker.prefix);
        for (name, value) in [
            ("CREDENTIAL_ENCRYPTION_KEY", KEY),
            ("META_APP_SECRET", APP_SECRET),
            ("META_VERIFY_TOKEN", VERIFY_TOKEN),
            ("WAYPOST_INGRESS_ADDR", "127.0.0.1:0"),
            ("WAYPOST_ADMIN_ADDR", "127.0.0.1:0"),
            ("WAYPOST_SIM_ADDR", "127.0.0.1:0"),
            // Nobody is there: a test that needs Meta says where its simulator is.
            ("GRAPH_API_BASE_URL", "http://127.0.0.1:1"),
        ] {
            world.set(name, value);
        }
        world
    }

    /// A world whose tenant `default` has a number.
    pub(crate) async fn with_number() -> Self {
        let mut world = Self::new().await;
        world.set("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID);
        world.set("WHATSAPP_BUSINESS_ACCOUNT_ID", WABA_ID);
        world.set("WHATSAPP_ACCESS_TOKEN", ACCESS_TOKEN);
        world
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// The variables of this world and no others.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(&self.variables).kill_on_drop(true);
        command.stdin(Stdio::null());
        command
    }

    /// Runs the command line to its end.
    pub(crate) async fn waypost(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_waypost"), arguments).output().await.unwrap()
    }

    /// Runs the command line, which must succeed, and gives what it printed.
    pub(crate) async fn done(&self, arguments: &[&str]) -> String {
        let output = self.waypost(arguments).await;
        let (out, errors) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {errors}");
        out
    }
}

/// A simulator that has our number, and posts its webhooks to `ingress`.
pub(crate) struct Meta {
    pub(crate) control: Control,
    pub(crate) base_url: String,
    _running: JoinSet<anyhow::Result<()>>,
}

impl Meta {
    /// `special` goes into the scenario.
    pub(crate) async fn new(ingress: &str, special: Value) -> Self {
        let mut scenario = json!({
            "numbers": [{ "phone_number_id": PHONE_NUMBER_ID, "waba_id": WABA_ID, "mps": 80 }],
            "webhooks": { "redelivery": { "first_ms": 200, "longest_ms": 500 } },
        });
        scenario.as_object_mut().unwrap().extend(special.as_object().unwrap().clone());
        let webhooks = format!("http://{ingress}/webhooks/whatsapp");
        let mut config = graph_sim::Config::local(APP_SECRET, Some(webhooks));
        config.scenario = Scenario::parse(scenario.to_string().as_bytes()).unwrap();
        let sim = graph_sim::start(config, Stop::new()).await.unwrap();
        let base_url = sim.base_url();
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Self { control: sim.control, base_url, _running: running }
    }
}

/// A local address that nobody has at this moment.
pub(crate) fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
