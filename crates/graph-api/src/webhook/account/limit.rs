//! The messaging limit, in the many ways that Meta writes it.

use std::fmt;

use crate::loose::Loose;

/// How many people outside a service window a business portfolio may reach in 24 hours.
///
/// Source: <https://developers.facebook.com/docs/whatsapp/messaging-limits>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessagingLimit {
    /// So many.
    Recipients(u32),
    /// As many as it likes.
    Unlimited,
}

impl MessagingLimit {
    /// Reads `TIER_250`, `TIER_2K`, `TIER_UNLIMITED`, `250`, `-1` and the like; `None` for a word
    /// that tells no limit, such as `TIER_NOT_SET`.
    pub fn read(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_uppercase();
        let word = word.strip_prefix("TIER_").unwrap_or(&word);
        if matches!(word, "UNLIMITED" | "-1") {
            return Some(Self::Unlimited);
        }
        let (digits, times) = match word.strip_suffix('K') {
            Some(digits) => (digits, 1_000),
            None => (word, 1),
        };
        let recipients = digits.parse::<u32>().ok()?.checked_mul(times)?;
        (recipients > 0).then_some(Self::Recipients(recipients))
    }

    pub(super) fn of(loose: Option<Loose<'_>>) -> Option<Self> {
        Self::read(&loose?.text()?)
    }
}

/// As rows hold it: the number, or `unlimited`.
impl fmt::Display for MessagingLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipients(recipients) => recipients.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_write_a_limit_is_read() {
        for (word, told) in [
            ("TIER_50", Some("50")),
            ("TIER_250", Some("250")),
            ("tier_2k", Some("2000")),
            ("TIER_100K", Some("100000")),
            ("TIER_UNLIMITED", Some("unlimited")),
            ("UNLIMITED", Some("unlimited")),
            ("-1", Some("unlimited")),
            ("2000", Some("2000")),
            ("TIER_NOT_SET", None),
            ("0", None),
            ("TIER_9999999K", None),
            ("", None),
        ] {
            let read = MessagingLimit::read(word).map(|limit| limit.to_string());
            assert_eq!(read.as_deref(), told, "{word}");
        }
    }
}
