//! Names of things. Two ids of different kinds never compile into each other.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name this kind of thing.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// A new `UUIDv7` of the instant `now`, so that ids sort by the time they were made.
            pub fn at(now: DateTime<Utc>) -> Self {
                Self(uuid_v7(now))
            }

            /// The bare UUID, for a row or the wire.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId::NotUuid)
            }
        }
    };
}

uuid_id!(
    /// One customer of this installation: the owner of numbers, messages and keys.
    TenantId
);
uuid_id!(
    /// One outgoing message, from the enqueue to its last status. Also the
    /// `biz_opaque_callback_data` that Meta echoes in every status of the message.
    MessageId
);
uuid_id!(
    /// One set of credentials with which a tenant reaches Meta.
    ConnectionId
);
uuid_id!(
    /// One POST that Meta (or somebody) made to a webhook URL.
    EventId
);
uuid_id!(
    /// One API key; public, unlike the key's secret half.
    ApiKeyId
);
uuid_id!(
    /// One person (or service) of an identity provider who acts for a tenant.
    MemberId
);
uuid_id!(
    /// One secret of a tenant's own app.
    SecretId
);
uuid_id!(
    /// One run of Meta's Embedded Signup.
    SignupId
);
uuid_id!(
    /// One line of the audit log.
    AuditId
);
uuid_id!(
    /// One piece of trouble that somebody should know of.
    NotificationId
);

fn uuid_v7(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// One to 32 digits. Text, because Meta writes it as text and as a number, and it must
        /// never pass through a float.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
                if is_digits && (1..=32).contains(&text.len()) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId::NotDigits)
                }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

numeric_id!(
    /// Meta's id of a business phone number: the path of every send. Not the number itself.
    PhoneNumberId
);
numeric_id!(
    /// Meta's id of a WhatsApp Business Account: owner of templates and webhook subscriptions.
    WabaId
);
numeric_id!(
    /// Meta's id of a business portfolio: owner of the messaging limit.
    PortfolioId
);
numeric_id!(
    /// Meta's id of an app: its secret signs every webhook of all its tenants.
    AppId
);

/// Meta's id of a message. Opaque, and it contains the customer's phone number, hence the
/// redacted `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wamid(String);

impl Wamid {
    /// The id as Meta wrote it; never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Wamid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wamid(redacted)")
    }
}

impl FromStr for Wamid {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Wamid {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let is_storable = !text.is_empty() && text.len() <= 512 && !text.contains('\0');
        if is_storable { Ok(Self(text)) } else { Err(InvalidId::NotWamid) }
    }
}

impl From<Wamid> for String {
    fn from(id: Wamid) -> String {
        id.0
    }
}

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Wanted a UUID.
    #[error("must be a UUID")]
    NotUuid,
    /// Wanted one of Meta's numeric ids.
    #[error("must be 1 to 32 digits")]
    NotDigits,
    /// Wanted one of Meta's message ids.
    #[error("must be 1 to 512 characters without NUL")]
    NotWamid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_sort_by_the_time_they_were_made() {
        let earlier = DateTime::from_timestamp_millis(1_790_000_000_000).unwrap();
        let later = DateTime::from_timestamp_millis(1_790_000_000_001).unwrap();

        assert!(MessageId::at(earlier) < MessageId::at(later));
    }

    #[test]
    fn a_phone_number_id_is_digits_only() {
        assert!("106540352242922".parse::<PhoneNumberId>().is_ok());
        for wrong in ["", "+1065", "10 65", "1e9", &"1".repeat(33)] {
            assert_eq!(wrong.parse::<PhoneNumberId>(), Err(InvalidId::NotDigits), "{wrong}");
        }
    }

    #[test]
    fn a_wamid_does_not_show_itself_in_debug_output() {
        let wamid: Wamid = "wamid.HBgLMTQxNTU1NTAxMDE=".parse().unwrap();

        assert_eq!(format!("{wamid:?}"), "Wamid(redacted)");
    }
}
