//! One claimed message, from its reservation to its result.

use std::sync::Arc;
use std::time::Duration;

use backbone::chain;
use chrono::{DateTime, TimeDelta, Utc};
use domain::enqueue::send_body;
use domain::lane::WaitingReason;
use graph_api::client::{SendOutcome, SendRequest};
use limits::{Budget, Decision, Request, Turn};
use runtime::Stop;
use secrecy::SecretString;
use store::messages::{AttemptOutcome, Claimed, Finished, Next};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

use crate::Shared;
use crate::begin::Begun;
use crate::decide::{Decided, Effect, REFUSED_FOR, decide};
use crate::insist::insist;
use crate::lane::Shares;
use crate::tokens::Access;

/// Carries a claimed message to its result and hands that in.
pub(crate) async fn carry(shared: Arc<Shared>, claimed: Box<Claimed>, delivery: Shares) {
    let under_way = shared.metrics.under_way(claimed.lane);
    let span = tracing::info_span!("dispatch", message.id = %claimed.message_id, trace_id = Empty);
    runtime::trace::follow(&span, claimed.traceparent.as_deref());
    // Boxed, so that what is spawned, and moved for that, is small.
    let finished = Box::pin(finish(&shared, &claimed)).instrument(span).await;
    drop(under_way);
    shared.results.put(finished, delivery).await;
}

/// What the claim came to; `None` when it was lost to somebody else.
async fn finish(shared: &Shared, claimed: &Claimed) -> Option<Finished> {
    let taken_at = Instant::now();
    let ready = match prepare(shared, claimed).await {
        Ok(ready) => ready,
        Err(finished) => return finished,
    };
    let turn = ready.turn.come().await;
    let waited = taken_at.elapsed();
    shared.metrics.turn(claimed.lane, waited);
    let now = runtime::now();
    if now >= claimed.expires_at {
        return Some(unsent(claimed, now, Next::Expired, "expired before its turn came"));
    }
    let again = Next::Wait { until: now, reason: WaitingReason::Retry };
    if turn.is_err() {
        return Some(unsent(claimed, now, again, "Redis went away before its turn came"));
    }
    let timeout = TimeDelta::from_std(shared.config.graph.timeout).unwrap_or(TimeDelta::MAX);
    if ready.lease_until - now < timeout {
        return Some(unsent(claimed, now, again, "too little was left of its lease"));
    }
    Some(send(shared, claimed, &ready.token, waited).await)
}

/// A message that may be sent as soon as its turn has come.
struct Ready {
    turn: Turn,
    token: SecretString,
    lease_until: DateTime<Utc>,
}

/// Everything that comes before the call.
async fn prepare(shared: &Shared, claimed: &Claimed) -> Result<Ready, Option<Finished>> {
    let request = Request {
        phone_number_id: &claimed.phone_number_id,
        recipient: &claimed.recipient,
        lane: claimed.lane,
        messages_per_second: claimed.messages_per_second,
        budget: (!claimed.in_service_window).then(|| Budget {
            portfolio: &claimed.portfolio,
            room: claimed.tier.room(claimed.lane, shared.config.budget_reserved),
        }),
        now: runtime::now(),
    };
    let turn = match shared.stop.until(shared.limits.reserve(request)).await {
        Some(Decision::Go(turn)) => turn,
        Some(Decision::At { until, reason }) => return Err(Some(wait(claimed, until, reason))),
        None => return Err(Some(give_back(claimed))),
    };
    if shared.stop.is_stopped() {
        return Err(Some(give_back(claimed)));
    }
    let token = token(shared, claimed).await?;
    match shared.begins.begin(claimed).await {
        Begun::Yes { lease_until } => Ok(Ready { turn, token, lease_until }),
        Begun::Lost if runtime::now() >= claimed.expires_at => {
            Err(Some(finished(claimed, Next::Expired)))
        }
        Begun::Lost => Err(None),
        Begun::InDoubt => {
            let until = runtime::now() + shared.config.retry_waits.after(0);
            Err(Some(wait(claimed, until, WaitingReason::Retry)))
        }
    }
}

async fn token(shared: &Shared, claimed: &Claimed) -> Result<SecretString, Option<Finished>> {
    let now = runtime::now();
    match shared.tokens.open(claimed.connection_id, &claimed.sealed_token, now) {
        Access::Token(token) => Ok(token),
        Access::Refused { until } => Err(Some(wait(claimed, until, WaitingReason::Credential))),
        Access::Sealed => {
            tracing::error!(
                connection.id = %claimed.connection_id,
                "the token of connection {} does not open with CREDENTIAL_ENCRYPTION_KEY",
                claimed.connection_id,
            );
            let until = now + REFUSED_FOR;
            let reason = "the stored access token cannot be opened; store it again".to_owned();
            Box::pin(apply(shared, claimed, Effect::BlockConnection { until, reason })).await;
            Err(Some(wait(claimed, until, WaitingReason::Credential)))
        }
    }
}

