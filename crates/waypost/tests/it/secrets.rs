use serde_json::{Value, json};
use test_support::eventually;

use crate::process::Up;
use crate::world::{ACCESS_TOKEN, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, World};

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const BODY: &str = "your-unmistakable-one-time-code";
const NUMBER: &str = "4915112345678";
/// `{"alg":"RS256","kid":"1"}`, `{"sub":"an-unmistakable-person"}`, and a signature.
const TOKEN: &str =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhbi11bm1pc3Rha2FibGUtcGVyc29uIn0.c2lnbmF0dXJl";
const WRONG_NUMBER: &str = "01511234567890123";

/// Enqueues one text in a trace of the caller's own.
async fn enqueue(up: &Up) -> String {
    let body = json!({ "from": PHONE_NUMBER_ID, "to": format!("+{NUMBER}"), "type": "text",
                       "text": { "body": BODY } });
    let request = up.client.post(up.url("url.api", "/v1/messages")).bearer_auth(&up.key);
    let request = request.header("traceparent", format!("00-{TRACE_ID}-b7ad6b7169203331-01"));
    let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
    answer["message_id"].as_str().unwrap().to_owned()
}

/// Everything that goes wrong and must not be told with what it carried.
async fn go_wrong(up: &Up) {
    let wrong = json!({ "from": PHONE_NUMBER_ID, "to": WRONG_NUMBER, "type": "text",
                        "text": { "body": BODY, "nothing": BODY } });
    assert_eq!(up.post("/v1/messages", &wrong).await.status(), 422);
    let webhooks = up.url("url.webhooks", "/webhooks/whatsapp");
    let forged = up.client.post(&webhooks).header("x-hub-signature-256", "sha256=00");
    assert_eq!(forged.body(BODY).send().await.unwrap().status(), 403);
    let challenge = [("hub.mode", "subscribe"), ("hub.verify_token", VERIFY_TOKEN)];
    let challenge = up.client.get(url::Url::parse_with_params(&webhooks, challenge).unwrap());
    challenge.send().await.unwrap();
    let stranger = up.client.get(up.url("url.api", "/v1/messages")).bearer_auth("wp_no_such_key");
    assert_eq!(stranger.send().await.unwrap().status(), 401);
    // It may be good, but nobody answers where its key would be.
    let person = up.client.get(up.url("url.api", "/v1/messages")).bearer_auth(TOKEN);
    assert_eq!(person.send().await.unwrap().status(), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_body_or_number_is_told_and_one_trace_runs_through() {
    let mut world = World::with_number().await;
    world.set("WAYPOST_LOG", "debug");
    world.set("WAYPOST_OIDC_ISSUER", "http://127.0.0.1:9");
    world.set("WAYPOST_OIDC_AUDIENCE", "waypost");
    let up = Up::start(&world, &["--with-sim"]).await;

    let message_id = enqueue(&up).await;
    go_wrong(&up).await;
    let message = async || up.get(&format!("/v1/messages/{message_id}")).await;
    eventually("it is read", async || message().await["opened_at"].is_string()).await;
    let wamid = message().await["wamid"].as_str().unwrap().to_owned();
    let metrics = async |field| {
        up.client.get(up.url(field, "/metrics")).send().await.unwrap().text().await.unwrap()
    };
    let metrics = [metrics("url.api").await, metrics("url.webhooks").await].concat();
    assert!(metrics.contains("http_server_request_duration"), "{metrics}");
    let key = up.key.clone();
    let (_, _, log) = up.terminate().await;

    let secret_half = key.rsplit_once('_').unwrap().1;
    for secret in
        [ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN, secret_half, TOKEN, BODY, NUMBER, WRONG_NUMBER]
    {
        assert!(!log.contains(secret), "the log tells {secret}");
        assert!(!metrics.contains(secret), "the metrics tell {secret}");
    }
    assert!(!log.contains(&wamid) && !log.contains("wamid."), "the log tells a wamid");
    for (target, words) in [
        ("runtime::http::root_span", "answered 202"),
        ("dispatcher::carry", ": accepted"),
        ("status_mapper::handle", "status merged"),
    ] {
        let line = log
            .lines()
            .find(|line| line.contains(target) && line.contains(words) && line.contains(TRACE_ID));
        assert!(line.is_some(), "{target} has no line of the trace in\n{log}");
    }
}
