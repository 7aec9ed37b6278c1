//! What Meta has posted, as the tenants see whom it concerns.

use admin_api::keys::Scope;
use amqp::Queue;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::WebhookReceived;
use domain::ids::EventId;
use domain::scope;
use reqwest::Method;
use runtime::now;
use serde_json::{Value, json};
use store::audit::{self, Filter};
use store::webhook_events::{self, Named, NewEvent};
use test_support::{OwnApp, Sender, own_app, vault};
use tokio_util::sync::CancellationToken;

use crate::world::{Answer, World};

const EVENTS: &str = "/v1/webhook-events";

/// One that Meta has posted about the tenant.
pub(crate) async fn posted(world: &World) -> EventId {
    let acme = &world.acme;
    proved(world, &event(now(), &body(&[acme])), &[acme]).await
}

/// A body that names these accounts.
fn body(accounts: &[&Sender]) -> String {
    let change = json!({"field": "account_update", "value": {}});
    let entry = |sender: &&Sender| json!({"id": sender.waba_id.as_str(), "changes": [change]});
    json!({"entry": accounts.iter().map(entry).collect::<Vec<_>>()}).to_string()
}

fn event(received_at: DateTime<Utc>, body: &str) -> NewEvent {
    NewEvent {
        event_id: EventId::at(received_at),
        received_at,
        path: "platform".into(),
        diagnosis: None,
        connection_id: None,
        quarantined_for: None,
        presented_signature: None,
        kinds: "statuses.account".into(),
        body: body.as_bytes().to_vec(),
        item_count: 3,
        parse_error: None,
        poison: json!([{"pointer": "/entry/0", "detail": "is wrong"}]),
        repeats: 1,
    }
}

/// Logs a proved event as webhook-log does.
async fn proved(world: &World, event: &NewEvent, accounts: &[&Sender]) -> EventId {
    let client = world.db.client().await.unwrap();
    webhook_events::insert(&client, &vault(), std::slice::from_ref(event)).await.unwrap();
    let named = Named {
        event_id: event.event_id,
        received_at: event.received_at,
        scope: event.connection_id.map_or(scope::Scope::Platform, scope::Scope::Connection),
        waba_ids: accounts.iter().map(|sender| sender.waba_id.clone()).collect(),
        detail: json!({}),
    };
    webhook_events::attribute(&client, &[named]).await.unwrap();
    event.event_id
}

/// Logs a refused event as webhook-log does.
async fn refused(world: &World, of: &Sender, diagnosis: &str) -> EventId {
    let event = NewEvent {
        diagnosis: Some("mismatch".into()),
        kinds: "rejected".into(),
        poison: json!([]),
        item_count: 0,
        ..event(now(), "{}")
    };
    let client = world.db.client().await.unwrap();
    webhook_events::insert(&client, &vault(), std::slice::from_ref(&event)).await.unwrap();
    let detail = json!({"diagnosis": diagnosis, "claimed": true});
    let (tenant_id, connection_id) = (of.tenant_id, of.connection_id);
    webhook_events::reject(&client, event.event_id, now(), tenant_id, connection_id, &detail)
        .await
        .unwrap();
    event.event_id
}

fn ids(list: &Answer) -> Vec<&str> {
    assert_eq!(list.status, 200, "{}", list.show());
    let data = list.body["data"].as_array().unwrap().iter();
    data.map(|event| event["event_id"].as_str().unwrap()).collect()
}

async fn replay(world: &World, event_id: EventId) -> Answer {
    world.post(&format!("{EVENTS}/{event_id}/replay"), &json!({})).await
}

/// Takes what was published for the log, which knows it already.
async fn published(world: &World, count: usize) -> Vec<WebhookReceived> {
    let stop = CancellationToken::new();
    let mut consumer = world.bus.consumer(Queue::WebhookLog, 200, stop).await.unwrap();
    let mut posts = Vec::new();
    while posts.len() < count {
        for delivery in consumer.next_batch(200).await.unwrap() {
            posts.push(WebhookReceived::decode(&delivery.body).unwrap());
            delivery.done().await;
        }
    }
    posts
}

