//! From a checked request to a committed row and a published job. Both entrances end here.

use chrono::{DateTime, Utc};
use domain::enqueue::Enqueue;
use domain::ids::{MessageId, TenantId};
use serde_json::Value;
use store::idempotency::{self, Begin};
use store::messages::{self, NewMessage};
use store::{GenericClient, acting_for};

use crate::api::Api;
use crate::error::ApiError;
use crate::idempotency::Claim;
use crate::metrics::Entrance;

/// A message as it is accepted, with the id that it will have.
pub(crate) fn new_message(
    message_id: MessageId,
    tenant_id: TenantId,
    enqueue: &Enqueue,
    traceparent: Option<String>,
) -> NewMessage {
    NewMessage {
        message_id,
        tenant_id,
        phone_number_id: enqueue.from.clone(),
        recipient: enqueue.recipient.as_text().to_owned(),
        message_type: enqueue.message.content.kind().to_owned(),
        content: enqueue.message.to_json(),
        client_data: enqueue.client_data.clone(),
        lane: enqueue.lane,
        on_unknown: enqueue.on_unknown,
        expires_at: enqueue.expires_at,
        not_before: enqueue.not_before,
        traceparent,
    }
}

/// Ids for a batch, in ascending order: a list shows its messages in the order of the request.
pub(crate) fn message_ids(count: usize, now: DateTime<Utc>) -> Vec<MessageId> {
    let mut ids: Vec<MessageId> = (0..count).map(|_| MessageId::at(now)).collect();
    ids.sort_unstable();
    ids
}

/// The messages of one request, and what became of each of its items, in their order.
pub(crate) struct Batch {
    tenant_id: TenantId,
    messages: Vec<NewMessage>,
    pub(crate) items: Vec<Result<MessageId, ApiError>>,
}

impl Batch {
    pub(crate) fn new(
        requests: Vec<Result<Enqueue, ApiError>>,
        tenant_id: TenantId,
        traceparent: Option<&str>,
        now: DateTime<Utc>,
    ) -> Self {
        let ids = message_ids(requests.len(), now);
        let mut messages = Vec::with_capacity(requests.len());
        let items = requests
            .into_iter()
            .zip(ids)
            .map(|(request, id)| {
                let traceparent = traceparent.map(str::to_owned);
                messages.push(new_message(id, tenant_id, &request?, traceparent));
                Ok(id)
            })
            .collect();
        Self { tenant_id, messages, items }
    }

    /// Inserts what was accepted so far; an unknown sender becomes the error of its item.
    async fn insert(
        &mut self,
        client: &impl GenericClient,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        if self.messages.is_empty() {
            return Ok(());
        }
        let inserted = messages::insert(client, &self.messages, now).await?;
        self.messages.retain(|message| inserted.contains(&message.message_id));
        for item in &mut self.items {
            if item.as_ref().is_ok_and(|id| !inserted.contains(id)) {
                *item = Err(ApiError::unknown_sender());
            }
        }
        Ok(())
    }
}

/// What a request is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// It is the answer to an earlier request with the same key.
    pub(crate) is_replayed: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body, is_replayed: false }
    }
}

impl Api {
    /// Commits the messages of a request, publishes their jobs, and answers by `answer`; with a
    /// claim at most once, however often it is asked.
    ///
    /// An answer by which nothing was accepted is not kept: the caller may correct the request and
    /// use the key again.
    ///
    /// # Errors
    /// What `answer` says; `OtherRequest`, `InProgress`, `Unavailable`.
    pub(crate) async fn enqueue(
        &self,
        mut batch: Batch,
        claim: Option<&Claim>,
        now: DateTime<Utc>,
        answer: impl FnOnce(Vec<Result<MessageId, ApiError>>) -> Result<Answer, ApiError>,
    ) -> Result<Answer, ApiError> {
        if claim.is_none() && batch.messages.is_empty() {
            return answer(batch.items);
        }
        let mut client = self.db.client().await?;
        let acting = acting_for(&mut client, batch.tenant_id).await?;
        if let Some(claim) = claim
            && let Some(answer) = begin(&acting, claim, now).await?
        {
            return Ok(answer);
        }
        batch.insert(&acting, now).await?;
        let answer = answer(batch.items)?;
        if let Some(claim) = claim.filter(|_| !batch.messages.is_empty()) {
            finish(&acting, claim, &answer, now).await?;
        }
        acting.commit().await.map_err(store::Error::from)?;
        drop(client);
        self.publish(Entrance::Http, &batch.messages).await;
        Ok(answer)
    }

    /// What follows the commit.
    pub(crate) async fn publish(&self, entrance: Entrance, messages: &[NewMessage]) {
        self.metrics.enqueued(entrance, messages.iter().map(|message| message.lane));
        let unpublished = self.jobs.publish(messages).await;
        if unpublished.is_empty() {
            return;
        }
        // Best effort: without it the scheduler finds them a minute later. Upkeep of rows that we
        // have just made, whoever's they are, so that it acts for no tenant.
        let hasten = async {
            let client = self.db.client().await?;
            store::messages::publish_soon(&client, &unpublished, runtime::now()).await
        };
        if let Err(error) = hasten.await {
            let error = backbone::chain(&error);
            tracing::warn!(error, "messages whose job is not published wait for the next sweep");
        }
    }
}

/// Takes the key for the transaction; answers what was answered before, if it was.
async fn begin(
    transaction: &impl GenericClient,
    claim: &Claim,
    now: DateTime<Utc>,
) -> Result<Option<Answer>, ApiError> {
    let Claim { tenant_id, key, request_hash } = claim;
    match idempotency::begin(transaction, *tenant_id, key, request_hash, now).await? {
        Begin::Work => Ok(None),
        Begin::Replay { status, body } => {
            let status = u16::try_from(status).unwrap_or_default();
            Ok(Some(Answer { status, body, is_replayed: true }))
        }
        Begin::OtherRequest => Err(ApiError::OtherRequest),
        Begin::InProgress => Err(ApiError::InProgress),
    }
}

/// Keeps the answer in the transaction that did the work.
pub(crate) async fn finish(
    transaction: &impl GenericClient,
    claim: &Claim,
    answer: &Answer,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let Claim { tenant_id, key, request_hash } = claim;
    let status = i32::from(answer.status);
    idempotency::finish(transaction, *tenant_id, key, request_hash, status, &answer.body, now).await
}
