//! How urgent a message is, what to do when its fate is unknown, and why it waits.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in rows, JSON and headers.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::lane::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::lane::UnknownWord { allowed: &[$($word,)+] }),
                }
            }
        }
    };
}
pub(crate) use words;

words!(
    /// The queue a message goes through; a full lane never starves the one above it.
    Lane {
        /// One-time passwords and the like.
        Urgent = "urgent",
        /// Utility messages and answers to customers.
        Normal = "normal",
        /// Marketing and campaigns.
        Bulk = "bulk",
    }
);

words!(
    /// What becomes of a message when Meta's answer to its send was lost. Meta has no idempotency
    /// key, so sending again may send twice.
    OnUnknown {
        /// Wait for the echo in a status webhook, or for a person.
        Hold = "hold",
        /// After the waiting time send again, until the deadline: at least once.
        Retry = "retry",
        /// After the waiting time give up: at most once.
        Fail = "fail",
    }
);

impl Lane {
    /// The policy of a message that names none: a late password is worthless and a second one does
    /// no harm, so the urgent lane retries; everything else waits for proof.
    pub const fn default_on_unknown(self) -> OnUnknown {
        match self {
            Self::Urgent => OnUnknown::Retry,
            Self::Normal | Self::Bulk => OnUnknown::Hold,
        }
    }
}

words!(
    /// Why a message waits, as its owner reads it.
    WaitingReason {
        /// The number's messages per second are used up.
        Throughput = "throughput",
        /// One number may write to one person once in six seconds.
        Pair = "pair",
        /// The portfolio's unique recipients of the last 24 hours are used up.
        PortfolioBudget = "portfolio_budget",
        /// Meta answered that something is too fast.
        ThrottledByMeta = "throttled_by_meta",
        /// Meta refused the connection's credentials; its owner must act.
        Credential = "credential",
        /// Meta or an operator paused the number.
        NumberPaused = "number_paused",
        /// An earlier attempt failed in a way that allows another.
        Retry = "retry",
        /// Not due yet.
        Scheduled = "scheduled",
    }
);

/// A text that is none of the words allowed in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", .allowed.join(", "))]
pub struct UnknownWord {
    /// The words that would have done.
    pub allowed: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        for lane in Lane::ALL {
            assert_eq!(lane.as_str().parse(), Ok(*lane));
        }
        for reason in WaitingReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }

    #[test]
    fn an_unknown_word_names_the_allowed_ones() {
        let error = "later".parse::<OnUnknown>().unwrap_err();

        assert_eq!(error.to_string(), "must be one of hold, retry, fail");
    }
}
