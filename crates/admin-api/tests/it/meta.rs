//! Meta's simulator, and a dispatcher that sends to it.

use std::time::Duration;

use dispatcher::{Config, RetryWaits};
use graph_api::client::GraphConfig;
use graph_sim::{Control, Fault, FaultKind};
use runtime::Stop;
use serde_json::json;
use test_support::backbone;
use tokio::task::JoinSet;

use crate::world::World;

pub(crate) struct Meta {
    pub(crate) sim: Control,
    pub(crate) base_url: String,
    running: JoinSet<anyhow::Result<()>>,
}

impl Meta {
    pub(crate) async fn new() -> Self {
        let local = graph_sim::Config::local("app secret", None);
        let sim = graph_sim::start(local, Stop::new()).await.unwrap();
        let base_url = sim.base_url();
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Self { sim: sim.control, base_url, running }
    }

    /// Sends what the world enqueues.
    pub(crate) fn dispatch(&mut self, world: &World) {
        let config = Config {
            graph: GraphConfig::new(&self.base_url, "v25.0").unwrap(),
            claim_lease: Duration::from_secs(60),
            retry_waits: RetryWaits::new(vec![Duration::from_secs(600)]).unwrap(),
            concurrency: 100,
            hold: Duration::from_secs(1),
            redis: world.bus.redis(),
            budget_reserved: 10,
        };
        let backbone = backbone(&world.db, &world.bus);
        let service = dispatcher::start(config, &backbone, Stop::new()).unwrap();
        self.running.spawn(service.task);
    }

    /// Answers every send with this error of Meta's.
    pub(crate) fn refuse(&self, code: i32) {
        let kind = Some(FaultKind::Error { code });
        self.sim.add_faults(&[Fault { kind, ..Fault::default() }]).unwrap();
    }

    /// Lets a person write to the world's number; gives the wamid.
    pub(crate) fn received(&self, world: &World) -> String {
        self.add_number(world.acme.phone_number_id.as_str());
        let inbound = json!({
            "phone_number_id": world.acme.phone_number_id, "from": "+14155552671", "text": "Hi",
        });
        self.sim.receive(&serde_json::from_value(inbound).unwrap()).unwrap()
    }

    pub(crate) fn add_number(&self, id: &str) {
        let number = json!({ "phone_number_id": id, "waba_id": "10001" });
        self.sim.add_number(serde_json::from_value(number).unwrap());
    }
}
