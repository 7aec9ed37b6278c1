use std::collections::BTreeSet;

use domain::lane::Lane;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn bad_items_are_told_and_their_neighbours_enqueued() {
    let world = World::new().await;
    let text = world.text();
    let mut unknown_sender = text.clone();
    unknown_sender["from"] = json!("99999");
    let mut wrong = text.clone();
    wrong["text"] = json!({});
    let batch = json!({"messages": [text, wrong, 7, unknown_sender, text]});

    let answer = world.post("/v1/messages/batch", &batch).await;

    assert_snapshot!(answer.show(), @r#"
    200 application/json
    {
      "results": [
        {
          "index": 0,
          "message_id": "<message_id>"
        },
        {
          "error": {
            "detail": "1 field of the body cannot be accepted",
            "errors": [
              {
                "detail": "is required",
                "pointer": "/text/body"
              }
            ],
            "status": 422,
            "title": "Fields are wrong",
            "type": "urn:waypost:problem:wrong-fields"
          },
          "index": 1
        },
        {
          "error": {
            "detail": "1 field of the body cannot be accepted",
            "errors": [
              {
                "detail": "must be an object",
                "pointer": ""
              }
            ],
            "status": 422,
            "title": "Fields are wrong",
            "type": "urn:waypost:problem:wrong-fields"
          },
          "index": 2
        },
        {
          "error": {
            "detail": "1 field of the body cannot be accepted",
            "errors": [
              {
                "detail": "is not the phone_number_id of one of your numbers",
                "pointer": "/from"
              }
            ],
            "status": 422,
            "title": "Fields are wrong",
            "type": "urn:waypost:problem:wrong-fields"
          },
          "index": 3
        },
        {
          "index": 4,
          "message_id": "<message_id>"
        }
      ]
    }
    "#);
    let inserted: Vec<String> =
        world.messages().await.iter().rev().map(|row| row.message_id.to_string()).collect();
    assert_eq!(inserted, [id(&answer.body, 0), id(&answer.body, 4)]);
    assert_eq!(world.jobs(Lane::Normal, 2).await.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_refused_alone() {
    let world = World::new().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let body = format!(r#"{{"messages": [{deep}, {}, "\ud800"]}}"#, world.text());

    let answer = world.post_raw("/v1/messages/batch", body).await;

    assert_snapshot!(answer.show(), @r#"
    200 application/json
    {
      "results": [
        {
          "error": {
            "detail": "the body is not JSON: it is nested too deep at line 1, column 128",
            "status": 400,
            "title": "The body is not JSON",
            "type": "urn:waypost:problem:unreadable-json"
          },
          "index": 0
        },
        {
          "index": 1,
          "message_id": "<message_id>"
        },
        {
          "error": {
            "detail": "the body is not JSON: a fault at line 1, column 8",
            "status": 400,
            "title": "The body is not JSON",
            "type": "urn:waypost:problem:unreadable-json"
          },
          "index": 2
        }
      ]
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn a_thousand_are_taken_in_order_and_a_thousand_and_one_are_not() {
    let world = World::new().await;
    let batch = |count: usize| json!({"messages": vec![world.text(); count]});

    let taken = world.post("/v1/messages/batch", &batch(1_000)).await;
    let refused = world.post("/v1/messages/batch", &batch(1_001)).await;

    assert_eq!(taken.status, 200);
    let answered: Vec<String> = (0..1_000).map(|index| id(&taken.body, index)).collect();
    let rows: Vec<String> =
        world.messages().await.iter().rev().map(|row| row.message_id.to_string()).collect();
    assert_eq!(answered, rows);
    let jobs = world.jobs(Lane::Normal, 1_000).await;
    let jobs: BTreeSet<String> = jobs.iter().map(|job| job.message_id.to_string()).collect();
    assert_eq!(jobs, answered.into_iter().collect());
    assert_snapshot!(refused.show(), @r#"
    422 application/problem+json
    {
      "detail": "1 field of the body cannot be accepted",
      "errors": [
        {
          "detail": "must have 1 to 1000 entries",
          "pointer": "/messages"
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
async fn a_body_that_is_no_batch_is_told_where() {
    let world = World::new().await;

    let empty = world.post("/v1/messages/batch", &json!({"messages": []})).await;
    let other = world.post("/v1/messages/batch", &world.text()).await;
    let list = world.post("/v1/messages/batch", &json!([])).await;

    assert_eq!(pointers(&empty.body), ["/messages"]);
    assert_eq!(pointers(&other.body), ["/from", "/text", "/to", "/messages"]);
    assert_eq!(pointers(&list.body), [""]);
    assert_eq!([empty.status, other.status, list.status], [422; 3]);
    world.end().await;
}

fn id(body: &Value, index: usize) -> String {
    let result = &body["results"][index];
    assert_eq!(result["index"], index);
    result["message_id"].as_str().unwrap().to_owned()
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}
