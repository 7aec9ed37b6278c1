//! From news of Meta's to words for rows; pure.

mod part;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::WabaId;
use domain::scope::Scope;
use graph_api::webhook::account::{self, AccountNews, NumberNews, TemplateChange, TemplateNews};
use graph_api::webhook::{Concern, Item, ItemKind, Webhook, concern};
use ring::digest;
use serde_json::Value;
use store::account_events::{AccountEvent, EventValue};
use store::accounts::Told;
use store::accounts::wabas::LimitTold;
use store::templates::Heard;

pub(crate) use self::part::Part;
use crate::note::Note;

/// How far Meta's clock may be ahead of ours; a word of a later instant counts as of now.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(1);

/// What a batch of POSTs says.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// Every piece of news, to be kept.
    events: Vec<AccountEvent>,
    /// What the owner is told of an event, by its key, when it is new.
    notes: BTreeMap<String, Note>,
    limits: Vec<LimitTold>,
    heard: Vec<Heard>,
    words: BTreeMap<Column, Vec<Told>>,
    /// Accounts of which Meta knows more than it told.
    ask: BTreeSet<(Scope, WabaId)>,
    /// How many items could not be read.
    pub(crate) poison: u64,
}

/// What a word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Status,
    Granted,
    Review,
    NumberStatus,
    NumberName,
    TemplateStatus,
    TemplateQuality,
    TemplateCategory,
    TemplateCorrection,
    TemplateComponents,
}

/// Where and when a piece of news comes from.
struct Source {
    scope: Scope,
    waba_id: WabaId,
    at: DateTime<Utc>,
    received_at: DateTime<Utc>,
}

impl Source {
    fn told(&self, subject: &str, word: impl Into<String>, detail: Option<String>) -> Told {
        Told {
            scope: self.scope,
            waba_id: self.waba_id.clone(),
            subject: subject.to_owned(),
            at: self.at,
            word: word.into(),
            detail,
            until: None,
        }
    }
}

impl Mapped {
    /// Adds what one POST says within the scope that its signature proved.
    pub(crate) fn add(&mut self, scope: Scope, received_at: DateTime<Utc>, webhook: &Webhook) {
        for item in &webhook.items {
            match item {
                Ok(item) => self.add_item(scope, received_at, item),
                Err(_) => self.poison += 1,
            }
        }
    }

    /// How many pieces of news there are.
    pub(crate) fn news(&self) -> usize {
        self.events.len()
    }

    /// What is to be written, the first to be written last, and what is to be told of new events.
    pub(crate) fn into_parts(self) -> (Vec<Part>, BTreeMap<String, Note>) {
        let words = self.words.into_iter().rev();
        let mut parts = vec![Part::Ask(self.ask.into_iter().collect()), Part::Limits(self.limits)];
        parts.extend(words.map(|(column, told)| Part::Words(column, told)));
        parts.extend([Part::Heard(self.heard), Part::Events(self.events)]);
        parts.retain(|part| part.len() > 0);
        (parts, self.notes)
    }

    fn add_item(&mut self, scope: Scope, received_at: DateTime<Utc>, item: &Item) {
        let (field, value) = match &item.kind {
            ItemKind::Field { field, value } => (field.as_str(), value),
            ItemKind::Error(error) => ("errors", error),
            ItemKind::Status(_) | ItemKind::Message(_) => return,
        };
        let news = account::read(field, value);
        let concern = concern(field);
        if concern == Concern::People {
            return;
        }
        let told_at = item.told_at.unwrap_or(received_at);
        // What has been told has happened.
        let at = if told_at > received_at + CLOCKS_DIFFER { received_at } else { told_at };
        let named = match &news {
            Some(AccountNews::Account(update)) => update.waba_id.clone(),
            _ => None,
        };
        let waba_id = named.unwrap_or_else(|| item.waba_id.clone());
        let source = Source { scope, waba_id, at, received_at };
        let event = event(&source, field, concern, value.get());
        if let Some(news) = news {
            if let Some(note) = Note::about(&news, source.waba_id.as_str()) {
                self.notes.insert(event.event_key.clone(), note);
            }
            self.add_news(&source, news);
        }
        self.events.push(event);
    }