/// The one call to Meta.
async fn send(
    shared: &Shared,
    claimed: &Claimed,
    token: &SecretString,
    waited: Duration,
) -> Finished {
    let body = send_body(&claimed.content, &claimed.recipient, claimed.message_id);
    let phone_number_id = &claimed.phone_number_id;
    let begun_at = Instant::now();
    let outcome = shared.graph.send(SendRequest { phone_number_id, token, body: &body }).await;
    let took = begun_at.elapsed();
    tell(claimed, &outcome, took, waited);
    let decided = decide(claimed, outcome, runtime::now(), &shared.config.retry_waits);
    let Decided { finished, class, effect } = decided;
    let word = finished.attempt.as_ref().map_or("none", |attempt| attempt.outcome);
    shared.metrics.attempt(word, class, took);
    if let Some(effect) = effect {
        Box::pin(apply(shared, claimed, effect)).await;
    }
    finished
}

/// The one line about an attempt.
fn tell(claimed: &Claimed, outcome: &SendOutcome, took: Duration, waited: Duration) {
    let code = match outcome {
        SendOutcome::Accepted { .. } => None,
        SendOutcome::NotSent { error, .. }
        | SendOutcome::Rejected { error, .. }
        | SendOutcome::Ambiguous { error } => error.code,
    };
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        message.id = %claimed.message_id,
        tenant.id = %claimed.tenant_id,
        phone_number.id = %claimed.phone_number_id,
        lane = %claimed.lane,
        attempt = claimed.attempt_count + 1,
        outcome = outcome.as_str(),
        code,
        latency_ms = milliseconds(took),
        waited_ms = milliseconds(waited),
        "message {}: {}",
        claimed.message_id,
        outcome.as_str(),
    );
}

/// Makes others heed what this answer taught. Seldom, and large: awaited in a box, which keeps every
/// other message's task small.
async fn apply(shared: &Shared, claimed: &Claimed, effect: Effect) {
    let (connection_id, phone_number_id) = (claimed.connection_id, &claimed.phone_number_id);
    let written = match effect {
        Effect::SlowNumber => {
            shared.limits.throttled(phone_number_id).await;
            Ok(())
        }
        Effect::PauseNumber { until, reason } => {
            tracing::warn!(phone_number.id = %phone_number_id, "paused a number: {reason}");
            let reason = reason.as_str();
            write(|| async move {
                let client = shared.db.client().await?;
                store::connections::pause_number(&client, phone_number_id, until, reason).await
            })
            .await
        }
        Effect::BlockConnection { until, reason } => {
            let (sealed, now) = (&claimed.sealed_token, runtime::now());
            if !shared.tokens.refuse(connection_id, sealed, until, now) {
                return;
            }
            tracing::warn!(connection.id = %connection_id, "blocked a connection: {reason}");
            let reason = reason.as_str();
            write(|| async move {
                let client = shared.db.client().await?;
                store::connections::block(&client, connection_id, sealed, until, reason).await
            })
            .await
        }
    };
    if let Err(error) = written {
        tracing::error!(error = chain(&error), "a block or pause could not be written");
    }
}

/// Insists for as long as the process lives, as the result that follows does too.
async fn write<F>(statement: impl FnMut() -> F) -> store::Result<()>
where
    F: Future<Output = store::Result<()>>,
{
    insist(&Stop::new(), statement).await.map_or(Ok(()), |word| word.result)
}

/// Back to the queue, due at once: this worker has been stopped.
fn give_back(claimed: &Claimed) -> Finished {
    wait(claimed, runtime::now(), WaitingReason::Retry)
}

fn wait(claimed: &Claimed, until: DateTime<Utc>, reason: WaitingReason) -> Finished {
    finished(claimed, Next::Wait { until, reason })
}

fn finished(claimed: &Claimed, next: Next) -> Finished {
    Finished {
        message_id: claimed.message_id,
        claim_no: claimed.claim_no,
        at: runtime::now(),
        attempt: None,
        next,
    }
}

/// The result of an attempt that was written ahead and then not made.
fn unsent(claimed: &Claimed, at: DateTime<Utc>, next: Next, why: &str) -> Finished {
    let attempt = AttemptOutcome {
        outcome: "not_sent",
        error: Some(why.to_owned()),
        ..AttemptOutcome::default()
    };
    Finished { at, attempt: Some(attempt), ..finished(claimed, next) }
}
