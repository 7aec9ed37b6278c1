use std::collections::HashSet;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{Answer, World};

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.show());
    let data = answer.body["data"].as_array().unwrap();
    data.iter().map(|row| row["message_id"].as_str().unwrap().to_owned()).collect()
}

async fn batch(world: &World, count: usize) -> Vec<String> {
    let body = json!({"messages": vec![world.text(); count]});
    let answer = world.post("/v1/messages/batch", &body).await;
    let results = answer.body["results"].as_array().unwrap();
    results.iter().map(|result| result["message_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_show_each_message_exactly_once_while_new_ones_come_in() {
    let world = World::new().await;
    let mut old = batch(&world, 25).await;
    let (mut seen, mut path, mut pages) = (Vec::new(), "/v1/messages?limit=7".to_owned(), 0);

    loop {
        let page = world.get(&path).await;
        seen.extend(ids(&page));
        pages += 1;
        batch(&world, 3).await;
        let Value::String(next) = &page.body["next"] else { break };
        path = format!("/v1/messages?limit=7&cursor={next}");
    }

    old.reverse();
    assert_eq!(seen, old);
    assert_eq!(pages, 4);
    world.end().await;
}

#[tokio::test]
async fn a_full_last_page_has_no_next() {
    let world = World::new().await;
    batch(&world, 2).await;

    let page = world.get("/v1/messages?limit=2").await;

    assert_eq!(ids(&page).len(), 2);
    assert_eq!(page.body["next"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn a_page_shows_where_each_message_stands() {
    let world = World::new().await;
    world.enqueued().await;

    let page = world.get("/v1/messages").await;

    assert_snapshot!(page.show(), @r#"
    200 application/json
    {
      "data": [
        {
          "accepted_at": null,
          "biz_opaque_callback_data": null,
          "created_at": "<created_at>",
          "delivered_at": null,
          "delivery_error": null,
          "delivery_status": "queued",
          "error_code": null,
          "expires_at": "<expires_at>",
          "failed_at": null,
          "from": "20001",
          "held_at": null,
          "lane": "normal",
          "message_id": "<message_id>",
          "not_before": null,
          "on_unknown": "hold",
          "opened_at": null,
          "played_at": null,
          "recipient": null,
          "remedy": null,
          "sent_at": null,
          "to": "+14155552671",
          "type": "text",
          "wa_id": null,
          "waiting_reason": null,
          "wamid": null
        }
      ],
      "next": null
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn each_filter_leaves_out_what_it_says() {
    let world = World::new().await;
    let mut other = world.text();
    other["lane"] = json!("bulk");
    other["to"] = json!("+442071838750");
    let plain = world.enqueued().await.to_string();
    let bulk = world.post("/v1/messages", &other).await.message_id().to_string();
    world.post(&format!("/v1/messages/{bulk}/cancel"), &Value::Null).await;
    let from = &world.acme.phone_number_id;

    for (query, expected) in [
        ("status=queued".to_owned(), vec![&plain]),
        ("status=cancelled".to_owned(), vec![&bulk]),
        ("lane=bulk".to_owned(), vec![&bulk]),
        ("to=%2B14155552671".to_owned(), vec![&plain]),
        ("to=+442071838750&lane=bulk".to_owned(), vec![&bulk]),
        (format!("from={from}"), vec![&bulk, &plain]),
        ("from=1".to_owned(), vec![]),
        ("created_from=2020-01-01T00:00:00Z".to_owned(), vec![&bulk, &plain]),
        ("created_until=2020-01-01T00:00:00%2B02:00".to_owned(), vec![]),
        ("created_from=0001-01-01T00:00:00Z".to_owned(), vec![&bulk, &plain]),
        ("created_until=9999-12-31T23:59:59Z".to_owned(), vec![&bulk, &plain]),
    ] {
        let answer = world.get(&format!("/v1/messages?{query}")).await;
        assert_eq!(ids(&answer).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_tenant_sees_its_own_messages_only() {
    let world = World::new().await;
    world.enqueued().await;
    let (_, key) = world.stranger().await;

    let request = world.bare(reqwest::Method::GET, "/v1/messages").bearer_auth(key);

    assert!(ids(&Answer::of(request).await).is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_wrong_or_unknown_parameter_is_named() {
    let world = World::new().await;

    let answer = world.get("/v1/messages?limit=1000&state=queued&cursor=x").await;

    assert_snapshot!(answer.show(), @r#"
    400 application/problem+json
    {
      "detail": "the query string has parameters that cannot be used",
      "errors": [
        {
          "detail": "must be a whole number from 1 to 200",
          "parameter": "limit"
        },
        {
          "detail": "is not a parameter of this list; its parameters are limit, cursor, status, from, to, lane, created_from, created_until",
          "parameter": "state"
        },
        {
          "detail": "must be the `next` of an earlier page",
          "parameter": "cursor"
        }
      ],
      "request_id": "<request_id>",
      "status": 400,
      "title": "A query parameter is wrong",
      "type": "urn:waypost:problem:wrong-parameters"
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn ids_of_a_batch_are_distinct_and_ascending() {
    let world = World::new().await;

    let ids = batch(&world, 500).await;

    assert!(ids.is_sorted());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 500);
    world.end().await;
}
