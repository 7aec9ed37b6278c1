//! Two apps and two accounts, and the gateway's own client to ask about them.

use graph_api::client::{App, GraphClient, GraphConfig};
use graph_api::error::ApiFailure;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Receiver, Running};

/// The platform's app, with its token for account 100.
pub(crate) const PLATFORM: &str = "400";
pub(crate) const PLATFORM_SECRET: &str = "platform secret";
pub(crate) const PLATFORM_TOKEN: &str = "EAAplatform";
/// A tenant's own app, with its token for account 110.
pub(crate) const OWN: &str = "401";
pub(crate) const OWN_SECRET: &str = "own secret";
pub(crate) const OWN_TOKEN: &str = "EAAown";

/// Number 200 and 201 are in account 100 (201 is not registered), number 210 is in account 110.
pub(crate) fn scenario() -> Value {
    json!({
        "open": false,
        "numbers": [
            {"phone_number_id": "200", "waba_id": "100", "portfolio_id": "300", "tier": 2000},
            {"phone_number_id": "201", "waba_id": "100", "portfolio_id": "300", "tier": 2000},
            {"phone_number_id": "210", "waba_id": "110"},
        ],
        "accounts": {
            "apps": [
                {"app_id": PLATFORM, "app_secret": PLATFORM_SECRET, "name": "Platform"},
                {"app_id": OWN, "app_secret": OWN_SECRET, "name": "Own"},
            ],
            "portfolios": [{"business_id": "300", "name": "Acme Inc."}],
            "wabas": [{"waba_id": "100", "name": "Acme"}],
            "profiles": [{"phone_number_id": "201", "registered": false, "pin": "111111"}],
            "tokens": [
                {"token": PLATFORM_TOKEN, "app_id": PLATFORM, "waba_ids": ["100"]},
                {"token": OWN_TOKEN, "app_id": OWN, "waba_ids": ["110"]},
                {"token": "EAAhour", "app_id": PLATFORM, "expires_in_s": 3600},
                {"token": "EAAsends", "app_id": PLATFORM, "waba_ids": ["100"],
                    "scopes": ["whatsapp_business_messaging"]},
            ],
        },
    })
}

/// The scenario with the callbacks of both apps, in which statuses take no time.
pub(crate) fn with_callbacks(platform: &Receiver, own: &Receiver) -> Value {
    let mut scenario = scenario();
    scenario["fates"] = crate::support::at_once();
    scenario["accounts"]["apps"][0]["callback_url"] = json!(platform.url());
    scenario["accounts"]["apps"][1]["callback_url"] = json!(own.url());
    scenario
}

pub(crate) fn client(sim: &Running) -> GraphClient {
    let config = GraphConfig::new(&format!("http://{}", sim.addr), "v25.0").unwrap();
    GraphClient::new(&config).unwrap()
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// Runs `ask` as the app with this id and secret.
pub(crate) async fn as_app<T>(
    app_id: &str,
    app_secret: &str,
    ask: impl AsyncFnOnce(App<'_>) -> T,
) -> T {
    let (app_id, app_secret) = (app_id.parse().unwrap(), secret(app_secret));
    ask(App { app_id: &app_id, app_secret: &app_secret }).await
}

/// Code and subcode of a refusal; 0 when there is none.
pub(crate) fn codes<T>(result: Result<T, ApiFailure>) -> (i32, i32) {
    result.map_or_else(|error| (error.code.unwrap_or(-1), error.subcode.unwrap_or(0)), |_| (0, 0))
}
