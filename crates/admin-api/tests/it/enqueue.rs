use domain::delivery::DeliveryStatus;
use domain::lane::{Lane, WaitingReason};
use insta::assert_snapshot;
use serde_json::json;

use crate::world::{Answer, World};

#[tokio::test]
async fn an_accepted_message_is_stored_and_its_job_published() {
    let world = World::new().await;

    let answer = world.post("/v1/messages", &world.text()).await;

    assert_snapshot!(answer.show(), @r#"
    202 application/json
    {
      "delivery_status": "queued",
      "message_id": "<message_id>"
    }
    "#);
    let message = world.message(answer.message_id()).await;
    assert_eq!(message.summary.status, DeliveryStatus::Queued);
    assert_eq!(message.summary.recipient, "+14155552671");
    assert_eq!(message.content, json!({"type": "text", "text": {"body": "Hello"}}));
    let jobs = world.jobs(Lane::Normal, 1).await;
    assert_eq!(jobs[0].message_id, answer.message_id());
    assert_eq!(jobs[0].tenant_id, world.acme.tenant_id);
    world.end().await;
}

#[tokio::test]
async fn each_lane_has_its_queue_and_a_scheduled_message_waits_without_a_job() {
    let world = World::new().await;
    let later = runtime::now() + chrono::TimeDelta::hours(1);
    let with = |field: &str, value| {
        let mut body = world.text();
        body[field] = value;
        body
    };

    let scheduled = world.post("/v1/messages", &with("not_before", json!(later))).await;
    let urgent = world.post("/v1/messages", &with("lane", json!("urgent"))).await;
    let bulk = world.post("/v1/messages", &with("lane", json!("bulk"))).await;
    let normal = world.post("/v1/messages", &world.text()).await;

    for (lane, answer) in [(Lane::Urgent, urgent), (Lane::Bulk, bulk), (Lane::Normal, normal)] {
        let jobs = world.jobs(lane, 1).await;
        let ids: Vec<_> = jobs.iter().map(|job| job.message_id).collect();
        assert_eq!(ids, [answer.message_id()], "{lane}");
    }
    let summary = world.message(scheduled.message_id()).await.summary;
    assert_eq!(summary.waiting_reason, Some(WaitingReason::Scheduled));
    assert_eq!(summary.not_before, Some(later));
    assert_eq!(summary.lane, Lane::Normal);
    world.end().await;
}

#[tokio::test]
async fn the_trace_of_the_request_goes_into_the_row_and_with_the_job() {
    let world = World::new().await;
    let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = world.request(reqwest::Method::POST, "/v1/messages");

    let answer = Answer::of(request.header("traceparent", sent).json(&world.text())).await;

    assert_eq!(answer.status, 202);
    let jobs = world.jobs(Lane::Normal, 1).await;
    assert_eq!(&jobs[0].traceparent.as_ref().unwrap()[..35], &sent[..35]);
    let due = runtime::now() + chrono::TimeDelta::minutes(2);
    let client = world.db.client().await.unwrap();
    let rows = store::messages::take_due(&client, 10, due).await.unwrap();
    assert_eq!(rows[0].traceparent, jobs[0].traceparent);
    drop(client);
    world.end().await;
}

#[tokio::test]
async fn every_wrong_field_is_told_with_its_place() {
    let world = World::new().await;
    let body = json!({
        "from": "not-digits",
        "to": "12",
        "lane": "fast",
        "text": {"body": "x".repeat(4_097), "colour": "red"},
        "colour": "red",
    });

    let answer = world.post("/v1/messages", &body).await;

    assert_snapshot!(answer.show(), @r#"
    422 application/problem+json
    {
      "detail": "5 fields of the body cannot be accepted",
      "errors": [
        {
          "detail": "is not a field that is taken here",
          "pointer": "/colour"
        },
        {
          "detail": "must be the phone_number_id of a sender: 1 to 32 digits",
          "pointer": "/from"
        },
        {
          "detail": "must be a phone number in international form: + and country code, or all its digits; a national form such as 054-… is refused",
          "pointer": "/to"
        },
        {
          "detail": "is not a field of this object; its fields are body, preview_url",
          "pointer": "/text/colour"
        },
        {
          "detail": "must be one of urgent, normal, bulk",
          "pointer": "/lane"
        }
      ],
      "request_id": "<request_id>",
      "status": 422,
      "title": "Fields are wrong",
      "type": "urn:waypost:problem:wrong-fields"
    }
    "#);
    assert!(world.messages().await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_template_parameter_that_is_missing_is_told_with_its_place() {
    let world = World::new().await;
    let mut body = world.text();
    body.as_object_mut().unwrap().remove("text");
    body["template"] = json!({
        "name": "order",
        "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text"}]}],
    });

    let answer = world.post("/v1/messages", &body).await;

    assert_snapshot!(answer.show(), @r#"
    422 application/problem+json
    {
      "detail": "1 field of the body cannot be accepted",
      "errors": [
        {
          "detail": "is required",
          "pointer": "/template/components/0/parameters/0/text"
        }
      ],
      "request_id": "<request_id>",
      "status": 422,
      "title": "Fields are wrong",
      "type": "urn:waypost:problem:wrong-fields"
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn an_unknown_sender_is_refused_and_so_is_another_tenants() {
    let world = World::new().await;
    let (other, _) = world.stranger().await;
    let from = |number: &str| {
        let mut body = world.text();
        body["from"] = json!(number);
        body
    };

    let unknown = world.post("/v1/messages", &from("99999")).await;
    let others = world.post("/v1/messages", &from(other.phone_number_id.as_str())).await;

    assert_snapshot!(unknown.show(), @r#"
    422 application/problem+json
    {
      "detail": "1 field of the body cannot be accepted",
      "errors": [
        {
          "detail": "is not the phone_number_id of one of your numbers",
          "pointer": "/from"
        }
      ],
      "request_id": "<request_id>",
      "status": 422,
      "title": "Fields are wrong",
      "type": "urn:waypost:problem:wrong-fields"
    }
    "#);
    assert_eq!(others.show(), unknown.show());
    assert!(world.messages().await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn nothing_of_the_caller_is_repeated_in_an_answer_but_names() {
    let world = World::new().await;
    let secret = "a-very-private-text";
    let mut body = world.text();
    body["to"] = json!(secret);
    body["lane"] = json!(secret);
    body["text"] = json!({"body": 7, "preview_url": secret});

    let answer = world.post("/v1/messages", &body).await;

    assert_eq!(answer.status, 422);
    assert!(!answer.body.to_string().contains(secret), "{}", answer.body);
    world.end().await;
}
