//! The topology as it stands at the broker: declared as a whole, kept, and deleted.
//!
//! A bus that was asked once to declare the topology answers for it from then on. Whatever casts a
//! doubt on it (a lost connection or consumer, a queue or exchange that is not found) has it
//! declared again, until that has succeeded from the first exchange to the last binding: a queue
//! without its binding looks healthy to its consumer and gets nothing. Consumers and publishers
//! wait for that meanwhile. What nobody asks for is declared again every [`CHECK_INTERVAL`]: a
//! parking queue that vanished has no consumer to notice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use lapin::Channel;
use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use tokio::sync::{Mutex, watch};

use crate::connection::{Link, answered};
use crate::error::{BusError, Class, class};
use crate::topology::{BindingSpec, ExchangeSpec, Names, QueueSpec};

/// How long the whole topology may take to declare or delete. A cluster that elects a leader for
/// every queue needs seconds.
const DECLARE_TIMEOUT: Duration = Duration::from_secs(60);

/// How many channels declare at once.
const DECLARE_CHANNELS: usize = 6;

/// Between two declarations that nobody asked for. One that finds everything there takes the
/// broker some milliseconds.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Pause before a failed declaration is repeated: the first, and the longest.
const REPEAT_PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Answers for the topology of one bus.
pub(crate) struct Upkeep {
    names: Names,
    link: Arc<Link>,
    state: watch::Sender<State>,
    /// One declares or deletes at a time.
    turn: Mutex<()>,
}

/// What is known about the topology.
#[derive(Clone, Copy, Default)]
struct State {
    /// Whether it is ours to keep.
    is_ours: bool,
    /// How often something cast a doubt on it, the first declaration included.
    doubts: u64,
    /// The doubts that a complete declaration has cleared since.
    cleared: u64,
}

impl State {
    const fn is_doubted(self) -> bool {
        self.is_ours && self.doubts > self.cleared
    }
}

impl Upkeep {
    pub(crate) fn new(names: Names, link: Arc<Link>) -> Self {
        Self { names, link, state: watch::Sender::default(), turn: Mutex::default() }
    }

    /// Declares everything, and answers for it from here on, however this try ends.
    pub(crate) async fn declare(&self) -> Result<(), BusError> {
        self.state.send_if_modified(|state| {
            let is_new = !state.is_ours;
            state.doubts += u64::from(is_new);
            state.is_ours = true;
            is_new
        });
        self.declare_if(|_| true).await
    }

    /// Deletes everything, with all messages, and answers for it no more.
    pub(crate) async fn delete(&self) -> Result<(), BusError> {
        self.disown();
        let _turn = self.turn.lock().await;
        within_declare_timeout(async {
            let channels = self.channels().await?;
            spread(&channels, self.names.queues(), delete_queue).await?;
            spread(&channels, self.names.exchanges(), delete_exchange).await
        })
        .await
    }

    pub(crate) fn disown(&self) {
        self.state.send_modify(|state| state.is_ours = false);
    }

    /// Something may be missing.
    pub(crate) fn doubt(&self) {
        self.state.send_if_modified(|state| {
            state.doubts += u64::from(state.is_ours);
            state.is_ours
        });
    }

    pub(crate) fn is_doubted(&self) -> bool {
        self.state.borrow().is_doubted()
    }

    /// Waits while the topology is in doubt.
    pub(crate) async fn trusted(&self) {
        // The sender lives as long as `self`.
        let _ = self.state.subscribe().wait_for(|state| !state.is_doubted()).await;
    }

    /// Makes sure that the queues are there to publish to; one that is not is waited for.
    ///
    /// The exchange in front would confirm all the same, with the message in `unrouted`, or
    /// nowhere when that is missing too.
    pub(crate) async fn ensure(&self, queues: &BTreeSet<String>) -> Result<(), BusError> {
        match self.look(queues).await {
            Err(BusError::Missing { .. }) => {
                self.doubt();
                self.trusted().await;
                self.look(queues).await
            }
            settled => settled,
        }
    }

    async fn look(&self, queues: &BTreeSet<String>) -> Result<(), BusError> {
        let channel = self.link.channel().await?;
        for queue in queues {
            let options = QueueDeclareOptions::durable().passive();
            answered(channel.queue_declare(short(queue), options, FieldTable::default())).await?;
        }
        Ok(())
    }

    /// Keeps what is ours, for as long as it is polled.
    pub(crate) async fn keep(self: Arc<Self>) {
        let mut state = self.state.subscribe();
        let mut connections = self.link.connections();
        loop {
            // The sender lives as long as `self`.
            let _ = state.wait_for(|state| state.is_ours).await;
            let is_check = tokio::select! {
                _ = state.wait_for(|state| state.is_doubted()) => false,
                Ok(()) = connections.changed() => {
                    self.doubt();
                    false
                }
                () = tokio::time::sleep(CHECK_INTERVAL) => true,
            };
            // Before it is declared on: a later change is a new doubt.
            connections.mark_unchanged();
            if is_check {
                if let Err(error) = self.declare_if(|_| true).await {
                    tracing::error!(%error, "the queues and exchanges cannot be kept");
                }
            } else {
                self.clear_doubts().await;
            }
        }
    }

