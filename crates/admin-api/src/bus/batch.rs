//! A batch of publications: those of one tenant in one transaction, which acts for that tenant.
//!
//! One transaction for all of them would have to act for nobody, and then only the statements would
//! keep tenants apart. Those who publish are few and their batches mostly one tenant's, so that the
//! price is small; and what cannot be stored of one tenant holds nobody else up.

use std::collections::{BTreeMap, HashMap, HashSet};

use amqp::Verdict;
use chrono::{DateTime, Utc};
use domain::delivery::DeliveryStatus;
use domain::enqueue::Enqueue;
use domain::field::FieldError;
use domain::ids::{MessageId, TenantId};
use futures::future::try_join_all;
use serde_json::json;
use store::idempotency::{self, Begin};
use store::messages::{self, NewMessage};
use store::tenants;
use store::{GenericClient, acting_for};

use super::notification::Notification;
use crate::api::Api;
use crate::enqueue::{Answer, finish, message_ids, new_message};
use crate::error::ApiError;
use crate::idempotency::Claim;
use crate::metrics::Entrance;
use crate::view::Accepted;

/// One publication of a known tenant.
struct Item<'a> {
    /// Its place in the batch.
    place: usize,
    claim: Option<Claim>,
    enqueue: Result<Enqueue, Vec<FieldError>>,
    traceparent: Option<&'a str>,
}

/// Judges each publication, in their order.
///
/// # Errors
/// Only `Unavailable`: nothing was done, and the same call may go through later. What went through
/// already is recognised by its key then.
pub(super) async fn enqueue(
    api: &Api,
    notifications: &[Notification],
    now: DateTime<Utc>,
) -> store::Result<Vec<Verdict>> {
    let (mut verdicts, items) = prepare(api, notifications, now).await?;
    for (tenant_id, items) in items {
        for round in rounds(items) {
            for (place, verdict) in settle(api, tenant_id, &round, now).await? {
                verdicts[place] = verdict;
            }
        }
    }
    for verdict in &verdicts {
        if let Verdict::Park(reason) = verdict {
            api.metrics.refused(Entrance::Bus, "parked");
            tracing::warn!(queue = "notify", reason, "parked a publication");
        }
    }
    Ok(verdicts)
}

/// The publications of each tenant, in their order.
type ByTenant<'a> = BTreeMap<TenantId, Vec<Item<'a>>>;

/// Finds the tenants and reads the bodies; whoever cannot go on is judged here.
async fn prepare<'a>(
    api: &Api,
    notifications: &'a [Notification],
    now: DateTime<Utc>,
) -> store::Result<(Vec<Verdict>, ByTenant<'a>)> {
    let readable = notifications.iter().filter_map(|n| n.request.as_ref().ok());
    let tenants = find_tenants(api, readable.map(|request| request.tenant.as_str())).await?;
    let (mut verdicts, mut items) = (Vec::new(), ByTenant::new());
    for (place, notification) in notifications.iter().enumerate() {
        let verdict = match &notification.request {
            Err(reason) => Verdict::Park(reason.clone()),
            Ok(request) => match tenants.get(request.tenant.as_str()) {
                None => Verdict::Park("the tenant is not known".into()),
                Some(tenant_id) => {
                    let claim = request.key.clone().map(|key| Claim {
                        tenant_id: *tenant_id,
                        key,
                        request_hash: request.request_hash.clone(),
                    });
                    items.entry(*tenant_id).or_default().push(Item {
                        place,
                        claim,
                        enqueue: Enqueue::parse(&request.body, now),
                        traceparent: notification.traceparent.as_deref(),
                    });
                    Verdict::Retry("not judged".into())
                }
            },
        };
        verdicts.push(verdict);
    }
    Ok((verdicts, items))
}

/// Looks each tenant up once; for no tenant, since it is not known yet.
async fn find_tenants<'a>(
    api: &Api,
    names: impl Iterator<Item = &'a str>,
) -> store::Result<HashMap<&'a str, TenantId>> {
    let names: HashSet<&str> = names.filter(|name| !name.contains('\0')).collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let client = api.db.client().await?;
    let client = &client;
    let found = names.into_iter().map(|name| async move {
        Ok::<_, store::Error>((name, tenants::find(client, name).await?))
    });
    let found = try_join_all(found).await?.into_iter();
    Ok(found.filter_map(|(name, tenant_id)| Some((name, tenant_id?))).collect())
}

/// Publications with the same key one after another: only the first one may find the key free.
fn rounds(items: Vec<Item<'_>>) -> Vec<Vec<Item<'_>>> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut rounds: Vec<Vec<Item<'_>>> = Vec::new();
    for item in items {
        let round = item.claim.as_ref().map_or(0, |claim| {
            let uses = seen.entry(claim.key.clone()).or_default();
            *uses += 1;
            *uses - 1
        });
        if rounds.len() == round {
            rounds.push(Vec::new());
        }
        rounds[round].push(item);
    }
    rounds
}

