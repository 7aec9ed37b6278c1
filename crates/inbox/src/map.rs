//! From what people write to the windows that it opens; pure.

use std::collections::BTreeMap;

use backbone::posts::Post;
use chrono::{DateTime, TimeDelta, Utc};
use domain::recipient::Bsuid;
use graph_api::webhook::{InboundMessage, Item, ItemKind};
use store::service_windows::Inbound;
use store::statuses::Origin;

/// What came longer ago is not news: it was counted when it came.
const FRESH: TimeDelta = TimeDelta::seconds(2);

/// What a batch of POSTs says.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// Who wrote where, and when.
    pub(crate) inbound: Vec<Inbound>,
    /// How many messages each number has just received, by whoever says so.
    pub(crate) fresh: BTreeMap<Origin, u32>,
    /// How many messages there were.
    pub(crate) messages: u64,
    /// How many items could not be read.
    pub(crate) poison: u64,
}

impl Mapped {
    pub(crate) fn of(posts: &[Post], now: DateTime<Utc>) -> Self {
        let mut mapped = Self::default();
        for post in posts {
            for item in &post.webhook.items {
                match item {
                    Ok(item) => mapped.add(post, item, now),
                    Err(_) => mapped.poison += 1,
                }
            }
        }
        mapped
    }

    fn add(&mut self, post: &Post, item: &Item, now: DateTime<Utc>) {
        let (ItemKind::Message(message), Some(number)) = (&item.kind, &item.phone_number_id) else {
            return;
        };
        self.messages += 1;
        // Written at the latest when it came, whatever Meta's clock says.
        let at = message.at.map_or(post.received_at, |at| at.min(post.received_at));
        let origin = Origin {
            scope: post.scope,
            waba_id: item.waba_id.clone(),
            phone_number_id: number.clone(),
        };
        if now - post.received_at <= FRESH {
            *self.fresh.entry(origin.clone()).or_default() += 1;
        }
        let inbound = |contact| Inbound { origin: origin.clone(), contact, at };
        self.inbound.extend(contacts(message).map(inbound));
    }
}

/// By which names a message can be answered: as `messages.recipient` has them.
fn contacts(message: &InboundMessage) -> impl Iterator<Item = String> {
    let is_number = |from: &&String| {
        (5..=15).contains(&from.len()) && from.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = message.from.as_ref().filter(is_number).map(|digits| format!("+{digits}"));
    let user = message.from_user_id.as_ref().filter(|id| id.parse::<Bsuid>().is_ok()).cloned();
    number.into_iter().chain(user)
}
