use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::eventually;

use crate::meta::Meta;
use crate::world::{Answer, World};

fn text() -> Value {
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+1 (415) 555-2671",
        "type": "text",
        "text": { "body": "Hello" },
    })
}

/// A path of the tenant's number.
fn number(world: &World, rest: &str) -> String {
    format!("/v21.0/{}{rest}", world.acme.phone_number_id)
}

/// A world that asks, and sends to, the simulator.
async fn sending() -> (World, Meta) {
    let mut meta = Meta::new().await;
    let world = World::asking(&meta.base_url).await;
    meta.dispatch(&world);
    (world, meta)
}

#[tokio::test]
async fn a_send_to_metas_path_is_queued_and_answered_in_metas_shape() {
    let (world, meta) = sending().await;

    let answer = world.post(&number(&world, "/messages"), &text()).await;

    assert_eq!(answer.status, 200, "{}", answer.show());
    let id = answer.body["messages"][0]["id"].as_str().unwrap();
    assert_eq!(
        answer.body,
        json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": "+1 (415) 555-2671", "wa_id": "14155552671" }],
            "messages": [{ "id": id, "message_status": "accepted" }],
        })
    );
    eventually("Meta has it", async || {
        world.get(&format!("/v1/messages/{id}")).await.body["accepted_at"].is_string()
    })
    .await;
    assert_eq!(meta.sim.sends(0, 10).len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_refusal_has_metas_shape() {
    let world = World::new().await;
    let messages = number(&world, "/messages");
    let code = |answer: &Answer| answer.body["error"]["code"].as_i64().unwrap();
    let with = |field: &str, value: Value| {
        let mut body = text();
        body[field] = value;
        body
    };

    let wrong = world.post(&messages, &with("text", json!({ "body": "" }))).await;
    let missing = world.post(&messages, &with("text", json!({}))).await;
    let unknown = world.post(&messages, &with("colour", json!("red"))).await;
    let strange = world.post("/v21.0/20002/messages", &text()).await;
    let nonsense = world.post_raw(&messages, "{").await;
    let path = world.post(&number(&world, "/nothing"), &text()).await;
    let keyless = Answer::of(world.bare(Method::POST, &messages).json(&text())).await;

    let all = [&wrong, &missing, &unknown, &strange, &nonsense, &path, &keyless];
    let codes: Vec<_> = all.iter().map(|answer| (answer.status, code(answer))).collect();
    assert_eq!(
        codes,
        [
            (400, 131_009),
            (400, 131_008),
            (400, 100),
            (400, 100),
            (400, 100),
            (400, 2500),
            (401, 190)
        ]
    );
    assert_eq!(strange.body["error"]["error_subcode"], 33);
    let trace = wrong.header("x-request-id");
    assert_eq!(wrong.body["error"]["fbtrace_id"], trace);
    assert_snapshot!(wrong.show().replace(trace, "<trace>"), @r#"
    400 application/json
    {
      "error": {
        "code": 131009,
        "error_data": {
          "details": "/text/body: must not be empty",
          "messaging_product": "whatsapp"
        },
        "fbtrace_id": "<trace>",
        "message": "(#131009) Parameter value is not valid",
        "type": "OAuthException"
      }
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn a_path_that_only_looks_like_metas_is_none() {
    let world = World::new().await;

    let answer = world.get("/v1/404").await;

    assert_eq!((answer.status, &answer.body["status"]), (404, &json!(404)));
    world.end().await;
}

#[tokio::test]
async fn a_receipt_goes_to_meta_at_once() {
    let (world, meta) = sending().await;
    let receipt = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": meta.received(&world),
        "typing_indicator": { "type": "text" },
    });

    let answer = world.post(&number(&world, "/messages"), &receipt).await;

    assert_eq!((answer.status, answer.body), (200, json!({ "success": true })));
    assert!(world.messages().await.is_empty());
    assert_eq!(world.post("/v21.0/20002/messages", &receipt).await.status, 400);
    world.end().await;
}

#[tokio::test]
async fn a_number_is_read_from_meta_and_only_by_its_tenant() {
    let (world, _meta) = sending().await;
    let (_, stranger) = world.stranger().await;
    let path = number(&world, "?fields=id,verified_name");

    let own = world.get(&path).await;
    let other = Answer::of(world.bare(Method::GET, &path).bearer_auth(stranger)).await;

    assert_eq!(own.status, 200, "{}", own.show());
    assert_eq!(own.body["id"], world.acme.phone_number_id.as_str());
    assert_eq!((other.status, &other.body["error"]["error_subcode"]), (400, &json!(33)));
    for query in ["?access_token=x", "?method=delete", "?fields=a{b}", "?ids=1"] {
        let refused = world.get(&number(&world, query)).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (400, &json!(100)), "{query}");
    }
    world.end().await;
}

#[tokio::test]
async fn what_is_no_medium_is_not_read_by_its_id() {
    let (world, meta) = sending().await;
    meta.add_number("77701");

    // Meta would tell: the same token sees it, but it is not this tenant's.
    let known_to_meta = world.get("/v21.0/77701").await;

    assert_eq!(known_to_meta.status, 400, "{}", known_to_meta.show());
    assert_eq!(known_to_meta.body["error"]["error_subcode"], 33);
    world.end().await;
}

#[tokio::test]
async fn edges_are_those_of_the_tenants_accounts() {
    let (world, meta) = sending().await;
    meta.add_number(world.acme.phone_number_id.as_str());
    for edge in ["message_templates", "phone_numbers"] {
        let strange = world.get(&format!("/v21.0/10002/{edge}")).await;
        assert_eq!(strange.body["error"]["error_subcode"], 33, "{}", strange.show());
        assert_eq!(strange.body["error"]["fbtrace_id"], strange.header("x-request-id"));

        let own = world.get(&format!("/v21.0/{}/{edge}?limit=1", world.acme.waba_id)).await;
        // Meta's own answer: even a refusal has its trace and not ours.
        assert_ne!(own.body["error"]["fbtrace_id"], own.header("x-request-id"), "{}", own.show());
    }
    world.end().await;
}

#[tokio::test]
async fn without_meta_a_read_is_told_to_come_again() {
    let world = World::new().await;

    let answer = world.get(&number(&world, "")).await;

    assert_eq!((answer.status, &answer.body["error"]["code"]), (502, &json!(2)));
    world.end().await;
}

#[tokio::test]
async fn an_upload_is_handed_on_to_meta_and_answered_by_it() {
    let (world, _meta) = sending().await;
    let (other, _) = world.stranger().await;
    let form = "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\n\
                whatsapp\r\n--x--\r\n";
    let upload = async |path: &str, content_type: &str| {
        let request = world.request(Method::POST, path).header("content-type", content_type);
        Answer::of(request.body(form)).await
    };
    let multipart = "multipart/form-data; boundary=x";

    let own = upload(&number(&world, "/media"), multipart).await;
    let strange = upload(&format!("/v21.0/{}/media", other.phone_number_id), multipart).await;
    let no_form = upload(&number(&world, "/media"), "application/json").await;

    // What Meta says to this form, whose trace is not one of ours.
    assert_ne!(own.body["error"]["error_subcode"], 33, "{}", own.show());
    assert_ne!(own.body["error"]["fbtrace_id"], own.header("x-request-id"), "{}", own.show());
    assert_eq!((strange.status, &strange.body["error"]["error_subcode"]), (400, &json!(33)));
    assert_eq!((no_form.status, &no_form.body["error"]["code"]), (400, &json!(100)));
    world.end().await;
}
