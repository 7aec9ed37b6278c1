//! Meta's simulator with an app, an account and a number of acme's.

use graph_api::client::{GraphClient, GraphConfig};
use graph_sim::{Control, ProfileSpec, Scenario, TokenSpec};
use runtime::Stop;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::{Running, World};

pub(crate) const APP: &str = "400";
const SECRET: &str = "secret-of-the-platform";
pub(crate) const TOKEN: &str = "token-1";
pub(crate) const WABA: &str = "10001";
pub(crate) const NUMBER: &str = "20001";

pub(crate) struct Meta {
    pub(crate) sim: Control,
    pub(crate) base_url: String,
    _running: JoinSet<anyhow::Result<()>>,
}

/// Everything in order.
pub(crate) fn scenario() -> Value {
    json!({
        "open": false,
        "numbers": [{
            "phone_number_id": NUMBER, "waba_id": WABA, "display_phone_number": "15550001111",
            "portfolio_id": "777", "mps": 80,
        }],
        "templates": [
            { "name": "order_ready", "language": "en_US", "category": "utility",
              "parameter_format": "POSITIONAL", "components": [
                { "type": "BODY", "text": "Your order {{1}} is ready." }] },
            { "name": "login", "language": "de", "category": "authentication",
              "status": "REJECTED", "rejected_reason": "SCAM" },
        ],
        "accounts": {
            "apps": [{ "app_id": APP, "app_secret": SECRET }],
            "wabas": [{ "waba_id": WABA, "name": "Acme", "portfolio_id": "777",
                        "subscribed_apps": [{ "app_id": APP }] }],
            "tokens": [{ "token": TOKEN, "app_id": APP, "waba_ids": [WABA] }],
        },
    })
}

impl Meta {
    pub(crate) async fn new() -> Self {
        Self::of(scenario()).await
    }

    pub(crate) async fn of(scenario: Value) -> Self {
        let mut config = graph_sim::Config::local("app secret", None);
        config.scenario = Scenario::parse(&serde_json::to_vec(&scenario).unwrap()).unwrap();
        let sim = graph_sim::start(config, Stop::new()).await.unwrap();
        let base_url = sim.base_url();
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Self { sim: sim.control, base_url, _running: running }
    }

    /// Starts the service, which asks here; once an hour, and when told to.
    pub(crate) fn start(&self, world: &World, settings: &[(&str, &str)]) -> Running {
        let mut all = vec![
            ("GRAPH_API_BASE_URL", self.base_url.as_str()),
            ("META_APP_ID", APP),
            ("META_APP_SECRET", SECRET),
            ("WAYPOST_SYNC_INTERVAL_S", "3600"),
        ];
        all.extend(settings);
        world.start_with(&all)
    }

    /// Meta's side, for what only an app can do.
    pub(crate) fn client(&self) -> GraphClient {
        GraphClient::new(&GraphConfig::new(&self.base_url, "v25.0").unwrap()).unwrap()
    }

    /// Puts acme's token anew, changed.
    pub(crate) fn token(&self, change: impl FnOnce(&mut TokenSpec)) {
        let mut token = TokenSpec::granting(TOKEN, APP, &[WABA]);
        change(&mut token);
        self.sim.add_token(&token).unwrap();
    }

    /// Changes how acme's number stands, without a webhook.
    pub(crate) fn profile(&self, change: impl FnOnce(&mut ProfileSpec)) {
        let mut profile = ProfileSpec::of(NUMBER);
        change(&mut profile);
        self.sim.set_profile(profile);
    }

    /// Changes the scenario.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Scenario)) {
        let mut scenario = self.sim.scenario();
        change(&mut scenario);
        self.sim.set_scenario(scenario).unwrap();
    }
}
