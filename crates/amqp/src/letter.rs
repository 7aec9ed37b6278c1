//! A message with its headers, as it goes out.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use uuid::Uuid;

/// How often the message has been handed to a worker, counting this time.
pub(crate) const ATTEMPT: &str = "x-attempt";
/// Why it was retried or parked.
pub(crate) const REASON: &str = "x-reason";
/// The work queue it was parked from, without prefix.
pub(crate) const QUEUE: &str = "x-queue";
/// When it was parked.
pub(crate) const PARKED_AT: &str = "x-parked-at";
/// The routing key it was first published with; a waiting message needs its own for the way back.
pub(crate) const ROUTING_KEY: &str = "x-routing-key";
/// W3C trace context.
pub(crate) const TRACEPARENT: &str = "traceparent";
/// How often the broker delivered it in vain; counted by quorum queues.
pub(crate) const DELIVERY_COUNT: &str = "x-delivery-count";
/// Why the broker itself moved it, for example `delivery_limit`.
pub(crate) const DEATH_REASON: &str = "x-first-death-reason";

/// The longest reason written into a header, in bytes.
const MAX_REASON: usize = 1_000;

/// What the publisher sends.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
    pub(crate) message_id: Option<ShortString>,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
}

impl Letter {
    pub(crate) fn properties(&self) -> BasicProperties {
        let mut properties = BasicProperties::default()
            // Written to disk.
            .with_delivery_mode(2)
            .with_headers(self.headers.0.clone());
        if let Some(id) = &self.message_id {
            properties = properties.with_message_id(id.clone());
        }
        if let Some(text) = &self.content_type
            && let Ok(text) = ShortString::try_new(text.as_str())
        {
            properties = properties.with_content_type(text);
        }
        properties
    }
}

/// The header table, typed.
#[derive(Clone, Default)]
pub(crate) struct Headers(FieldTable);

impl Headers {
    pub(crate) fn of(properties: &BasicProperties) -> Self {
        Self(properties.headers().clone().unwrap_or_default())
    }

    pub(crate) fn with_text(mut self, name: &'static str, value: &str) -> Self {
        self.0.insert(name.into(), AMQPValue::LongString(value.into()));
        self
    }

    pub(crate) fn with_optional(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with_text(name, value),
            None => self,
        }
    }

    pub(crate) fn with_reason(self, reason: &str) -> Self {
        let end = (0..=reason.len().min(MAX_REASON)).rev().find(|at| reason.is_char_boundary(*at));
        self.with_text(REASON, &reason[..end.unwrap_or(0)])
    }

    pub(crate) fn with_attempt(mut self, attempt: u32) -> Self {
        self.0.insert(ATTEMPT.into(), AMQPValue::LongLongInt(attempt.into()));
        self
    }

    pub(crate) fn with_parked_at(mut self, instant: DateTime<Utc>) -> Self {
        let seconds = u64::try_from(instant.timestamp()).unwrap_or(0);
        self.0.insert(PARKED_AT.into(), AMQPValue::Timestamp(seconds));
        self
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.inner().get(name)? {
            AMQPValue::LongString(text) => {
                std::str::from_utf8(text.as_bytes()).ok().map(str::to_owned)
            }
            AMQPValue::ShortString(text) => Some(text.to_string()),
            _ => None,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match *self.0.inner().get(name)? {
            AMQPValue::ShortShortInt(number) => Some(number.into()),
            AMQPValue::ShortShortUInt(number) => Some(number.into()),
            AMQPValue::ShortInt(number) => Some(number.into()),
            AMQPValue::ShortUInt(number) => Some(number.into()),
            AMQPValue::LongInt(number) => Some(number.into()),
            AMQPValue::LongUInt(number) => Some(number.into()),
            AMQPValue::LongLongInt(number) => Some(number),
            AMQPValue::Timestamp(seconds) => i64::try_from(seconds).ok(),
            _ => None,
        }
    }

    /// The number of this attempt, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        let attempt = self.number(ATTEMPT).and_then(|number| u32::try_from(number).ok());
        attempt.unwrap_or(1).max(1)
    }

    pub(crate) fn parked_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.number(PARKED_AT)?, 0)
    }
}

/// The message id, if the publisher set a UUID.
pub(crate) fn message_id(properties: &BasicProperties) -> Option<Uuid> {
    Uuid::parse_str(properties.message_id().as_ref()?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let headers = Headers::default().with_reason(&"é".repeat(700));

        assert_eq!(headers.text(REASON).unwrap(), "é".repeat(500));
    }

    #[test]
    fn an_absent_or_senseless_attempt_is_the_first() {
        let senseless = Headers::default().with_text(ATTEMPT, "many");

        assert_eq!(Headers::default().attempt(), 1);
        assert_eq!(senseless.attempt(), 1);
        assert_eq!(Headers::default().with_attempt(4).attempt(), 4);
    }
}
