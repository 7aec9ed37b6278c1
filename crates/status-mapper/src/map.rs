//! From statuses to news about messages; pure.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::Facts;
use domain::ids::{MessageId, Wamid};
use domain::scope::Scope;
use graph_api::webhook::{ItemKind, Status, StatusUpdate, Webhook};
use store::orphans::Orphan;
use store::statuses::{News, Origin};

/// How far Meta's clock may be ahead of ours; a status of a later instant counts as of now.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(1);

/// What a batch of POSTs says, one entry for each message, whatever the number and the order of
/// its statuses.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    named: BTreeMap<(MessageId, Origin), News>,
    strays: BTreeMap<(Origin, Wamid), Facts>,
    /// How many statuses there were.
    pub(crate) statuses: u64,
    /// How many items could not be read.
    pub(crate) poison: u64,
}

impl Mapped {
    /// Adds what one POST says within the scope that its signature proved.
    pub(crate) fn add(&mut self, scope: Scope, received_at: DateTime<Utc>, webhook: &Webhook) {
        for item in &webhook.items {
            match item {
                Ok(item) => match &item.kind {
                    ItemKind::Status(update) if update.at > received_at + CLOCKS_DIFFER => {
                        // What has been told has happened.
                        self.add_status(scope, &StatusUpdate { at: received_at, ..update.clone() });
                    }
                    ItemKind::Status(update) => self.add_status(scope, update),
                    ItemKind::Message(_) | ItemKind::Error(_) | ItemKind::Field { .. } => (),
                },
                Err(_) => self.poison += 1,
            }
        }
    }

    fn add_status(&mut self, scope: Scope, update: &StatusUpdate) {
        self.statuses += 1;
        if matches!(update.status, Status::Other(_)) {
            return;
        }
        let origin = Origin {
            scope,
            waba_id: update.waba_id.clone(),
            phone_number_id: update.phone_number_id.clone(),
        };
        match update.opaque.as_deref().map(str::parse) {
            Some(Ok(message_id)) => self.add_named(message_id, origin, update),
            // Sent by another system, or echoed without what we gave: known by its wamid alone.
            Some(Err(_)) | None => {
                let facts = self.strays.entry((origin, update.wamid.clone())).or_default();
                *facts = std::mem::take(facts).merge(update.facts());
            }
        }
    }

    fn add_named(&mut self, message_id: MessageId, origin: Origin, update: &StatusUpdate) {
        let news = News {
            message_id,
            origin: origin.clone(),
            wamid: update.wamid.clone(),
            wa_id: update.recipient_wa_id.clone(),
            facts: update.facts(),
        };
        self.add_news((message_id, origin), news);
    }

    fn add_news(&mut self, key: (MessageId, Origin), news: News) {
        match self.named.remove(&key) {
            None => self.named.insert(key, news),
            Some(known) => {
                let wa_id = known.wa_id.or(news.wa_id);
                let facts = known.facts.merge(news.facts);
                self.named.insert(key, News { wa_id, facts, ..known })
            }
        };
    }

    /// The wamids of statuses that carry no id of ours.
    pub(crate) fn stray_wamids(&self) -> Vec<(domain::ids::PhoneNumberId, Wamid)> {
        let keys = self.strays.keys();
        keys.map(|(origin, wamid)| (origin.phone_number_id.clone(), wamid.clone())).collect()
    }

    /// Makes news of the strays whose message is known after all.
    pub(crate) fn resolve_strays(
        &mut self,
        message_of: impl Fn(&(domain::ids::PhoneNumberId, Wamid)) -> Option<MessageId>,
    ) {
        for ((origin, wamid), facts) in std::mem::take(&mut self.strays) {
            match message_of(&(origin.phone_number_id.clone(), wamid.clone())) {
                Some(message_id) => {
                    let key = (message_id, origin.clone());
                    self.add_news(key, News { message_id, origin, wamid, wa_id: None, facts });
                }
                None => {
                    self.strays.insert((origin, wamid), facts);
                }
            }
        }
    }

    /// The news, and the strays that nobody knows (yet).
    pub(crate) fn into_parts(self) -> (Vec<News>, Vec<Orphan>) {
        let strays = self.strays.into_iter();
        let orphans = strays.map(|((origin, wamid), facts)| Orphan { origin, wamid, facts });
        (self.named.into_values().collect(), orphans.collect())
    }
}

#[cfg(test)]
mod tests;
