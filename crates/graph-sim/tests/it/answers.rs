use serde_json::{Value, json};

use crate::support::{NUMBER, Running, answer, text};

fn template() -> Value {
    json!({"messaging_product": "whatsapp", "to": "+14155550101", "type": "template",
        "template": {"name": "order_ready", "language": {"code": "en_US"}}})
}

#[tokio::test]
async fn an_accepted_message_is_answered_with_metas_shape_and_headers() {
    let sim = Running::new(&json!({}), None).await;

    let response = sim.post(&text("+1 (415) 555-0101", "t7:1")).await.unwrap();

    for header in
        ["facebook-api-version", "x-fb-trace-id", "x-fb-request-id", "x-fb-rev", "x-fb-debug"]
    {
        assert!(response.headers().contains_key(header), "{header}");
    }
    assert_eq!(response.headers()["content-type"], "application/json; charset=UTF-8");
    let (status, mut body) = answer(response).await;
    let wamid = body["messages"][0]["id"].take();
    assert!(wamid.as_str().unwrap().starts_with("wamid.HBgLMTQxNTU1NTAxMDEVAgARGB"), "{wamid}");
    let expected = json!({"messaging_product": "whatsapp",
        "contacts": [{"input": "+1 (415) 555-0101", "wa_id": "14155550101"}], "messages": [{"id": null}]});
    assert_eq!((status, body), (200, expected));
}

#[tokio::test]
async fn a_template_says_whether_it_is_held() {
    let sim = Running::new(&json!({}), None).await;
    let held = Running::new(&json!({"fates": {"held": 1}}), None).await;

    let (_, accepted) = answer(sim.post(&template()).await.unwrap()).await;
    let (_, waiting) = answer(held.post(&template()).await.unwrap()).await;

    assert_eq!(accepted["messages"][0]["message_status"], "accepted");
    assert_eq!(waiting["messages"][0]["message_status"], "held_for_quality_assessment");
}

#[tokio::test]
async fn numbers_of_brazil_and_mexico_get_another_wa_id_when_switched_on() {
    let rewriting = Running::new(&json!({}), None).await;
    let plain = Running::new(&json!({"rewrite_wa_ids": false}), None).await;

    let wa_id = |body: &Value| body["contacts"][0]["wa_id"].clone();

    assert_eq!(wa_id(&rewriting.text("+5531987654321", "1").await.1), "553187654321");
    assert_eq!(wa_id(&rewriting.text("+525512345678", "2").await.1), "5215512345678");
    assert_eq!(wa_id(&plain.text("+5531987654321", "3").await.1), "5531987654321");
}

#[tokio::test]
async fn a_person_addressed_by_id_is_answered_without_a_number() {
    let sim = Running::new(&json!({}), None).await;
    let body = json!({"messaging_product": "whatsapp", "recipient": "US.1A2B3C", "type": "text",
        "text": {"body": "Hello"}});

    let (_, body) = answer(sim.post(&body).await.unwrap()).await;

    assert_eq!(body["contacts"], json!([{"input": "US.1A2B3C", "user_id": "US.1A2B3C"}]));
}

#[tokio::test]
async fn a_wrong_body_is_answered_with_metas_error_and_counted() {
    let sim = Running::new(&json!({}), None).await;

    let (status, mut body) =
        answer(sim.post(&json!({"messaging_product": "whatsapp", "type": "text"})).await.unwrap())
            .await;

    assert!(body["error"]["fbtrace_id"].take().is_string());
    let expected = json!({"error": {"message": "(#131008) Required parameter is missing", "type": "OAuthException",
        "code": 131008, "error_data": {"messaging_product": "whatsapp", "details": "Parameter 'to' is mandatory"},
        "fbtrace_id": null}});
    assert_eq!((status, body), (400, expected));
    assert_eq!(sim.control.stats().refused[&131_008], 1);
    assert_eq!(sim.control.stats().accepted, 0);
}

