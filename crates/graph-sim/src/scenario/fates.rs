//! What becomes of accepted messages: delays, chances and failures.

use serde::{Deserialize, Serialize};

use super::values::{Chance, Delay};

/// What becomes of a message that was accepted. Each chance is drawn for each message alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fates {
    /// From acceptance to `sent`.
    pub sent_after_ms: Delay,
    /// From `sent` to `delivered`.
    pub delivered_after_ms: Delay,
    /// From `delivered` to `read`.
    pub read_after_ms: Delay,
    /// From `read` to `played` (voice messages only).
    pub played_after_ms: Delay,
    /// That a sent message is delivered.
    pub delivered: Chance,
    /// That a delivered message is read (people may turn receipts off).
    pub read: Chance,
    /// That a read voice message is played.
    pub played: Chance,
    /// That no status ever comes.
    pub silent: Chance,
    /// That a message which is read never reports `delivered`.
    pub read_without_delivered: Chance,
    /// Ways to fail; their chances add up.
    pub failures: Vec<Failure>,
    /// That a template message is answered `held_for_quality_assessment`.
    pub held: Chance,
    /// How long a held message is held.
    pub held_for_ms: Delay,
    /// That a held message fails with 132015 instead of being released.
    pub held_fails: Chance,
    /// That `sent` is posted before the send is answered.
    pub before_answer: Chance,
    /// For each status: that it comes late, so that a later one may overtake it.
    pub late: Chance,
    /// How late a late status is.
    pub late_by_ms: Delay,
    /// For each status: that it comes twice.
    pub doubled: Chance,
    /// How long after the first a doubled status comes again.
    pub doubled_after_ms: Delay,
}

impl Default for Fates {
    fn default() -> Self {
        Self {
            sent_after_ms: Delay::between(20, 80),
            delivered_after_ms: Delay::between(50, 300),
            read_after_ms: Delay::between(100, 800),
            played_after_ms: Delay::between(100, 800),
            delivered: Chance::ALWAYS,
            read: Chance::ALWAYS,
            played: Chance::ALWAYS,
            silent: Chance::NEVER,
            read_without_delivered: Chance::NEVER,
            failures: Vec::new(),
            held: Chance::NEVER,
            held_for_ms: Delay::between(500, 2_000),
            held_fails: Chance::NEVER,
            before_answer: Chance::NEVER,
            late: Chance::NEVER,
            late_by_ms: Delay::between(100, 1_000),
            doubled: Chance::NEVER,
            doubled_after_ms: Delay::between(0, 500),
        }
    }
}

/// One way for an accepted message to fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Meta's code, such as 131026.
    pub code: i32,
    /// How likely it is.
    pub chance: Chance,
    /// Whether `sent` comes first.
    #[serde(default)]
    pub after: FailsAfter,
    /// From there to `failed`.
    #[serde(default = "default_failed_after")]
    pub after_ms: Delay,
}

/// When a message fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailsAfter {
    /// `failed` is its only status.
    #[default]
    Accepted,
    /// `sent` comes, then `failed`.
    Sent,
    /// `sent` and `delivered` come, then a `failed` that proves nothing.
    Delivered,
}

/// Fates of their own for some messages. The first rule that matches decides; it replaces the scenario's `fates`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Recipients: digits or a BSUID; a trailing `*` matches any ending, a leading `*` any beginning. Empty: all.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Sending numbers. Empty: all.
    #[serde(default)]
    pub phone_number_ids: Vec<String>,
    /// Message types, such as `template`. Empty: all.
    #[serde(default)]
    pub types: Vec<String>,
    /// What becomes of these messages.
    pub fates: Fates,
}

impl Rule {
    /// Whether this rule is about such a message.
    #[must_use]
    pub fn covers(&self, phone_number_id: &str, recipient: &str, kind: &str) -> bool {
        let any = |list: &[String], is: &dyn Fn(&str) -> bool| {
            list.is_empty() || list.iter().any(|item| is(item))
        };
        any(&self.recipients, &|pattern| matches(pattern, recipient))
            && any(&self.phone_number_ids, &|id| id == phone_number_id)
            && any(&self.types, &|word| word == kind)
    }
}

/// Whether a recipient fits a pattern: exact, `prefix*` or `*suffix`; a `+` in front of either is nothing.
pub(crate) fn matches(pattern: &str, recipient: &str) -> bool {
    let recipient = recipient.trim_start_matches('+');
    if let Some(suffix) = pattern.strip_prefix('*') {
        return recipient.ends_with(suffix);
    }
    let pattern = pattern.trim_start_matches('+');
    match pattern.strip_suffix('*') {
        Some(prefix) => recipient.starts_with(prefix),
        None => recipient == pattern,
    }
}

fn default_failed_after() -> Delay {
    Delay::between(50, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_beginning_or_ending() {
        assert!(matches("+14155550101", "14155550101"));
        assert!(matches("1415*", "+14155550101"));
        assert!(matches("*101", "14155550101"));
        assert!(!matches("*102", "14155550101"));
        assert!(!matches("1415", "14155550101"));
    }
}
