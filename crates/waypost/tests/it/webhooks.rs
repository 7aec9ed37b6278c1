//! What Meta posts, through all services: replayed it changes nothing, forged it moves nothing.

use graph_api::signature::{HEADER, sign};
use serde_json::{Value, json};
use test_support::{OwnApp, eventually, own_app};

use crate::process::Up;
use crate::world::{APP_SECRET, Meta, PHONE_NUMBER_ID, WABA_ID, World, free_address};

const FORGER: &str = "5ecret-of-the-forger";
const SHARED: &str = "/api/webhooks/whatsapp";

/// A running Waypost whose messages a simulated Meta answers; it can open what tests seal.
async fn start() -> (World, Meta, Up) {
    let ingress = free_address();
    let meta = Meta::new(&ingress, json!({})).await;
    let mut world = World::with_number().await;
    world.set("CREDENTIAL_ENCRYPTION_KEY", "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    world.set("WAYPOST_INGRESS_ADDR", &ingress);
    world.set("GRAPH_API_BASE_URL", &meta.base_url);
    world.set("WAYPOST_WATCH_S", "86400");
    let up = Up::start(&world, &[]).await;
    (world, meta, up)
}

/// Keeps account-sync from asking Meta about any connection, and waits for what it has begun: what
/// its questions change is not what webhooks change.
async fn only_webhooks_tell(world: &World) {
    let client = world.db.client().await.unwrap();
    let hold = "UPDATE connections
                SET    sync_lease_until = now() + interval '1 day', watched_at = now()
                WHERE  coalesce(sync_lease_until, now()) <= now()";
    let free = "SELECT count(*) FROM connections
                WHERE  coalesce(sync_lease_until, now()) < now() + interval '1 hour'";
    eventually("nobody asks Meta", async || {
        client.execute(hold, &[]).await.unwrap();
        client.query_one(free, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
}

/// Everything that stands in these tables, as text.
async fn rows(world: &World, tables: &[&str]) -> Vec<String> {
    let client = world.db.client().await.unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("SELECT '{table}' || t::text AS row FROM {table} t ORDER BY 1");
        let found = client.query(&sql, &[]).await.unwrap();
        rows.extend(found.iter().map(|row| row.get::<_, String>("row")));
    }
    rows
}

/// Posts one more webhook, of which every service takes something, and waits until all have. What
/// was posted before it has then been read.
async fn mark(world: &World, up: &Up, nth: usize) {
    let status = json!({"id": format!("wamid.mark-{nth}"), "status": "sent",
                        "timestamp": "1790000000", "recipient_id": "1"});
    let statuses = json!({"metadata": {"phone_number_id": PHONE_NUMBER_ID}, "statuses": [status]});
    let template = json!({"event": "APPROVED", "message_template_id": 1_000 + nth,
                          "message_template_name": "mark", "message_template_language": "en_US"});
    let body = json!({"entry": [{"id": WABA_ID, "time": 1_790_000_000, "changes": [
        {"field": "messages", "value": statuses},
        {"field": "message_template_status_update", "value": template},
    ]}]});
    assert_eq!(post(up, APP_SECRET, "/webhooks/whatsapp", &body.to_string()).await, 200);
    let client = world.db.client().await.unwrap();
    let nth = i64::try_from(nth).unwrap();
    for counted in [
        "orphan_statuses WHERE wamid LIKE 'wamid.mark-%'",
        "templates WHERE name = 'mark'",
        "webhook_events WHERE kinds = 'statuses.account'",
    ] {
        let sql = format!("SELECT count(*) FROM {counted}");
        eventually("the mark has been read", async || {
            client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0) == nth
        })
        .await;
    }
}

/// That nothing has changed, but for what one mark leaves.
fn assert_only_marked(before: &[String], after: &[String]) {
    for row in before {
        assert!(after.contains(row), "changed: {row}");
    }
    let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    let count = |table: &str| new.iter().filter(|row| row.starts_with(table)).count();
    let marks = ["orphan_statuses", "templates", "account_events", "webhook_events"].map(count);
    assert!(marks.iter().all(|rows| *rows <= 1), "{new:?}");
    assert_eq!(marks.iter().sum::<usize>(), new.len(), "{new:?}");
}

async fn post(up: &Up, secret: &str, path: &str, body: &str) -> u16 {
    let signature = sign(&secret.into(), body.as_bytes());
    let request = up.client.post(up.url("url.webhooks", path)).header(HEADER, signature);
    request.body(body.to_owned()).send().await.unwrap().status().as_u16()
}

fn body(waba: &str, field: &str, value: &Value) -> String {
    json!({"object": "whatsapp_business_account", "entry": [{"id": waba, "time": 1_790_000_000,
           "changes": [{"field": field, "value": value}]}]})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_webhooks_replayed_twice_changes_no_row() {
    const TABLES: [&str; 12] = [
        "messages",
        "attempts",
        "waits",
        "orphan_statuses",
        "connections",
        "wabas",
        "phone_numbers",
        "templates",
        "account_events",
        "notifications",
        "webhook_events",
        "webhook_spool",
    ];
    let (world, meta, up) = start().await;
    let template = json!({"event": "PAUSED", "message_template_id": 7,
                          "message_template_name": "hello", "message_template_language": "en_US"});
    let paused = body(WABA_ID, "message_template_status_update", &template);
    assert_eq!(post(&up, APP_SECRET, "/webhooks/whatsapp", &paused).await, 200);
    assert_eq!(post(&up, "nobody's", "/webhooks/whatsapp", &paused).await, 403);
    only_webhooks_tell(&world).await;
    up.enqueue(30).await;
    let client = world.db.client().await.unwrap();
    let read = "SELECT count(*) FROM messages WHERE opened_at IS NOT NULL";
    eventually("all are read", async || {
        let read: i64 = client.query_one(read, &[]).await.unwrap().get(0);
        read == 30 && meta.control.stats().webhooks.is_idle()
    })
    .await;
    mark(&world, &up, 1).await;
    let list = ["webhooks", "list", "--tenant", "default", "--limit", "1000", "--json"];
    let listed = world.done(&list).await;
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let valid: Vec<_> = listed.iter().filter(|event| event["signature"] == "valid").collect();
    assert!(valid.len() > 1 && valid.len() == listed.len() - 1, "of {}", listed.len());
    let before = rows(&world, &TABLES).await;

    let stretch = ["webhooks", "replay", "--tenant", "default", "--since", "2026-01-01T00:00:00Z"];
    for _ in 0..2 {
        assert_eq!(world.done(&stretch).await.trim(), valid.len().to_string());
    }
    let one = valid[0]["event_id"].as_str().unwrap();
    let one = ["webhooks", "replay", "--tenant", "default", "--event-id", one];
    assert_eq!(world.done(&one).await.trim(), "1");

    mark(&world, &up, 2).await;
    assert_only_marked(&before, &rows(&world, &TABLES).await);
    let lines = "SELECT sum((detail ->> 'events')::bigint)::bigint, count(subject)
                 FROM audit_log WHERE action = 'webhook.replayed' AND actor_kind = 'operator'";
    let lines = client.query_one(lines, &[]).await.unwrap();
    let told = (lines.get::<_, i64>(0), lines.get::<_, i64>(1));
    assert_eq!(told, (2 * i64::try_from(valid.len()).unwrap(), 1));
}

/// All ways to speak of somebody else's message, template, account and number.
fn forgeries(forger: &OwnApp, message_id: &str, wamid: &str) -> Vec<String> {
    let own = &forger.sender;
    let (waba, number) = (own.waba_id.as_str(), own.phone_number_id.as_str());
    let mut bodies = Vec::new();
    for (waba, number) in [(WABA_ID, PHONE_NUMBER_ID), (waba, PHONE_NUMBER_ID), (WABA_ID, number)] {
        for (echo, wamid) in [(message_id, wamid), ("", wamid), (message_id, "wamid.new")] {
            bodies.push(failed(waba, number, echo, wamid));
        }
        let text = json!({"metadata": {"phone_number_id": number}, "messages": [{
            "id": wamid, "from": "14155550101", "timestamp": "1790000000", "type": "text",
            "text": {"body": "STOP"}}]});
        bodies.push(body(waba, "messages", &text));
    }
    for (field, value) in [
        ("account_update", json!({"event": "DISABLED_UPDATE"})),
        ("phone_number_quality_update", json!({"event": "FLAGGED"})),
        ("message_template_status_update", json!({"event": "PAUSED", "message_template_id": 9})),
    ] {
        bodies.push(body(WABA_ID, field, &value));
    }
    bodies
}

fn failed(waba: &str, number: &str, echo: &str, wamid: &str) -> String {
    let status = json!({"id": wamid, "status": "failed", "timestamp": "1790000000",
                        "recipient_id": "1", "biz_opaque_callback_data": echo,
                        "errors": [{"code": 131_026}]});
    let value = json!({"metadata": {"phone_number_id": number}, "statuses": [status]});
    body(waba, "messages", &value)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_valid_signature_moves_nothing_of_another_and_the_log_says_why() {
    const TABLES: [&str; 7] = [
        "messages",
        "attempts",
        "orphan_statuses",
        "wabas",
        "phone_numbers",
        "templates",
        "account_events",
    ];
    let (world, meta, mut up) = start().await;
    up.enqueue(1).await;
    let message = async || up.get("/v1/messages").await["data"][0].clone();
    eventually("the message is read", async || {
        !message().await["opened_at"].is_null() && meta.control.stats().webhooks.is_idle()
    })
    .await;
    let known = message().await;
    let (message_id, wamid) =
        (known["message_id"].as_str().unwrap(), known["wamid"].as_str().unwrap());
    let client = world.db.client().await.unwrap();
    let forger = own_app(&client, "forger", 3).await;
    forger.put_secret(&client, FORGER).await;
    let opaque = format!("/webhooks/whatsapp/{}", forger.webhook_token);
    eventually("the forger's secret is known", async || {
        post(&up, FORGER, &opaque, "{}").await == 200
    })
    .await;
    only_webhooks_tell(&world).await;
    mark(&world, &up, 1).await;
    let before = rows(&world, &TABLES).await;
    let news = "SELECT count(*) FROM notifications WHERE kind <> 'webhook.signature'";
    let news = async || client.query_one(news, &[]).await.unwrap().get::<_, i64>(0);
    let news_before = news().await;

    let bodies = forgeries(&forger, message_id, wamid);
    for body in &bodies {
        for path in [&*opaque, SHARED] {
            assert_eq!(post(&up, FORGER, path, body).await, 200);
        }
        assert_eq!(post(&up, FORGER, "/webhooks/whatsapp", body).await, 403);
    }

    mark(&world, &up, 2).await;
    up.key =
        world.done(&["api-key", "create", "--tenant", "forger", "--scope", "webhooks:read"]).await;
    up.key = up.key.trim().to_owned();
    let path = "/v1/webhook-events?signature=valid&limit=200";
    let told = async || up.get(path).await["data"].as_array().unwrap().clone();
    eventually("all are in the forger's own log", async || told().await.len() > 2 * bodies.len())
        .await;
    let is_outside = |event: &Value| {
        let unusable = event["unusable"].as_array().unwrap();
        unusable.iter().any(|one| one["detail"].as_str().unwrap().contains("does not reach"))
    };
    // Whom an account_update is about does not stand in its entry.
    let outside = told().await.iter().filter(|event| is_outside(event)).count();
    assert_eq!(outside, 2 * (bodies.len() - 1));
    assert_only_marked(&before, &rows(&world, &TABLES).await);
    assert_eq!(news().await, news_before);

    // The very same words move it when the right app has signed them.
    let true_one = failed(WABA_ID, PHONE_NUMBER_ID, message_id, wamid);
    assert_eq!(post(&up, APP_SECRET, "/webhooks/whatsapp", &true_one).await, 200);
    let moved = "SELECT count(*) FROM messages WHERE failed_at IS NOT NULL";
    eventually("it is moved", async || {
        client.query_one(moved, &[]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
}
