use domain::lane::Lane;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::meta::Meta;
use crate::world::{Answer, World};

const PATH: &str = "/v1/whatsapp/notify";

fn body() -> Value {
    json!({
        "phoneNumber": "00972 (54) 680-0360",
        "templateName": "jaspers_market_image_cta_v1",
        "languageCode": "en_US",
        "headerParameters": {
            "type": "image",
            "image": { "link": "https://example.com/image.jpg" },
        },
        "templateParameters": [{ "type": "text", "text": "Variable #1" }],
    })
}

fn without(field: &str) -> Value {
    let mut body = body();
    body.as_object_mut().unwrap().remove(field);
    body
}

#[tokio::test]
async fn a_notification_is_queued_as_the_template_message_that_it_means() {
    let world = World::new().await;

    let answer = world.post(PATH, &body()).await;

    assert_eq!(answer.status, 200, "{}", answer.show());
    assert_eq!(answer.body["message"], "The message is queued.");
    assert_eq!(
        (&answer.body["error"], &answer.body["deliveryStatus"]),
        (&Value::Null, &json!("queued"))
    );
    let id = answer.body["messageId"].as_str().unwrap().parse().unwrap();
    let message = world.message(id).await;
    assert_eq!(message.summary.recipient, "+972546800360");
    assert_eq!(message.summary.phone_number_id, world.acme.phone_number_id);
    assert_eq!(
        message.content["template"]["components"],
        json!([
            { "type": "header", "parameters": [{
                "type": "image", "image": { "link": "https://example.com/image.jpg" } }] },
            { "type": "body", "parameters": [{ "type": "text", "text": "Variable #1" }] },
        ])
    );
    assert_eq!(world.jobs(Lane::Normal, 1).await[0].message_id, id);
    world.end().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_callers_words() {
    let world = World::new().await;
    let mut wrong = without("templateName");
    wrong["phoneNumber"] = json!("054-680-0360");

    let answer = world.post(PATH, &wrong).await;

    assert_snapshot!(answer.show(), @r#"
    400 application/json
    {
      "error": "wrong-fields: Fields are wrong",
      "message": "phoneNumber must have the + and calling code of its country: +972546800360 instead of 054-680-0360; templateName is required."
    }
    "#);
    for (body, word) in [
        (without("phoneNumber"), "phoneNumber is required"),
        (without("languageCode"), "languageCode is required"),
        (json!([]), "the body must be an object"),
    ] {
        let answer = world.post(PATH, &body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body["message"].as_str().unwrap().starts_with(word), "{}", answer.show());
    }
    assert_eq!(world.post_raw(PATH, "{").await.status, 400);
    assert_eq!(world.post(&format!("{PATH}?wait=31"), &body()).await.status, 400);
    assert_eq!(world.get(PATH).await.status, 400);
    assert!(world.messages().await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_key_that_may_not_send_is_401() {
    let world = World::new().await;
    let reading = world.key_with(&[admin_api::keys::Scope::MessagesRead]).await;

    let none = Answer::of(world.bare(Method::POST, PATH).json(&body())).await;
    let other = Answer::of(world.bare(Method::POST, PATH).bearer_auth(reading).json(&body())).await;

    assert_eq!((none.status, other.status), (401, 401));
    assert_snapshot!(other.show(), @r#"
    401 application/json
    {
      "error": "forbidden: The caller may not do this",
      "message": "the caller lacks the scope messages:write."
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn with_several_numbers_the_sender_must_be_named() {
    let world = World::new().await;
    world.add_number("30001").await;

    let ambiguous = world.post(PATH, &body()).await;
    let mut named = body();
    named["from"] = json!("30001");
    let sent = world.post(PATH, &named).await;
    named["from"] = json!("20002");
    let strange = world.post(PATH, &named).await;

    assert_eq!((ambiguous.status, sent.status, strange.status), (400, 200, 400));
    let message = ambiguous.body["message"].as_str().unwrap();
    assert!(message.contains("from is required") && message.contains("30001"), "{message}");
    world.end().await;
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_message() {
    let world = World::new().await;
    let send = async |body: &Value| {
        let request = world.request(Method::POST, PATH).header("Idempotency-Key", "order-7");
        Answer::of(request.json(body)).await
    };

    let (first, second) = (send(&body()).await, send(&body()).await);
    let other = send(&without("templateParameters")).await;

    assert_eq!(first.body, second.body);
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(other.status, 400);
    assert_eq!(world.messages().await.len(), 1);
    world.end().await;
}

/// A world in which messages go out to the simulator.
async fn sending() -> (World, Meta) {
    let mut meta = Meta::new().await;
    let world = World::asking(&meta.base_url).await;
    meta.dispatch(&world);
    (world, meta)
}

#[tokio::test]
async fn who_waits_is_told_that_meta_has_accepted_the_message() {
    let (world, meta) = sending().await;

    let answer = world.post(&format!("{PATH}?wait=true"), &body()).await;

    assert_eq!(answer.status, 200, "{}", answer.show());
    assert_eq!(answer.body["message"], "Meta has accepted the message.");
    assert_eq!(answer.body["deliveryStatus"], "accepted");
    assert_eq!(answer.body["error"], Value::Null);
    assert_eq!(meta.sim.sends(0, 10).len(), 1);
    world.end().await;
}

#[tokio::test]
async fn who_waits_is_told_what_to_do_about_metas_refusal() {
    let (world, meta) = sending().await;
    for (code, status, words) in [
        (132_012, 400, "forgotten image"),
        (132_000, 400, "number of parameters"),
        (132_001, 400, "o approved template has this name"),
        (131_030, 400, "development mode"),
        (131_047, 400, "24 hour window"),
        (131_009, 400, "a value that Meta does not take"),
    ] {
        meta.sim.clear_faults();
        meta.refuse(code);

        let answer = world.post(&format!("{PATH}?wait=true"), &body()).await;

        assert_eq!(answer.status, status, "{}", answer.show());
        assert!(answer.body["message"].as_str().unwrap().contains(words), "{}", answer.show());
        let error = answer.body["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("meta-error {code}: ")), "{error}");
        assert_eq!(answer.body["deliveryStatus"], "failed");
        let id = answer.body["messageId"].as_str().unwrap();
        let message = world.get(&format!("/v1/messages/{id}")).await;
        assert!(message.body["remedy"].is_string(), "{}", message.show());
    }
    world.end().await;
}

#[tokio::test]
async fn a_token_that_meta_takes_no_more_is_401_and_the_message_waits() {
    let (world, meta) = sending().await;
    meta.refuse(190);

    let first = world.post(&format!("{PATH}?wait=true"), &body()).await;
    let second = world.post(&format!("{PATH}?wait=true"), &body()).await;

    for answer in [&first, &second] {
        assert_eq!(answer.status, 401, "{}", answer.show());
        assert_eq!(answer.body["deliveryStatus"], "queued");
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.ends_with("do not send it again."), "{message}");
    }
    assert!(first.body["message"].as_str().unwrap().starts_with("Session has expired"));
    world.end().await;
}

#[tokio::test]
async fn who_waits_in_vain_is_told_where_the_message_stands() {
    let world = World::new().await;

    let answer = world.post(&format!("{PATH}?wait=1"), &body()).await;

    assert_eq!((answer.status, &answer.body["deliveryStatus"]), (200, &json!("queued")));
    let message = answer.body["message"].as_str().unwrap();
    assert!(message.contains("not answered yet"), "{message}");
    world.end().await;
}

#[tokio::test]
async fn the_example_in_the_document_works() {
    let world = World::new().await;
    let document = serde_json::to_value(admin_api::openapi()).unwrap();
    let body = &document["paths"][PATH]["post"]["requestBody"]["content"]["application/json"];

    let answer = world.post(PATH, &body["example"]).await;

    assert_eq!(answer.status, 200, "{}", answer.show());
    world.end().await;
}
