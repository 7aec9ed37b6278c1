use serde_json::{Value, json};

use crate::support::{NUMBER, Receiver, Running, answer, at_once};

async fn get(sim: &Running, path: &str) -> Value {
    answer(sim.client.get(sim.url(path)).send().await.unwrap()).await.1
}

#[tokio::test]
async fn accepted_sends_are_listed_in_pages_and_forgotten_on_demand() {
    let sim = Running::new(&json!({}), None).await;
    for message in ["a", "b", "a"] {
        sim.text("+14155550101", message).await;
    }

    let first = get(&sim, "/_sim/sends?limit=2").await;
    let last = get(&sim, "/_sim/sends?after=2").await;

    assert_eq!((first["data"].as_array().unwrap().len(), &first["next"]), (2, &json!(2)));
    let send = &last["data"][0];
    assert_eq!(
        (&last["next"], &send["sequence"], &send["opaque"]),
        (&Value::Null, &json!(3), &json!("a"))
    );
    assert_eq!((&send["recipient"], &send["type"]), (&json!("14155550101"), &json!("text")));
    assert!(
        send["received_at"].is_string()
            && send["wamid"].is_string()
            && send["phone_number_id"] == NUMBER
    );
    assert_eq!(get(&sim, "/_sim/doubled").await, json!({"data": [{"opaque": "a", "times": 2}]}));

    let deleted = sim.client.delete(sim.url("/_sim/sends")).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(get(&sim, "/_sim/sends").await, json!({"data": [], "next": null}));
    assert_eq!(get(&sim, "/_sim/stats").await["accepted"], 0);
}

#[tokio::test]
async fn a_scenario_is_told_and_replaced_over_http_and_a_wrong_one_is_refused() {
    let sim = Running::new(&json!({}), None).await;
    let put = |body: Value| sim.client.put(sim.url("/_sim/scenario")).json(&body).send();

    let mut scenario = get(&sim, "/_sim/scenario").await;
    scenario["open"] = json!(false);
    assert_eq!(put(scenario).await.unwrap().status(), 204);
    assert_eq!(sim.text("+14155550101", "1").await.0, 401);

    let (status, body) =
        answer(put(json!({"limits": {"pair": {"burst": "many"}}})).await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().contains("limits.pair.burst"), "{body}");
}

#[tokio::test]
async fn numbers_and_faults_are_added_while_running() {
    let sim = Running::new(&json!({"open": false}), None).await;
    let post = |path: &str, body: Value| sim.client.post(sim.url(path)).json(&body).send();

    let number = json!({"phone_number_id": NUMBER, "waba_id": "100", "tokens": ["token"]});
    assert_eq!(post("/_sim/numbers", number).await.unwrap().status(), 204);
    assert_eq!(
        post("/_sim/faults", json!([{"kind": "too_many_requests"}])).await.unwrap().status(),
        204
    );
    assert_eq!(sim.text("+14155550101", "1").await.0, 429);
    assert_eq!(post("/_sim/faults", json!([{"times": 1}])).await.unwrap().status(), 400);

    assert_eq!(sim.client.delete(sim.url("/_sim/faults")).send().await.unwrap().status(), 204);
    assert_eq!(sim.text("+14155550101", "1").await.0, 200);
}

#[tokio::test]
async fn a_person_writes_and_the_subscriber_hears_it() {
    let receiver = Receiver::new(&[]);
    let sim = Running::new(&json!({"fates": at_once()}), Some(&receiver)).await;
    let body = json!({"phone_number_id": NUMBER, "from": "+14155550101", "name": "Ada",
        "message": {"type": "button", "button": {"payload": "STOP", "text": "Stop"}}});

    let (_, answered) =
        answer(sim.client.post(sim.url("/_sim/inbound")).json(&body).send().await.unwrap()).await;
    sim.idle().await;

    let value = &receiver.received()[0].values()[0];
    let message = &value["messages"][0];
    assert_eq!((&message["id"], &message["from"]), (&answered["id"], &json!("14155550101")));
    assert_eq!(message["button"]["payload"], "STOP");
    assert_eq!(value["metadata"]["phone_number_id"], NUMBER);
    assert_eq!(value["contacts"][0]["user_id"], message["from_user_id"]);
}

#[tokio::test]
async fn posting_is_paused_and_resumed_over_http() {
    let receiver = Receiver::new(&[]);
    let sim = Running::new(&json!({"fates": at_once()}), Some(&receiver)).await;

    sim.client.post(sim.url("/_sim/webhooks/pause")).send().await.unwrap();
    sim.text("+14155550101", "1").await;
    let stats = get(&sim, "/_sim/stats").await;
    assert_eq!(
        (&stats["webhooks"]["paused"], &stats["webhooks"]["pending_updates"]),
        (&json!(true), &json!(3))
    );

    sim.client.post(sim.url("/_sim/webhooks/resume")).send().await.unwrap();
    sim.idle().await;
    assert_eq!(receiver.statuses().len(), 3);
}