    fn add_news(&mut self, source: &Source, news: AccountNews) {
        match news {
            AccountNews::Account(update) => {
                if let Some(standing) = standing::of(&update) {
                    let told = source.told("", standing.word, standing.detail);
                    self.say(Column::Status, Told { until: standing.until, ..told });
                }
                if let Some(granted) = standing::granted(&update) {
                    self.say(Column::Granted, source.told("", granted.to_string(), None));
                }
                self.ask.insert((source.scope, source.waba_id.clone()));
            }
            AccountNews::Review { decision } => {
                self.say(Column::Review, source.told("", decision, None));
            }
            AccountNews::Capability { limit: Some(limit) } => self.add_limit(source, limit),
            AccountNews::Number(news) => self.add_number(source, news),
            AccountNews::Template(news) => self.add_template(source, news),
            AccountNews::Alert { .. } | AccountNews::Capability { limit: None } => (),
        }
    }

    fn say(&mut self, column: Column, told: Told) {
        self.words.entry(column).or_default().push(told);
    }

    fn add_limit(&mut self, source: &Source, limit: account::MessagingLimit) {
        self.limits.push(LimitTold {
            scope: source.scope,
            waba_id: source.waba_id.clone(),
            at: source.at,
            tier: limit.to_string(),
        });
    }

    fn add_number(&mut self, source: &Source, news: NumberNews) {
        // What Meta tells of a number is a part of what has changed: its rate is told nowhere.
        self.ask.insert((source.scope, source.waba_id.clone()));
        match news {
            NumberNews::Quality { digits, event, limit } => {
                if let Some(limit) = limit {
                    self.add_limit(source, limit);
                }
                if let Some(status) = standing::of_number(&event) {
                    self.say(Column::NumberStatus, source.told(&digits, status, None));
                }
            }
            NumberNews::Name { digits, decision, reason, .. } => {
                self.say(Column::NumberName, source.told(&digits, decision, reason));
            }
            NumberNews::Security { .. } => (),
        }
    }

    fn add_template(&mut self, source: &Source, news: TemplateNews) {
        let TemplateNews { template_id, name, language, change } = news;
        let told = |word: String, detail| source.told(&template_id, word, detail);
        match change {
            TemplateChange::Status { event, reason, category } => {
                if let Some(category) = category {
                    self.say(Column::TemplateCategory, told(category, None));
                }
                let (word, detail) = standing::of_template(event, reason);
                self.say(Column::TemplateStatus, told(word, detail));
            }
            TemplateChange::Quality { score } => {
                self.say(Column::TemplateQuality, told(score, None));
            }
            TemplateChange::Category { category, impending } => {
                if let Some(impending) = impending {
                    self.say(Column::TemplateCorrection, told(impending, None));
                }
                self.say(Column::TemplateCategory, told(category, None));
            }
            TemplateChange::Misfiled { correct, .. } => {
                self.say(Column::TemplateCorrection, told(correct, None));
            }
            TemplateChange::Components(components) => {
                self.say(Column::TemplateComponents, told(components.to_string(), None));
            }
        }
        let (scope, waba_id) = (source.scope, source.waba_id.clone());
        self.heard.push(Heard { scope, waba_id, template_id, name, language });
    }
}

fn event(source: &Source, field: &str, concern: Concern, json: &str) -> AccountEvent {
    // A repetition may part its members by other spaces, and in another order.
    let read = serde_json::from_str::<Value>(json).ok();
    let canonical = read.as_ref().map_or_else(|| json.to_owned(), Value::to_string);
    let mut key = digest::Context::new(&digest::SHA256);
    for part in [source.waba_id.as_str(), field, &source.at.to_rfc3339(), &canonical] {
        key.update(&part.len().to_be_bytes());
        key.update(part.as_bytes());
    }
    let value = match read {
        Some(value) if concern == Concern::Account => EventValue::Clear(storable(value)),
        Some(_) | None => EventValue::Sealed(json.to_owned()),
    };
    AccountEvent {
        event_key: hex::encode(key.finish().as_ref()),
        scope: source.scope,
        waba_id: source.waba_id.clone(),
        kind: field.to_owned(),
        told_at: source.at,
        received_at: source.received_at,
        value,
    }
}

/// Without NUL, which PostgreSQL cannot store.
pub(crate) fn storable(value: Value) -> Value {
    let text = |text: String| if text.contains('\0') { text.replace('\0', "") } else { text };
    match value {
        Value::String(string) => Value::String(text(string)),
        Value::Array(items) => items.into_iter().map(storable).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (text(name), storable(value))).collect()
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

#[cfg(test)]
mod tests;
