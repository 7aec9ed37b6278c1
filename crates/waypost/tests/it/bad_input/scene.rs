//! Two tenants, a message of the second that nobody may touch, and a Waypost that is not started.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use amqp::{Exchange, Outgoing, Queue};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::MessageId;
use domain::lane::Lane;
use runtime::now;
use serde_json::{Value, json};
use store::messages::{self, NewMessage};
use test_support::{Sender, sender};

use super::letters::{Letter, good};
use crate::process::Up;
use crate::world::{Meta, World, free_address};

/// Exchange and routing key.
pub(super) type Address = (Exchange, &'static str);

/// Where to publish what is to reach a queue. Those of webhooks are reached together.
pub(super) const fn address(queue: Queue) -> Address {
    match queue {
        Queue::Notify => (Exchange::Notify, "billing"),
        Queue::DispatchUrgent => (Exchange::Dispatch, "urgent"),
        Queue::DispatchNormal => (Exchange::Dispatch, "normal"),
        Queue::DispatchBulk => (Exchange::Dispatch, "bulk"),
        Queue::StatusMapper | Queue::Inbox | Queue::AccountSync | Queue::WebhookLog => {
            (Exchange::Webhooks, "statuses.messages.account")
        }
    }
}

/// What was sent in a lane.
macro_rules! sent {
    ($lane:literal) => {
        concat!(
            "SELECT to_jsonb(a) FROM attempts a
             JOIN   messages m USING (message_id)
             WHERE  m.tenant_id = $1 AND a.outcome = 'accepted'
               AND  m.content->'text'->>'body' = 'to be sent' AND m.lane = '",
            $lane,
            "' ORDER BY message_id, attempt_no"
        )
    };
}

/// The rows that good letters of a queue make or move, in the order of the letters. `$1` is the
/// tenant.
const fn effects(queue: Queue) -> &'static str {
    match queue {
        Queue::Notify => {
            "SELECT jsonb_build_object('id', message_id, 'to', recipient, 'at', created_at)
             FROM   messages
             WHERE  tenant_id = $1 AND content->'text'->>'body' = 'good'
               AND  accepted_at IS NOT NULL
             ORDER BY message_id"
        }
        Queue::DispatchUrgent => sent!("urgent"),
        Queue::DispatchNormal => sent!("normal"),
        Queue::DispatchBulk => sent!("bulk"),
        Queue::StatusMapper => {
            "SELECT to_jsonb(m) FROM messages m
             WHERE  tenant_id = $1 AND delivered_at IS NOT NULL
             ORDER BY message_id"
        }
        Queue::Inbox => {
            "SELECT to_jsonb(w) FROM service_windows w
             WHERE  tenant_id = $1
             ORDER BY last_inbound_at, contact"
        }
        Queue::AccountSync => {
            "SELECT to_jsonb(e) FROM account_events e
             WHERE  tenant_id = $1
             ORDER BY told_at"
        }
        Queue::WebhookLog => {
            "SELECT to_jsonb(e) FROM webhook_events e
             JOIN   audit_log a ON a.audit_id = e.event_id
             WHERE  a.tenant_id = $1 AND a.action = 'webhook.inbound.received'
             ORDER BY event_id"
        }
    }
}

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) acme: Sender,
    pub(super) other: Sender,
    /// A message of the other tenant that waits for its time.
    pub(super) bystander: MessageId,
    meta: Meta,
    begun_at: DateTime<Utc>,
    /// How many webhooks have been made up.
    told: AtomicU32,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let mut world = World::new().await;
        world.done(&["migrate"]).await;
        let client = world.db.client().await.unwrap();
        let (acme, other) = (sender(&client, "acme", 1).await, sender(&client, "other", 2).await);
        // What tests seal with.
        world.set("CREDENTIAL_ENCRYPTION_KEY", "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        // Nobody hears what Meta tells, so that all that is told is told by the test.
        let meta = Meta::new(&free_address(), json!({})).await;
        world.set("GRAPH_API_BASE_URL", &meta.base_url);
        let (begun_at, told) = (now(), AtomicU32::new(0));
        let bystander = MessageId::at(begun_at);
        let mut scene = Self { world, acme, other, bystander, meta, begun_at, told };
        let later = Some(now() + TimeDelta::minutes(30));
        let waiting = NewMessage { not_before: later, ..scene.other.message(now()) };
        scene.bystander = waiting.message_id;
        scene.insert(waiting).await;
        scene
    }

    /// Somebody and a second of whom no other letter of this scene tells.
    pub(super) fn person_and_second(&self) -> (u32, i64) {
        let nth = self.told.fetch_add(1, Ordering::Relaxed);
        (nth, self.begun_at.timestamp() - i64::from(nth))
    }

    async fn insert(&self, new: NewMessage) {
        let client = self.world.db.client().await.unwrap();
        messages::insert(&client, &[new], now()).await.unwrap();
    }

    /// Starts everything in one process.
    pub(super) async fn start(&self) -> Up {
        let mut up = Up::spawn(&self.world, &[]);
        up.ready().await;
        up
    }

    /// One letter for each address, with the rows that it is about.
    pub(super) async fn good_letters(&self) -> Vec<Letter> {
        let mut letters: Vec<Letter> = Vec::new();
        for queue in Queue::ALL {
            if letters.iter().all(|letter| letter.address != address(queue)) {
                letters.push(self.good_letter(queue).await);
            }
        }
        letters
    }

    /// A letter that reaches a queue and will be done.
    pub(super) async fn good_letter(&self, queue: Queue) -> Letter {
        let new = self.message(queue);
        let letter = good(self, queue, new.message_id);
        self.insert(new).await;
        letter
    }

    /// The message that a good letter of a queue is about, if it is about one.
    fn message(&self, queue: Queue) -> NewMessage {
        let (person, _) = self.person_and_second();
        let recipient = format!("+49171{person:07}");
        let new = NewMessage { recipient, ..self.acme.message(now()) };
        let lane = match queue {
            Queue::DispatchUrgent => Lane::Urgent,
            Queue::DispatchNormal => Lane::Normal,
            Queue::DispatchBulk => Lane::Bulk,
            Queue::Notify
            | Queue::StatusMapper
            | Queue::Inbox
            | Queue::AccountSync
            | Queue::WebhookLog => {
                // Not to be sent while the test runs.
                return NewMessage { not_before: Some(now() + TimeDelta::minutes(30)), ..new };
            }
        };
        let content = json!({ "type": "text", "text": { "body": "to be sent" } });
        NewMessage { lane, content, ..new }
    }

    pub(super) async fn publish(&self, letter: &Letter) {
        let (exchange, routing_key) = letter.address;
        let outgoing = Outgoing {
            exchange,
            routing_key: routing_key.to_owned(),
            message_id: letter.message_id,
            content_type: letter.content_type,
            traceparent: None,
            body: letter.body.clone(),
        };
        self.world.bus.publisher().publish(outgoing).await.unwrap();
    }

    /// What good letters of a queue have done so far.
    pub(super) async fn effects(&self, queue: Queue) -> Vec<Value> {
        let client = self.world.db.client().await.unwrap();
        let rows = client.query(effects(queue), &[&self.acme.tenant_id.as_uuid()]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// By the names of the queues.
    pub(super) async fn all_effects(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let mut all = BTreeMap::new();
        for queue in Queue::ALL {
            all.insert(queue.as_str(), self.effects(queue).await);
        }
        all
    }

    /// Fails if what is another tenant's was moved or added to.
    pub(super) async fn nothing_of_another_was_touched(&self) {
        let client = self.world.db.client().await.unwrap();
        let other = self.other.tenant_id.as_uuid();
        let untouched = "SELECT delivery_status = 'queued' AND claim_no = 0 AND accepted_at IS NULL
                                AND sent_at IS NULL AND wamid IS NULL
                         FROM   messages WHERE tenant_id = $1";
        let row = client.query_one(untouched, &[&other]).await.unwrap();
        assert!(row.get::<_, bool>(0), "its message was touched");
        for queue in Queue::ALL {
            let rows = client.query(effects(queue), &[&other]).await.unwrap();
            assert_eq!(rows.len(), 0, "{queue}");
        }
    }

    /// The ids of messages that Meta accepted more than once.
    pub(super) fn sent_twice(&self) -> Vec<(String, u64)> {
        self.meta.control.doubled()
    }
}
