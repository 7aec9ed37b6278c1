//! The diagnosis of a real connection.

use graph_sim::TokenEnd;
use serde_json::Value;

use super::{Shop, TOKEN};

async fn verdicts(shop: &Shop, path: &str) -> Vec<(String, String)> {
    let answer = shop.world.get(&format!("{path}/diagnosis")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = answer.body["data"].as_array().unwrap();
    for check in checks {
        assert!(check["status"] != "failed" || text(&check["remedy"]).len() > 10, "{check}");
    }
    checks.iter().map(|check| (text(&check["check"]), text(&check["status"]))).collect()
}

fn of<'a>(verdicts: &'a [(String, String)], name: &str) -> &'a str {
    &verdicts.iter().find(|(check, _)| check == name).unwrap().1
}

#[tokio::test]
async fn a_sound_connection_passes_and_a_lapsed_token_fails_where_it_matters() {
    let shop = Shop::new().await;
    let path = shop.connected().await;

    let sound = verdicts(&shop, &path).await;
    shop.meta.sim.end_token(&TokenEnd { token: TOKEN.into(), ended: None }).unwrap();
    let ended = verdicts(&shop, &path).await;

    assert_eq!(sound.len(), 16);
    assert!(sound.iter().all(|(_, status)| status != "failed"), "{sound:?}");
    for check in [
        "token_valid",
        "token_permissions",
        "token_expiry",
        "waba_reachable",
        "number_connected",
        "app_subscribed",
        "templates_readable",
        "sending_allowed",
        "account_approved",
        "business_verified",
    ] {
        assert_eq!(of(&sound, check), "ok", "{check}: {sound:?}");
    }
    for check in ["token_valid", "waba_reachable"] {
        assert_eq!(of(&ended, check), "failed", "{check}: {ended:?}");
    }
    shop.end().await;
}
