//! Webhook POSTs from the bus, read and judged: what every service has in common that makes rows of
//! what Meta tells.

use amqp::{Delivery, Verdict};
use chrono::{DateTime, Utc};
use contracts::WebhookReceived;
use domain::scope::Scope;
use graph_api::webhook::{self, Webhook};
use runtime::Stopped;

use crate::chain;

/// A POST that was read.
#[derive(Debug)]
pub struct Post {
    /// What its signature proved.
    pub scope: Scope,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What it says.
    pub webhook: Webhook,
}

impl Post {
    /// The POST, or why it can never be read.
    fn read(delivery: &Delivery) -> Result<Self, String> {
        let received =
            WebhookReceived::decode_shared(&delivery.body).map_err(|error| error.to_string())?;
        let scope = received.scope.ok_or("its signature proved nothing")?;
        let webhook = webhook::parse(&received.body).map_err(|error| error.to_string())?;
        Ok(Self { scope, received_at: received.received_at, webhook })
    }
}

/// Who makes rows of POSTs.
pub trait Writer: Sync {
    /// Stores what these POSTs say; doing it again changes nothing. Answers why something cannot be
    /// stored: then each of them is written once more by itself, to find out whose it is.
    fn write(
        &self,
        posts: &[Post],
    ) -> impl Future<Output = Result<Vec<store::Error>, Stopped>> + Send;
}

/// Has a batch written, and judges every delivery: what can never be read or stored is parked.
/// Answers none of the readable ones when the service is stopped while the database is away: then
/// they come again.
pub async fn judge(batch: Vec<Delivery>, writer: &impl Writer) -> Vec<(Delivery, Verdict)> {
    let mut verdicts = Vec::with_capacity(batch.len());
    let (mut deliveries, mut posts) = (Vec::new(), Vec::new());
    for delivery in batch {
        match Post::read(&delivery) {
            Ok(post) => {
                deliveries.push(delivery);
                posts.push(post);
            }
            Err(reason) => verdicts.push((delivery, Verdict::Park(reason))),
        }
    }
    let Ok(refused) = writer.write(&posts).await else { return verdicts };
    if refused.is_empty() {
        verdicts.extend(deliveries.into_iter().map(|delivery| (delivery, Verdict::Done)));
        return verdicts;
    }
    for (delivery, post) in deliveries.into_iter().zip(&posts) {
        let Ok(refused) = writer.write(std::slice::from_ref(post)).await else { break };
        let verdict = match refused.first() {
            None => Verdict::Done,
            Some(error) => Verdict::Park(chain(error)),
        };
        verdicts.push((delivery, verdict));
    }
    verdicts
}