#[tokio::test]
async fn tokens_and_numbers_are_told_apart() {
    let scenario = json!({"open": false, "numbers": [
        {"phone_number_id": "200", "waba_id": "100", "tokens": ["one"]},
        {"phone_number_id": "201", "waba_id": "101", "tokens": ["two"]}]});
    let sim = Running::new(&scenario, None).await;

    for (number, token, status, code, subcode) in [
        ("200", Some("one"), 200, 0, 0),
        ("200", Some("two"), 400, 100, 33),
        ("999", Some("one"), 400, 100, 33),
        ("200", Some("nobody's"), 401, 190, 0),
        ("200", None, 401, 104, 0),
    ] {
        let mut request = sim.client.post(sim.url(&format!("/v25.0/{number}/messages")));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let (got, body) =
            answer(request.json(&text("+14155550101", "1")).send().await.unwrap()).await;

        let error = &body["error"];
        let told = (
            got,
            error["code"].as_i64().unwrap_or(0),
            error["error_subcode"].as_i64().unwrap_or(0),
        );
        assert_eq!(told, (status, code, subcode), "{number} {token:?}");
    }
}

#[tokio::test]
async fn an_open_simulator_still_knows_the_tokens_it_was_told() {
    let number = json!({"phone_number_id": NUMBER, "waba_id": "100", "tokens": ["token"]});
    let other = json!({"phone_number_id": "201", "waba_id": "100", "tokens": ["other"]});
    let sim = Running::new(&json!({"numbers": [number, other]}), None).await;
    let code = async |id: &str, token: &str| {
        let request = sim.client.post(sim.url(&format!("/v25.0/{id}/messages"))).bearer_auth(token);
        let response = request.json(&text("+14155550101", "1")).send().await.unwrap();
        answer(response).await.1["error"]["code"].as_i64().unwrap_or(0)
    };

    assert_eq!(code(NUMBER, "token").await, 0);
    assert_eq!(code(NUMBER, "other").await, 100);
    assert_eq!(code(NUMBER, "revoked").await, 190);
    assert_eq!(code("999", "anything").await, 0);
}

#[tokio::test]
async fn a_version_that_is_not_served_is_an_unknown_path() {
    let sim = Running::new(&json!({}), None).await;

    for version in ["v99.0", "v1.0", "latest"] {
        let url = sim.url(&format!("/{version}/{NUMBER}/messages"));
        let request = sim.client.post(url).bearer_auth("t").json(&text("+14155550101", "1"));
        let (status, body) = answer(request.send().await.unwrap()).await;

        assert_eq!((status, body["error"]["code"].as_i64()), (400, Some(2500)), "{version}");
    }
    let (status, body) = answer(sim.client.get(sim.url("/")).send().await.unwrap()).await;
    assert_eq!((status, body["error"]["code"].as_i64()), (400, Some(2500)));
}

#[tokio::test]
async fn reading_is_marked_for_messages_that_a_person_sent() {
    let number = json!({"phone_number_id": NUMBER, "waba_id": "100"});
    let sim = Running::new(&json!({"open": false, "numbers": [number]}), None).await;
    let url = sim.url("/_sim/inbound");
    let inbound = json!({"phone_number_id": NUMBER, "from": "14155550101"});
    let (_, received) = answer(sim.client.post(url).json(&inbound).send().await.unwrap()).await;
    let read =
        |id: &Value| json!({"messaging_product": "whatsapp", "status": "read", "message_id": id});

    let (status, body) = answer(sim.post(&read(&received["id"])).await.unwrap()).await;
    let (_, unknown) = answer(sim.post(&read(&json!("wamid.unknown"))).await.unwrap()).await;

    assert_eq!((status, body), (200, json!({"success": true})));
    assert_eq!(unknown["error"]["code"], 131_009);
}

#[tokio::test]
async fn a_number_tells_its_fields() {
    let sim = Running::new(&json!({"open_number": {"mps": 1000, "tier": 250}}), None).await;
    let fields = "display_phone_number,throughput,whatsapp_business_manager_messaging_limit";
    let url = sim.url(&format!("/v25.0/{NUMBER}?fields={fields}"));

    let (status, body) = answer(sim.client.get(url).bearer_auth("t").send().await.unwrap()).await;

    let expected = json!({"id": "200", "display_phone_number": "+15550001111", "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_250"});
    assert_eq!((status, body), (200, expected));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let sim = Running::new(&json!({}), None).await;

    let (status, body) =
        answer(sim.post(&json!({"x": "y".repeat(2 * 1024 * 1024)})).await.unwrap()).await;

    assert_eq!((status, body["error"]["code"].as_i64()), (413, Some(100)));
}
