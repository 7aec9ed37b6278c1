//! One test's world: what the dispatcher stands on, and what goes in and comes out.

use std::time::Duration;

use amqp::{Exchange, Outgoing};
use backbone::Backbone;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::PROTOBUF;
use dispatcher::{Config, RetryWaits};
use domain::delivery::DeliveryStatus;
use domain::ids::{MessageId, PhoneNumberId};
use domain::lane::{Lane, OnUnknown};
use graph_api::client::GraphConfig;
use graph_sim::{Control, Fault, FaultKind, NumberSpec};
use runtime::Stop;
use serde_json::json;
use store::connections::{NewNumber, add_number};
use store::messages::{self, Due, Message, NewMessage};
use store::{Db, DbConfig};
use test_support::{Sender, TestBus, TestDb, backbone, eventually, sender, vault};
use tokio::task::{AbortHandle, JoinSet};

pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) bus: TestBus,
    pub(crate) sim: Control,
    pub(crate) sender: Sender,
    pub(crate) config: Config,
    running: JoinSet<anyhow::Result<()>>,
}

/// A message as a test describes it.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) from: PhoneNumberId,
    pub(crate) to: String,
    pub(crate) lane: Lane,
    pub(crate) expires_at: DateTime<Utc>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (db, bus) = (TestDb::new().await, TestBus::new().await);
        let sender = sender(&db.client().await.unwrap(), "acme", 1).await;
        let local = graph_sim::Config::local("app secret", None);
        let sim = graph_sim::start(local, Stop::new()).await.unwrap();
        let mut graph = GraphConfig::new(&sim.base_url(), "v25.0").unwrap();
        graph.timeout = Duration::from_secs(20);
        let config = Config {
            graph,
            claim_lease: Duration::from_secs(60),
            retry_waits: RetryWaits::new(vec![Duration::from_millis(100)]).unwrap(),
            concurrency: 100,
            hold: Duration::from_secs(1),
            redis: bus.redis(),
            budget_reserved: 10,
        };
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Self { db, bus, sim: sim.control, sender, config, running }
    }

    /// Starts a dispatcher; aborting it is its sudden death.
    pub(crate) fn start(&mut self) -> AbortHandle {
        let mut backbone = backbone(&self.db, &self.bus);
        // A pool of its own, which dies with it.
        backbone.db = Db::new(&DbConfig::new(self.db.url())).unwrap();
        self.start_on(&backbone, Stop::new())
    }

    pub(crate) fn start_on(&mut self, backbone: &Backbone, stop: Stop) -> AbortHandle {
        let service = dispatcher::start(self.config.clone(), backbone, stop).unwrap();
        self.running.spawn(service.task)
    }

    /// Waits for the end of what was stopped or aborted.
    pub(crate) async fn ended(&mut self) -> Option<anyhow::Result<()>> {
        self.running.join_next().await.unwrap().ok()
    }

    /// Adds a number that sends `messages_per_second`, both here and at Meta.
    pub(crate) async fn number(&self, id: &str, messages_per_second: u32) -> PhoneNumberId {
        self.allow(id, messages_per_second).await;
        self.sim.add_number(NumberSpec {
            phone_number_id: id.to_owned(),
            waba_id: self.sender.waba_id.to_string(),
            display_phone_number: "15550100000".into(),
            tokens: Vec::new(),
            mps: Some(messages_per_second),
            portfolio_id: None,
            tier: None,
            maintenance: false,
        });
        id.parse().unwrap()
    }

    /// Adds or changes a number here alone.
    pub(crate) async fn allow(&self, id: &str, messages_per_second: u32) {
        self.add(id, messages_per_second, "token-1").await;
    }

    /// Stores a new token.
    pub(crate) async fn renew_token(&self, token: &str) {
        self.add(self.sender.phone_number_id.as_str(), 1_000, token).await;
        let client = self.db.client().await.unwrap();
        let connection_id = self.sender.connection_id;
        store::connections::wake_waiting(&client, connection_id, runtime::now()).await.unwrap();
    }

    async fn add(&self, id: &str, messages_per_second: u32, token: &str) {
        let number = NewNumber {
            tenant_id: self.sender.tenant_id,
            waba_id: self.sender.waba_id.clone(),
            phone_number_id: id.parse().unwrap(),
            portfolio_id: None,
            messages_per_second: messages_per_second.try_into().unwrap(),
            tier: None,
            access_token: token.into(),
        };
        let client = self.db.client().await.unwrap();
        add_number(&client, &vault(), &number, runtime::now()).await.unwrap();
    }

    /// The `nth` message of the tenant's first number.
    pub(crate) fn draft(&self, nth: usize) -> Draft {
        Draft {
            from: self.sender.phone_number_id.clone(),
            to: format!("+1415555{nth:04}"),
            lane: Lane::Normal,
            expires_at: runtime::now() + TimeDelta::hours(1),
        }
    }

    /// Inserts messages and publishes nothing.
    pub(crate) async fn insert(&self, drafts: &[Draft]) -> Vec<MessageId> {
        let now = runtime::now();
        let new = drafts.iter().map(|draft| NewMessage {
            message_id: MessageId::at(now),
            tenant_id: self.sender.tenant_id,
            phone_number_id: draft.from.clone(),
            recipient: draft.to.clone(),
            message_type: "text".into(),
            content: json!({ "type": "text", "text": { "body": "the code is 4711" } }),
            client_data: None,
            lane: draft.lane,
            on_unknown: OnUnknown::Hold,
            expires_at: draft.expires_at,
            not_before: None,
            traceparent: None,
        });
        let new: Vec<_> = new.collect();
        let client = self.db.client().await.unwrap();
        let inserted = messages::insert(&client, &new, now).await.unwrap();
        assert_eq!(inserted.len(), new.len());
        new.into_iter().map(|message| message.message_id).collect()
    }

    /// Publishes the jobs of messages.
    pub(crate) async fn publish(&self, lane: Lane, ids: &[MessageId]) {
        let tenant_id = self.sender.tenant_id;
        let due = |id: &MessageId| Due { message_id: *id, tenant_id, lane, traceparent: None };
        self.publish_due(ids.iter().map(due).collect()).await;
    }

    async fn publish_due(&self, due: Vec<Due>) {
        let jobs = backbone::jobs(due).into_iter().map(|job| job.outgoing).collect();
        for published in self.bus.publisher().publish_all(jobs).await {
            published.unwrap();
        }
    }

    pub(crate) fn outgoing(&self, lane: Lane, id: MessageId, body: Bytes) -> Outgoing {
        Outgoing {
            exchange: Exchange::Dispatch,
            routing_key: lane.as_str().to_owned(),
            message_id: id.as_uuid(),
            content_type: PROTOBUF,
            traceparent: None,
            body,
        }
    }

    pub(crate) async fn enqueue(&self, drafts: &[Draft]) -> Vec<MessageId> {
        let ids = self.insert(drafts).await;
        let tenant_id = self.sender.tenant_id;
        let due = drafts.iter().zip(&ids).map(|(draft, id)| Due {
            message_id: *id,
            tenant_id,
            lane: draft.lane,
            traceparent: None,
        });
        self.publish_due(due.collect()).await;
        ids
    }

    pub(crate) async fn enqueue_one(&self, nth: usize) -> MessageId {
        self.enqueue(&[self.draft(nth)]).await[0]
    }

    /// What the scheduler does: publishes what is due.
    pub(crate) async fn sweep(&self) {
        let client = self.db.client().await.unwrap();
        self.publish_due(messages::take_due(&client, 1_000, runtime::now()).await.unwrap()).await;
    }

    /// What the scheduler does when all leases have lapsed: how many are unknown, how many queued.
    pub(crate) async fn recover(&self) -> (u64, u64) {
        let client = self.db.client().await.unwrap();
        let later = runtime::now() + TimeDelta::hours(1);
        messages::recover_lapsed(&client, 1_000, later).await.unwrap()
    }

    pub(crate) async fn message(&self, id: MessageId) -> Message {
        let client = self.db.client().await.unwrap();
        messages::find(&client, self.sender.tenant_id, id).await.unwrap().unwrap()
    }

    pub(crate) async fn status(&self, id: MessageId) -> DeliveryStatus {
        self.message(id).await.summary.status
    }

    /// Waits until the message stands at `status`.
    pub(crate) async fn until(&self, id: MessageId, status: DeliveryStatus) {
        eventually(&format!("{id} is {status}"), async || self.status(id).await == status).await;
    }

    /// As [`Self::until`], with the scheduler running.
    pub(crate) async fn until_swept(&self, id: MessageId, status: DeliveryStatus) {
        eventually(&format!("{id} is {status}"), async || {
            self.sweep().await;
            self.status(id).await == status
        })
        .await;
    }

    /// Waits until the message is put aside.
    pub(crate) async fn until_waiting(&self, id: MessageId) -> Message {
        eventually(&format!("{id} waits"), async || {
            let summary = self.message(id).await.summary;
            summary.status == DeliveryStatus::Queued && summary.waiting_reason.is_some()
        })
        .await;
        self.message(id).await
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.db.client().await.unwrap().batch_execute(sql).await.unwrap();
    }

    /// How many messages of the tenant stand at `status`.
    pub(crate) async fn count(&self, status: DeliveryStatus) -> usize {
        let client = self.db.client().await.unwrap();
        let counts = messages::count_by_status(&client, self.sender.tenant_id).await.unwrap();
        counts.get(&status).copied().unwrap_or(0).try_into().unwrap()
    }

    /// How often Meta accepted a message.
    pub(crate) fn sends_of(&self, id: MessageId) -> usize {
        let opaque = id.to_string();
        let is_it = |send: &&graph_sim::SendRecord| send.opaque.as_deref() == Some(opaque.as_str());
        self.sim.sends(0, usize::MAX).iter().filter(is_it).count()
    }

    pub(crate) fn sends(&self) -> usize {
        self.sim.sends(0, usize::MAX).len()
    }

    /// Strikes the next `times` requests.
    pub(crate) fn strike(&self, kind: FaultKind, times: u64) {
        self.fault(Fault { kind: Some(kind), times: Some(times), ..Fault::default() });
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.sim.add_faults(&[fault]).unwrap();
    }
}
