use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::delivery::DeliveryStatus;
use domain::ids::MessageId;
use domain::lane::WaitingReason;
use runtime::Stop;
use store::Db;
use store::messages::{self, Standing};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Pause between two looks at the rows, however many requests wait.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest time in which a request's row is not looked at.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How many rows one look takes at most.
const MOST_ROWS: usize = 1_000;

/// Everybody who waits for Meta's answer to a message. One loop looks at the rows of all of them,
/// at each less often the longer it takes.
pub(crate) struct Watch {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    stop: Stop,
}

#[derive(Default)]
struct Waiting {
    next_key: u64,
    entries: HashMap<u64, Entry>,
}

struct Entry {
    message_id: MessageId,
    since: Instant,
    next_look: Instant,
    tell: oneshot::Sender<()>,
}

/// Takes a request off the list when it is answered or given up.
struct Place<'a>(&'a Watch, u64);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting().entries.remove(&self.1);
    }
}

impl Watch {
    pub(crate) fn new(stop: Stop) -> Self {
        Self { waiting: Mutex::default(), arrived: Notify::new(), stop }
    }

    /// Returns when there is something to say of the message, when `patience` has run out, or when
    /// the process is to stop.
    pub(crate) async fn settled(&self, message_id: MessageId, patience: Duration) {
        let (tell, told) = oneshot::channel();
        let place = self.enter(message_id, tell);
        self.arrived.notify_one();
        let waited = self.stop.until(timeout(patience, told)).await;
        drop((waited, place));
    }

    fn enter(&self, message_id: MessageId, tell: oneshot::Sender<()>) -> Place<'_> {
        let mut waiting = self.waiting();
        let key = waiting.next_key;
        waiting.next_key += 1;
        let now = Instant::now();
        waiting.entries.insert(key, Entry { message_id, since: now, next_look: now, tell });
        Place(self, key)
    }

    /// Looks at the rows for as long as it is polled.
    pub(crate) async fn run(&self, db: &Db) -> Infallible {
        let mut is_failing = false;
        loop {
            let due = self.due();
            if due.is_empty() {
                self.rest().await;
                continue;
            }
            match look(db, &due).await {
                Ok(standings) => {
                    is_failing = false;
                    self.tell(&standings);
                }
                Err(error) => {
                    if !is_failing {
                        let error = backbone::chain(&error);
                        tracing::warn!(error, "cannot look for Meta's answers");
                    }
                    is_failing = true;
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// The messages to look at now; each is due again after a quarter of the time it has taken.
    fn due(&self) -> Vec<MessageId> {
        let now = Instant::now();
        let mut waiting = self.waiting();
        let due = waiting.entries.values_mut().filter(|entry| entry.next_look <= now);
        due.take(MOST_ROWS)
            .map(|entry| {
                let pause = (now - entry.since) / 4;
                entry.next_look = now + pause.clamp(PAUSE, LONGEST_PAUSE);
                entry.message_id
            })
            .collect()
    }

    /// Waits for the next look that is due, or for somebody new.
    async fn rest(&self) {
        let next = self.waiting().entries.values().map(|entry| entry.next_look).min();
        match next {
            Some(next) => {
                // It does not matter which of the two came.
                let _ = timeout_at(next, self.arrived.notified()).await;
            }
            None => self.arrived.notified().await,
        }
    }

    fn tell(&self, standings: &[Standing]) {
        let mut waiting = self.waiting();
        for standing in standings.iter().filter(|standing| is_settled(standing)) {
            let of_it = |_: &u64, entry: &mut Entry| entry.message_id == standing.message_id;
            for (_, entry) in waiting.entries.extract_if(of_it) {
                // Nobody hears it when the request has just been given up.
                let _ = entry.tell.send(());
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look(db: &Db, due: &[MessageId]) -> store::Result<Vec<Standing>> {
    let client = db.client().await?;
    messages::standings(&client, due).await
}

/// Whether waiting longer tells nothing more: Meta has answered, or refused the credentials, for
/// which the message waits longer than any request.
fn is_settled(standing: &Standing) -> bool {
    match standing.status {
        DeliveryStatus::Queued => standing.waiting_reason == Some(WaitingReason::Credential),
        DeliveryStatus::Sending | DeliveryStatus::Unknown => false,
        DeliveryStatus::Held
        | DeliveryStatus::Accepted
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Failed
        | DeliveryStatus::Cancelled
        | DeliveryStatus::Expired => true,
    }
}