/// A round in one transaction; should one of its values be such as can never be stored, each
/// publication in one of its own.
async fn settle(
    api: &Api,
    tenant_id: TenantId,
    items: &[Item<'_>],
    now: DateTime<Utc>,
) -> store::Result<Vec<(usize, Verdict)>> {
    match commit(api, tenant_id, items, now).await {
        Err(store::Error::Unstorable(_)) if items.len() > 1 => {
            let mut verdicts = Vec::with_capacity(items.len());
            for item in items {
                let one = commit(api, tenant_id, std::slice::from_ref(item), now).await;
                verdicts.extend(or_verdict(one, std::slice::from_ref(item))?);
            }
            Ok(verdicts)
        }
        settled => or_verdict(settled, items),
    }
}

/// Turns every error but an absence into a verdict.
fn or_verdict(
    settled: store::Result<Vec<(usize, Verdict)>>,
    items: &[Item<'_>],
) -> store::Result<Vec<(usize, Verdict)>> {
    let (error, verdict) = match settled {
        Ok(verdicts) => return Ok(verdicts),
        Err(error) if error.is_unavailable() => return Err(error),
        // The driver's own words would quote the row.
        Err(error @ store::Error::Unstorable(_)) => {
            (error.to_string(), Verdict::Park("refused: it cannot be stored".into()))
        }
        Err(error) => (backbone::chain(&error), Verdict::Retry(error.to_string())),
    };
    tracing::error!(error, "publications could not be enqueued");
    Ok(items.iter().map(|item| (item.place, verdict.clone())).collect())
}

async fn commit(
    api: &Api,
    tenant_id: TenantId,
    items: &[Item<'_>],
    now: DateTime<Utc>,
) -> store::Result<Vec<(usize, Verdict)>> {
    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let begun = begin(&acting, items, now).await?;
    let ids = message_ids(items.len(), now);
    let accepted: Vec<NewMessage> = items
        .iter()
        .zip(&begun)
        .zip(&ids)
        .filter_map(|((i, b), id)| work(tenant_id, i, b, *id))
        .collect();
    let inserted = messages::insert(&acting, &accepted, now).await?;
    let finished = items.iter().zip(&ids).filter(|(_, id)| inserted.contains(id));
    try_join_all(finished.map(|(item, id)| keep(&acting, item, *id, now))).await?;
    acting.commit().await?;
    drop(client);

    let accepted: Vec<NewMessage> =
        accepted.into_iter().filter(|message| inserted.contains(&message.message_id)).collect();
    api.publish(Entrance::Bus, &accepted).await;
    let judged = items.iter().zip(begun).zip(ids);
    Ok(judged
        .map(|((item, begun), id)| (item.place, verdict(item, &begun, inserted.contains(&id))))
        .collect())
}

/// Takes all keys, in one round trip.
async fn begin(
    transaction: &impl GenericClient,
    items: &[Item<'_>],
    now: DateTime<Utc>,
) -> store::Result<Vec<Begin>> {
    try_join_all(items.iter().map(|item| async move {
        let Some(claim) = &item.claim else { return Ok(Begin::Work) };
        let Claim { tenant_id, key, request_hash } = claim;
        idempotency::begin(transaction, *tenant_id, key, request_hash, now).await
    }))
    .await
}

/// The message that is to be inserted, if there is one.
fn work(tenant_id: TenantId, item: &Item<'_>, begun: &Begin, id: MessageId) -> Option<NewMessage> {
    let enqueue = item.enqueue.as_ref().ok().filter(|_| *begun == Begin::Work)?;
    Some(new_message(id, tenant_id, enqueue, item.traceparent.map(str::to_owned)))
}

async fn keep(
    transaction: &impl GenericClient,
    item: &Item<'_>,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let Some(claim) = &item.claim else { return Ok(()) };
    let accepted = Accepted { message_id, delivery_status: DeliveryStatus::Queued };
    finish(transaction, claim, &Answer::new(202, json!(accepted)), now).await
}

fn verdict(item: &Item<'_>, begun: &Begin, is_inserted: bool) -> Verdict {
    match (begun, &item.enqueue) {
        (Begin::Replay { .. }, _) => Verdict::Done,
        (Begin::OtherRequest, _) => {
            Verdict::Park("refused: its idempotency key came with another body before".into())
        }
        (Begin::InProgress, _) => Verdict::Retry("its idempotency key is being worked on".into()),
        (Begin::Work, Err(fields)) => Verdict::Park(refusal(fields)),
        (Begin::Work, Ok(_)) if is_inserted => Verdict::Done,
        (Begin::Work, Ok(_)) => match ApiError::unknown_sender() {
            ApiError::WrongFields(fields) => Verdict::Park(refusal(&fields)),
            other => Verdict::Park(other.to_string()),
        },
    }
}

/// Fields and what is allowed there; never a value.
fn refusal(fields: &[FieldError]) -> String {
    let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
    format!("refused: {}", fields.join("; "))
}
