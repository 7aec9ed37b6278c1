//! The bus itself: connections, topology, and the way to publishers and consumers.

use std::fmt;
use std::sync::Arc;

use futures::future::try_join;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connection::{Link, answered, parse_url};
use crate::consumer::Consumer;
use crate::error::BusError;
use crate::publisher::{Channels, Publisher};
use crate::topology::{Names, Queue, RETRY_WAITS};
use crate::upkeep::Upkeep;

/// Where the broker is, and under which names the bus lives there.
#[derive(Clone)]
pub struct BusConfig {
    /// `amqp://user:password@host:port/vhost`, `amqps` for TLS. Secret: it holds the password.
    pub url: String,
    /// Stands before every queue and exchange, with a dot; empty for none.
    pub prefix: String,
}

/// Shows the prefix only.
impl fmt::Debug for BusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusConfig").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A connected bus. Clones share the connections.
#[derive(Clone)]
pub struct Bus {
    pub(crate) shared: Arc<Shared>,
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("names", &self.shared.names).finish_non_exhaustive()
    }
}

/// What publishers, consumers and deliveries have in common.
pub(crate) struct Shared {
    pub(crate) names: Names,
    pub(crate) publishing: Link,
    pub(crate) consuming: Arc<Link>,
    pub(crate) channels: Channels,
    pub(crate) upkeep: Arc<Upkeep>,
    /// Ends with the bus.
    _keeper: JoinSet<()>,
}

impl Bus {
    /// Connects under `name`, which the broker shows to its operators. An absent broker is waited
    /// for, with a warning for each try; drop the future to give up.
    ///
    /// Fails on a malformed URL, and where the broker refuses user, password or vhost.
    pub async fn connect(config: &BusConfig, name: &str) -> Result<Self, BusError> {
        let uri = parse_url(&config.url)?;
        let (publishing, consuming) = try_join(
            Link::open(uri.clone(), format!("{name} publish")),
            Link::open(uri, format!("{name} consume")),
        )
        .await?;
        let names = Names::new(&config.prefix);
        let consuming = Arc::new(consuming);
        let upkeep = Arc::new(Upkeep::new(names.clone(), consuming.clone()));
        let mut keeper = JoinSet::new();
        keeper.spawn(upkeep.clone().keep());
        let shared = Shared {
            names,
            publishing,
            consuming,
            channels: Channels::default(),
            upkeep,
            _keeper: keeper,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether both connections stand at this moment, and the topology, where it is ours, is not
    /// in doubt.
    pub fn connected(&self) -> bool {
        let Shared { publishing, consuming, upkeep, .. } = self.shared.as_ref();
        publishing.connected() && consuming.connected() && !upkeep.is_doubted()
    }

    /// Declares every exchange, queue and binding; what stands already stays. From here on, also
    /// when this fails, the bus declares the topology by itself whenever a part of it may be
    /// missing, until all of it is there.
    pub async fn declare(&self) -> Result<(), BusError> {
        self.shared.upkeep.declare().await
    }

    /// A publisher; all of a bus share their channels.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.shared.clone())
    }

    /// Consumes `queue` until `stop`, with at most `prefetch` unsettled deliveries.
    pub async fn consumer(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError> {
        Consumer::open(self.shared.clone(), queue, prefetch, stop).await
    }

    /// How many messages are ready in a work queue; those with a worker do not count.
    pub async fn depth(&self, queue: Queue) -> Result<u32, BusError> {
        self.shared.depth(&self.shared.names.queue(queue)).await
    }

    /// How many consumers a work queue has.
    pub async fn consumers(&self, queue: Queue) -> Result<u32, BusError> {
        let queue = self.shared.look(&self.shared.names.queue(queue)).await?;
        Ok(queue.consumer_count())
    }

    /// How many messages of a work queue are parked.
    pub async fn parked_depth(&self, queue: Queue) -> Result<u32, BusError> {
        self.shared.depth(&self.shared.names.parked(queue)).await
    }

    /// How many messages of all work queues wait for another attempt.
    pub async fn waiting_depth(&self) -> Result<u32, BusError> {
        let mut waiting = 0;
        for rung in 1..=RETRY_WAITS.len() {
            waiting += self.shared.depth(&self.shared.names.wait_queue(rung)).await?;
        }
        Ok(waiting)
    }

    /// How many messages no queue was bound for. Anything but 0 is an alarm.
    pub async fn unrouted_depth(&self) -> Result<u32, BusError> {
        self.shared.depth(&self.shared.names.unrouted()).await
    }

    /// Closes both connections. Unsettled deliveries go back to their queues.
    pub async fn close(&self) {
        self.shared.upkeep.disown();
        futures::join!(self.shared.publishing.close(), self.shared.consuming.close());
    }

    /// Deletes every queue and exchange of the prefix, with all messages. For tests; refused where
    /// there is no prefix.
    pub async fn delete_all(&self) -> Result<(), BusError> {
        if !self.shared.names.has_prefix() {
            return Err(BusError::NoPrefix);
        }
        self.shared.upkeep.delete().await
    }
}

impl Shared {
    pub(crate) async fn depth(&self, queue: &str) -> Result<u32, BusError> {
        Ok(self.look(queue).await?.message_count())
    }

    /// A queue that is missing is made again where the topology is ours.
    async fn look(&self, queue: &str) -> Result<lapin::Queue, BusError> {
        let channel = self.consuming.channel().await?;
        let options = QueueDeclareOptions::durable().passive();
        let queue = channel.queue_declare(queue.into(), options, FieldTable::default());
        answered(queue).await.inspect_err(|error| {
            if matches!(error, BusError::Missing { .. }) {
                self.upkeep.doubt();
            }
        })
    }
}