    async fn clear_doubts(&self) {
        let (mut pause, longest) = REPEAT_PAUSES;
        while self.is_doubted() {
            self.link.connection().await;
            match self.declare_if(State::is_doubted).await {
                Ok(()) => tracing::info!("queues, exchanges and bindings are declared"),
                Err(error) => {
                    tracing::warn!(%error, "could not declare queues and exchanges again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(longest);
                }
            }
        }
    }

    /// Declares everything unless it is no longer ours, or no longer `needed` when its turn comes.
    /// A declaration that breaks off is a doubt: it may have made a queue and not its binding.
    async fn declare_if(&self, needed: impl FnOnce(State) -> bool) -> Result<(), BusError> {
        let _turn = self.turn.lock().await;
        let before = *self.state.borrow();
        if !before.is_ours || !needed(before) {
            return Ok(());
        }
        let declared = within_declare_timeout(self.declare_all()).await;
        match &declared {
            Ok(()) => self.state.send_modify(|state| state.cleared = before.doubts),
            Err(_) if before.is_doubted() => {}
            Err(_) => self.doubt(),
        }
        declared
    }

    /// Exchanges, then queues, then bindings; within each kind several at once, because a quorum
    /// queue takes tens of milliseconds to come into being.
    ///
    /// On channels of their own: an error closes the channel it happens on.
    async fn declare_all(&self) -> Result<(), BusError> {
        let channels = self.channels().await?;
        spread(&channels, self.names.exchanges(), declare_exchange).await?;
        spread(&channels, self.names.queues(), declare_queue).await?;
        spread(&channels, self.names.bindings(), declare_binding).await
    }

    async fn channels(&self) -> Result<Vec<Channel>, BusError> {
        try_join_all((0..DECLARE_CHANNELS).map(|_| self.link.channel())).await
    }
}

async fn within_declare_timeout(
    work: impl Future<Output = Result<(), BusError>>,
) -> Result<(), BusError> {
    match tokio::time::timeout(DECLARE_TIMEOUT, work).await {
        Ok(result) => result,
        Err(elapsed) => Err(BusError::Unavailable { reason: elapsed.to_string() }),
    }
}

/// Does `work` for every item, in turn on each channel and on all channels at once.
async fn spread<T>(
    channels: &[Channel],
    items: Vec<T>,
    work: impl AsyncFn(&Channel, &T) -> Result<(), BusError>,
) -> Result<(), BusError> {
    let (items, work) = (&items, &work);
    let shares = channels.iter().enumerate().map(|(index, channel)| async move {
        for item in items.iter().skip(index).step_by(channels.len()) {
            work(channel, item).await?;
        }
        Ok(())
    });
    try_join_all(shares).await.map(|_| ())
}

async fn declare_exchange(channel: &Channel, spec: &ExchangeSpec) -> Result<(), BusError> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let arguments = spec.arguments.clone();
    channel
        .exchange_declare(short(&spec.name), spec.kind.clone(), options, arguments)
        .await
        .map_err(|error| conflict(&spec.name, error))
}

async fn declare_queue(channel: &Channel, spec: &QueueSpec) -> Result<(), BusError> {
    let options = QueueDeclareOptions::durable();
    let declared = channel.queue_declare(short(&spec.name), options, spec.arguments.clone()).await;
    declared.map(|_| ()).map_err(|error| conflict(&spec.name, error))
}

async fn declare_binding(channel: &Channel, spec: &BindingSpec) -> Result<(), BusError> {
    let (queue, exchange) = (short(&spec.queue), short(&spec.exchange));
    let options = QueueBindOptions::default();
    let bound = channel.queue_bind(
        queue,
        exchange,
        spec.routing_key.into(),
        options,
        FieldTable::default(),
    );
    bound.await.map_err(BusError::from)
}

async fn delete_queue(channel: &Channel, spec: &QueueSpec) -> Result<(), BusError> {
    let deleted = channel.queue_delete(short(&spec.name), QueueDeleteOptions::default()).await;
    deleted.map(|_| ()).map_err(BusError::from)
}

async fn delete_exchange(channel: &Channel, spec: &ExchangeSpec) -> Result<(), BusError> {
    let deleted = channel.exchange_delete(short(&spec.name), ExchangeDeleteOptions::default());
    deleted.await.map_err(BusError::from)
}

fn conflict(name: &str, error: lapin::Error) -> BusError {
    if class(&error) == Class::Conflict {
        BusError::Conflict { name: name.to_owned(), reason: error.to_string() }
    } else {
        error.into()
    }
}

fn short(name: &str) -> ShortString {
    name.into()
}
