//! Own apps: what Meta bears out is connected, what it does not is told in words to act on.

mod calls;
mod claims;
mod failures;
mod health;
mod secrets;

use graph_sim::{Control, Scenario};
use reqwest::Method;
use serde_json::{Value, json};

use crate::meta::Meta;
use crate::world::{Answer, World};

const APP: &str = "401";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "EAAown";

/// Account 110 has the numbers 210 and 211 and belongs to app 401; account 120 to app 402.
fn scenario() -> Value {
    json!({
        "open": false,
        "numbers": [
            {"phone_number_id": "210", "waba_id": "110", "portfolio_id": "300"},
            {"phone_number_id": "211", "waba_id": "110", "portfolio_id": "300"},
            {"phone_number_id": "220", "waba_id": "120"},
        ],
        "accounts": {
            "apps": [
                {"app_id": APP, "app_secret": SECRET, "name": "Own"},
                {"app_id": "402", "app_secret": "f".repeat(32), "name": "Other"},
            ],
            "wabas": [{"waba_id": "110", "name": "Shop"}],
            "tokens": [
                {"token": TOKEN, "app_id": APP, "waba_ids": ["110"]},
                {"token": "EAAnewer", "app_id": APP, "waba_ids": ["110"]},
                {"token": "EAAended", "app_id": APP, "waba_ids": ["110"], "expires_in_s": 0},
                {"token": "EAAother", "app_id": "402", "waba_ids": ["120"]},
                {"token": "EAAelsewhere", "app_id": APP, "waba_ids": ["120"]},
                {"token": "EAAsends", "app_id": APP, "waba_ids": ["110"],
                    "scopes": ["whatsapp_business_messaging"]},
            ],
        },
    })
}

/// The API before a Meta with that scenario.
struct Shop {
    world: World,
    meta: Meta,
}

impl Shop {
    async fn new() -> Self {
        let meta = Meta::new().await;
        set(&meta.sim, &scenario());
        let world = World::asking(&meta.base_url).await;
        Self { world, meta }
    }

    /// The body that connects the shop.
    fn body() -> Value {
        json!({
            "label": "shop",
            "app_id": APP,
            "app_secret": SECRET,
            "waba_id": "110",
            "phone_number_id": "210",
            "access_token": TOKEN,
        })
    }

    async fn create(&self, body: &Value) -> Answer {
        self.world.post("/v1/connections", body).await
    }

    /// A connected shop; gives the path of its connection.
    async fn connected(&self) -> String {
        let answer = self.create(&Self::body()).await;
        assert_eq!((answer.status, &answer.body["status"]), (201, &json!("ACTIVE")), "{answer:?}");
        path(&answer)
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.world.request(Method::PUT, path).json(body)).await
    }

    async fn test(&self, path: &str) -> Value {
        let answer = self.world.post(&format!("{path}/test"), &Value::Null).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// What the audit log says was done to connections, the oldest first.
    async fn actions(&self) -> Vec<String> {
        let client = self.world.db.client().await.unwrap();
        let sql = "SELECT action FROM audit_log WHERE action <> 'api_key.used' ORDER BY audit_id";
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn end(self) {
        self.world.end().await;
    }
}

fn set(sim: &Control, scenario: &Value) {
    sim.set_scenario(Scenario::parse(scenario.to_string().as_bytes()).unwrap()).unwrap();
}

fn path(answer: &Answer) -> String {
    format!("/v1/connections/{}", answer.body["connection_id"].as_str().unwrap())
}