#[tokio::test]
async fn a_tenant_sees_the_posts_of_its_last_day_with_what_is_wrong_and_never_a_body() {
    let world = World::new().await;
    let acme = world.acme.clone();
    let good = proved(&world, &event(now(), &body(&[&acme])), &[&acme]).await;
    let bad = refused(&world, &acme, "retired_secret").await;
    let before = event(now() - TimeDelta::hours(25), &body(&[&acme]));
    let old = proved(&world, &before, &[&acme]).await;

    let list = world.get(EVENTS).await;

    assert_eq!(ids(&list), [bad.to_string(), good.to_string()]);
    let (bad, good) = (&list.body["data"][0], &list.body["data"][1]);
    assert_eq!((&good["signature"], &good["diagnosis"]), (&json!("valid"), &Value::Null));
    assert_eq!(good["kinds"], json!(["statuses", "account"]));
    assert_eq!((&good["item_count"], &good["is_replayable"]), (&json!(3), &json!(true)));
    assert_eq!(good["unusable"][0]["pointer"], "/entry/0");
    assert_eq!(good["connection_ids"], json!([acme.connection_id]));
    let why = &bad["diagnosis"];
    assert_eq!((&bad["signature"], &bad["is_replayable"]), (&json!("refused"), &json!(false)));
    assert_eq!((&why["word"], &why["is_claimed"]), (&json!("retired_secret"), &json!(true)));
    assert!(why["remedy"].as_str().unwrap().starts_with("Save the app secret"), "{why}");
    assert!(!list.body.to_string().contains(acme.waba_id.as_str()), "{}", list.body);
    let whole = world.get(&format!("{EVENTS}/{old}")).await;
    assert_eq!((whole.status, &whole.body["event_id"]), (200, &json!(old)));
    world.end().await;
}

#[tokio::test]
async fn filters_leave_what_they_say_and_pages_bring_each_once() {
    let world = World::new().await;
    let acme = world.acme.clone();
    let mut all = Vec::new();
    for minutes in (1..=5).rev() {
        let event = event(now() - TimeDelta::minutes(minutes), &body(&[&acme]));
        all.push(proved(&world, &event, &[&acme]).await.to_string());
    }
    let bad = refused(&world, &acme, "mismatch").await.to_string();
    all.push(bad.clone());
    all.reverse();
    let middle = now() - TimeDelta::seconds(150);
    let middle = middle.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let list = async |query: &str| world.get(&format!("{EVENTS}?{query}")).await;

    assert_eq!(ids(&list("signature=refused").await), [&*bad]);
    assert_eq!(ids(&list("signature=valid").await), all[1..]);
    assert!(ids(&list("signature=reverified").await).is_empty());
    assert_eq!(ids(&list("kind=account").await), all[1..]);
    assert_eq!(ids(&list("kind=rejected").await), [&*bad]);
    assert_eq!(ids(&list(&format!("since={middle}")).await), all[..3]);
    assert_eq!(ids(&list(&format!("until={middle}")).await), all[3..]);
    assert_eq!(ids(&list(&format!("connection_id={}", acme.connection_id)).await), all);
    let other = EventId::at(now());
    assert!(ids(&list(&format!("connection_id={other}")).await).is_empty());
    let mut seen = Vec::new();
    let mut page = list("limit=4").await;
    loop {
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page.body["next"].as_str() else { break };
        page = list(&format!("limit=4&cursor={next}")).await;
    }
    assert_eq!(seen, all);
    assert_eq!(list("signature=good&page=2").await.status, 400);
    world.end().await;
}

#[tokio::test]
async fn what_concerns_others_is_not_seen_and_of_what_concerns_several_only_that_it_came() {
    let world = World::new().await;
    let (acme, (other, stranger)) = (world.acme.clone(), world.stranger().await);
    let theirs = proved(&world, &event(now(), &body(&[&other])), &[&other]).await;
    let refused = refused(&world, &other, "mismatch").await;
    let both = [&acme, &other];
    let shared = proved(&world, &event(now(), &body(&both)), &both).await;

    assert_eq!(ids(&world.get(EVENTS).await), [shared.to_string()]);
    for hidden in [theirs, refused] {
        assert_eq!(world.get(&format!("{EVENTS}/{hidden}")).await.status, 404);
        assert_eq!(replay(&world, hidden).await.status, 404);
    }
    assert_eq!(world.get(&format!("{EVENTS}/7")).await.status, 404);
    let seen = world.get(&format!("{EVENTS}/{shared}")).await.body;
    assert_eq!(seen["is_whole"], false);
    for field in ["item_count", "body_bytes", "parse_error", "unusable"] {
        assert_eq!(seen[field], Value::Null, "{field}");
    }
    assert_eq!(seen["connection_ids"], json!([acme.connection_id]));
    let theirs = world.bare(Method::GET, EVENTS).bearer_auth(stranger);
    assert_eq!(ids(&Answer::of(theirs).await).len(), 3);
    world.end().await;
}

