//! Webhook POSTs, published again and so read by today's code.
//!
//! What is published is the stored body, under the id and with the scope that it had: consumers know
//! the id, and facts merge, so doing it again changes nothing. What was never proved is never
//! published. Of a POST that the platform's app signed a tenant replays its own entries alone.

use std::fmt;
use std::sync::Arc;

use amqp::{Bus, Exchange, Outgoing, Publisher};
use contracts::{PROTOBUF, Rejection, SignatureState, WebhookReceived};
use domain::ids::EventId;
use graph_api::webhook::{self, RoutingWords, UNPARSED};
use serde_json::{Value, json};
use store::audit::{self, Entry};
use store::webhook_events::{self, Standing, Stored, Stretch};
use store::{Db, Transaction, Vault, acting_for};

use crate::connections::By;

const ACTION: &str = "webhook.replayed";

/// How many are read and published at once; each may have 3 MiB.
const PORTION: usize = 50;

/// How many portions one call replays at most.
const PORTIONS: usize = 10;

/// Why nothing was replayed.
#[derive(Debug, thiserror::Error)]
pub enum NotReplayed {
    /// It concerns the tenant not at all.
    #[error("no webhook POST of that id concerns you, or it is forgotten")]
    Missing,
    /// Nobody has proved it.
    #[error(
        "its signature was refused, so nothing of it is taken; once the right app secret is saved, \
         it is taken by itself"
    )]
    Refused,
    /// Nothing in it is the tenant's any more.
    #[error("nothing in it concerns an account that is yours now")]
    NotYours,
    /// RabbitMQ does not confirm.
    #[error("RabbitMQ is away; what was not replayed can be asked for again")]
    BusAway,
    /// The database's own word.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// How far a replay came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How many POSTs were published.
    pub events: usize,
    /// The last that was looked at, when there are more after it.
    pub next: Option<EventId>,
}

/// Publishes stored POSTs.
pub struct Replayer {
    db: Db,
    vault: Arc<Vault>,
    publisher: Publisher,
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayer").finish_non_exhaustive()
    }
}

impl Replayer {
    /// Of the POSTs in this database, on this bus.
    pub fn new(db: Db, vault: Arc<Vault>, bus: &Bus) -> Self {
        Self { db, vault, publisher: bus.publisher() }
    }

    /// Replays one POST.
    ///
    /// # Errors
    /// Why it was not.
    pub async fn one(&self, by: By, event_id: EventId) -> Result<(), NotReplayed> {
        let mut client = self.db.client().await?;
        let acting = acting_for(&mut client, by.tenant_id).await?;
        let found = webhook_events::find(&acting, by.tenant_id, event_id).await?;
        if found.ok_or(NotReplayed::Missing)?.standing == Standing::Refused {
            return Err(NotReplayed::Refused);
        }
        let stored = webhook_events::stored(&acting, &self.vault, by.tenant_id, event_id).await?;
        let outgoing = outgoing(&acting, by, stored.ok_or(NotReplayed::Missing)?).await?;
        let outgoing = outgoing.ok_or(NotReplayed::NotYours)?;
        by.note(&acting, ACTION, event_id, json!({})).await?;
        self.publish(vec![outgoing]).await?;
        Ok(acting.commit().await.map_err(store::Error::from)?)
    }

    /// Replays what was proved of a stretch of time, the oldest first, a bounded number at a call.
    ///
    /// # Errors
    /// Why it broke off; what was published until then is written in the audit log.
    pub async fn between(&self, by: By, stretch: Stretch) -> Result<Replayed, NotReplayed> {
        let (mut stretch, mut events) = (stretch, 0);
        for _ in 0..PORTIONS {
            let (read, last, published) = self.portion(by, &stretch).await?;
            events += published;
            if read < PORTION {
                return Ok(Replayed { events, next: None });
            }
            stretch.after = last;
        }
        Ok(Replayed { events, next: stretch.after })
    }

    /// Answers how many were read, which was the last, and how many were published.
    async fn portion(
        &self,
        by: By,
        stretch: &Stretch,
    ) -> Result<(usize, Option<EventId>, usize), NotReplayed> {
        let mut client = self.db.client().await?;
        let acting = acting_for(&mut client, by.tenant_id).await?;
        let limit = i64::try_from(PORTION).unwrap_or(i64::MAX);
        let stored =
            webhook_events::stored_between(&acting, &self.vault, by.tenant_id, stretch, limit)
                .await?;
        let (read, last) = (stored.len(), stored.last().map(|stored| stored.event_id));
        let mut replayed = Vec::with_capacity(read);
        for stored in stored {
            replayed.extend(outgoing(&acting, by, stored).await?);
        }
        let published = replayed.len();
        if published > 0 {
            let entry = Entry {
                tenant_id: by.tenant_id,
                actor: by.actor,
                action: ACTION,
                subject: None,
                detail: detail(stretch, published),
            };
            audit::write(&acting, &entry, runtime::now()).await?;
            self.publish(replayed).await?;
            acting.commit().await.map_err(store::Error::from)?;
        }
        Ok((read, last, published))
    }

    async fn publish(&self, outgoing: Vec<Outgoing>) -> Result<(), NotReplayed> {
        let results = self.publisher.publish_all(outgoing).await;
        if results.iter().all(Result::is_ok) { Ok(()) } else { Err(NotReplayed::BusAway) }
    }
}

fn detail(stretch: &Stretch, events: usize) -> Value {
    json!({"since": stretch.since, "until": stretch.until, "events": events})
}

/// What of a POST the tenant may replay; `None` when nothing of it is theirs.
async fn outgoing(
    acting: &Transaction<'_>,
    by: By,
    stored: Stored,
) -> store::Result<Option<Outgoing>> {
    let Stored { event_id, received_at, path, scope, is_own, body } = stored;
    let body = if is_own { Some(body) } else { own_part(acting, by, body).await? };
    let Some(body) = body else { return Ok(None) };
    let routing_key = webhook::routing_words(&body).map_or(UNPARSED, RoutingWords::key);
    let post = WebhookReceived {
        event_id,
        received_at,
        scope: Some(scope),
        signature: SignatureState::Valid,
        path,
        body: body.into(),
        repeats: 1,
        rejection: Rejection::default(),
    };
    Ok(Some(Outgoing {
        exchange: Exchange::Webhooks,
        routing_key: routing_key.to_owned(),
        message_id: event_id.as_uuid(),
        content_type: PROTOBUF,
        traceparent: None,
        body: post.encode(),
    }))
}

/// The entries of the tenant's accounts in what the platform's app signed.
async fn own_part(
    acting: &Transaction<'_>,
    by: By,
    body: Vec<u8>,
) -> store::Result<Option<Vec<u8>>> {
    let named = webhook::waba_ids(&body);
    let own = webhook_events::accounts_of(acting, by.tenant_id, &named).await?;
    if own == named {
        return Ok(Some(body));
    }
    Ok(webhook::part_of(&body, |waba_id| own.contains(waba_id)))
}