#[tokio::test]
async fn a_replay_publishes_the_stored_post_with_the_scope_that_it_proved() {
    let world = World::new().await;
    let client = world.db.client().await.unwrap();
    let OwnApp { sender: own, .. } = own_app(&client, "acme", 5).await;
    let own_event = NewEvent {
        connection_id: Some(own.connection_id),
        path: "tenant".into(),
        ..event(now(), "no JSON")
    };
    proved(&world, &own_event, &[]).await;
    let refused = refused(&world, &world.acme, "mismatch").await;

    let replayed = replay(&world, own_event.event_id).await;

    assert_eq!((replayed.status, &replayed.body["replayed"]), (200, &json!(1)));
    let post = published(&world, 1).await.remove(0);
    assert_eq!((post.event_id, &post.body[..]), (own_event.event_id, &b"no JSON"[..]));
    assert_eq!(post.scope, Some(scope::Scope::Connection(own.connection_id)));
    assert_eq!((post.path.as_str(), post.signature.is_valid()), ("tenant", true));
    let answer = replay(&world, refused).await;
    assert_eq!((answer.status, &answer.body["title"]), (409, &json!("Not replayable")));
    let filter = Filter { action: Some("webhook.replayed".into()), ..Filter::default() };
    let lines = audit::list(&client, world.acme.tenant_id, &filter, 10).await.unwrap();
    let subjects: Vec<_> = lines.into_iter().map(|line| line.subject).collect();
    assert_eq!(subjects, [Some(own_event.event_id.to_string())]);
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 0, "nothing else went out");
    world.end().await;
}

#[tokio::test]
async fn of_a_post_of_the_platforms_app_a_tenant_replays_its_own_entries_alone() {
    let world = World::new().await;
    let (acme, (other, _)) = (world.acme.clone(), world.stranger().await);
    let both = [&acme, &other];
    let shared = proved(&world, &event(now(), &body(&both)), &both).await;
    // Since it came, the account has gone to somebody else.
    let gone = proved(&world, &event(now(), r#"{"entry":[{"id":"77777"}]}"#), &[]).await;
    let line = "INSERT INTO audit_log (audit_id, tenant_id, at, actor_kind, action, detail)
                VALUES ($1, $2, now(), 'meta', 'webhook.inbound.received', '{\"alone\": true}')";
    let client = world.db.client().await.unwrap();
    client.execute(line, &[&gone.as_uuid(), &acme.tenant_id.as_uuid()]).await.unwrap();

    assert_eq!(replay(&world, shared).await.status, 200);
    assert_eq!(replay(&world, gone).await.status, 409);

    let post = published(&world, 1).await.remove(0);
    let part: Value = serde_json::from_slice(&post.body).unwrap();
    assert_eq!(part["entry"].as_array().unwrap().len(), 1);
    assert_eq!(part["entry"][0]["id"], acme.waba_id.as_str());
    assert_eq!(post.scope, Some(scope::Scope::Platform));
    world.end().await;
}

#[tokio::test]
async fn a_stretch_is_replayed_in_bounded_calls_without_what_was_refused() {
    let world = World::new().await;
    let acme = world.acme.clone();
    for _ in 0..503 {
        proved(&world, &event(now(), &body(&[&acme])), &[&acme]).await;
    }
    refused(&world, &acme, "mismatch").await;
    let begin = now() - TimeDelta::hours(1);
    let earlier = event(begin - TimeDelta::hours(1), &body(&[&acme]));
    proved(&world, &earlier, &[&acme]).await;
    let path = format!("{EVENTS}/replay");

    let first = world.post(&path, &json!({"since": begin})).await;
    let next = first.body["next"].as_str().unwrap();
    let second = world.post(&path, &json!({"since": begin, "cursor": next})).await;

    assert_eq!(first.body["replayed"], 500);
    assert_eq!(second.body, json!({"replayed": 3, "next": null}));
    let posts = published(&world, 503).await;
    assert!(posts.iter().all(|post| post.event_id != earlier.event_id));
    assert_eq!(world.post(&path, &json!({"since": "yesterday"})).await.status, 422);
    assert_eq!(world.post(&path, &json!({})).await.status, 422);
    let reader = world.key_with(&[Scope::WebhooksRead]).await;
    let request = world.bare(Method::POST, &path).bearer_auth(reader);
    assert_eq!(Answer::of(request.json(&json!({"since": begin}))).await.status, 403);
    world.end().await;
}

#[tokio::test]
async fn while_the_bus_is_away_nothing_is_replayed_and_no_line_says_so() {
    let world = World::new().await;
    let acme = world.acme.clone();
    let event_id = proved(&world, &event(now(), &body(&[&acme])), &[&acme]).await;
    let (cut, network) = world.bus.proxied().await;
    let replayer = admin_api::replay::Replayer::new(
        store::Db::clone(&world.db),
        std::sync::Arc::new(vault()),
        &cut,
    );
    network.cut().await;
    let actor = audit::Actor::Operator;
    let by = admin_api::connections::By { tenant_id: acme.tenant_id, actor };

    let answer = replayer.one(by, event_id).await;

    assert!(matches!(answer, Err(admin_api::replay::NotReplayed::BusAway)), "{answer:?}");
    let client = world.db.client().await.unwrap();
    let filter = Filter { action: Some("webhook.replayed".into()), ..Filter::default() };
    assert!(audit::list(&client, acme.tenant_id, &filter, 10).await.unwrap().is_empty());
    world.end().await;
}
