//! A webhook POST on its way from the ingress to its consumers.

use std::fmt;

use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, EventId};
use domain::scope::Scope;
use prost::Message;

use crate::error::{ContractError, uuid, uuid_bytes};
use crate::{time, wire};

/// One POST to a webhook URL, whole and as it came, with what its signature proved.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookReceived {
    /// Names this POST from here on.
    pub event_id: EventId,
    /// When the last byte had been read; whole microseconds travel.
    pub received_at: DateTime<Utc>,
    /// What the signature proved; `None` when nothing was. Nothing in `body` may touch anything
    /// outside it.
    pub scope: Option<Scope>,
    /// What became of the check of the signature.
    pub signature: SignatureState,
    /// The kind of URL that was called, for example `platform`, `tenant` or `shared`; never the
    /// opaque part of a tenant's URL.
    pub path: String,
    /// The raw body: exactly the bytes that the signature covers; of a rejected POST its beginning.
    pub body: Bytes,
    /// How many POSTs this stands for, at least one; more only where a flood is summed up.
    pub repeats: u32,
    /// What is known of a POST whose signature proved nothing; nothing of a proved one.
    pub rejection: Rejection,
}

/// What a later look at a rejected POST needs. Nothing here is proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejection {
    /// The connection whose opaque URL was called.
    pub addressed: Option<ConnectionId>,
    /// The signature header as it came, at most [`Rejection::LONGEST_SIGNATURE`] bytes of it.
    pub presented: Option<String>,
    /// Whether the body is only the beginning of what came.
    pub body_is_cut: bool,
}

impl Rejection {
    /// How much of a signature header is kept; a good one has 71 characters.
    pub const LONGEST_SIGNATURE: usize = 200;
}

/// What became of the check of `X-Hub-Signature-256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureState {
    /// It covers the body under a secret we hold.
    Valid,
    /// The header was absent.
    Missing,
    /// The header was not `sha256=` and 64 hexadecimal digits.
    Malformed,
    /// It was well formed and covers something else.
    Mismatch,
}

impl SignatureState {
    /// The word in rows, metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
        }
    }

    /// Whether the body is proved to come from Meta.
    pub const fn is_valid(self) -> bool {
        matches!(self, Self::Valid)
    }
}

impl fmt::Display for SignatureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Shows the size of the body, never the body.
impl fmt::Debug for WebhookReceived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookReceived")
            .field("event_id", &self.event_id)
            .field("received_at", &self.received_at)
            .field("scope", &self.scope)
            .field("signature", &self.signature)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .field("repeats", &self.repeats)
            .finish()
    }
}

impl WebhookReceived {
    /// The protobuf bytes.
    pub fn encode(&self) -> Bytes {
        let Rejection { addressed, presented, body_is_cut } = &self.rejection;
        let received = wire::WebhookReceived {
            event_id: uuid_bytes(self.event_id.as_uuid()),
            received_at_us: self.received_at.timestamp_micros(),
            scope: self.scope.map(wire_scope),
            signature: wire_signature(self.signature).into(),
            path: self.path.clone(),
            body: self.body.clone(),
            // One is what is meant where nothing stands.
            repeats: if self.repeats == 1 { 0 } else { self.repeats },
            addressed_connection_id: addressed
                .map(|id| uuid_bytes(id.as_uuid()))
                .unwrap_or_default(),
            presented_signature: presented.clone(),
            body_cut: *body_is_cut,
        };
        received.encode_to_vec().into()
    }

    /// Reads the protobuf bytes; copies the body.
    pub fn decode(body: &[u8]) -> Result<Self, ContractError> {
        Self::read(body)
    }

    /// Reads the protobuf bytes; the body stays a part of them, without a copy.
    pub fn decode_shared(body: &Bytes) -> Result<Self, ContractError> {
        Self::read(body.clone())
    }

    fn read(buffer: impl Buf) -> Result<Self, ContractError> {
        let received = wire::WebhookReceived::decode(buffer)?;
        Ok(Self {
            event_id: EventId::from_uuid(uuid("event_id", &received.event_id)?),
            received_at: time::from_micros("received_at_us", received.received_at_us)?,
            scope: received.scope.map(scope).transpose()?,
            signature: signature(received.signature)?,
            path: received.path,
            body: received.body,
            repeats: received.repeats.max(1),
            rejection: Rejection {
                addressed: addressed(&received.addressed_connection_id)?,
                presented: received.presented_signature,
                body_is_cut: received.body_cut,
            },
        })
    }
}

fn addressed(id: &[u8]) -> Result<Option<ConnectionId>, ContractError> {
    if id.is_empty() {
        return Ok(None);
    }
    Ok(Some(ConnectionId::from_uuid(uuid("addressed_connection_id", id)?)))
}

fn wire_scope(scope: Scope) -> wire::webhook_received::Scope {
    match scope {
        Scope::Platform => wire::webhook_received::Scope::Platform(wire::PlatformScope {}),
        Scope::Connection(id) => {
            wire::webhook_received::Scope::ConnectionId(uuid_bytes(id.as_uuid()))
        }
    }
}

fn scope(scope: wire::webhook_received::Scope) -> Result<Scope, ContractError> {
    match scope {
        wire::webhook_received::Scope::Platform(wire::PlatformScope {}) => Ok(Scope::Platform),
        wire::webhook_received::Scope::ConnectionId(id) => {
            Ok(Scope::Connection(ConnectionId::from_uuid(uuid("connection_id", &id)?)))
        }
    }
}

fn wire_signature(state: SignatureState) -> wire::SignatureState {
    match state {
        SignatureState::Valid => wire::SignatureState::Valid,
        SignatureState::Missing => wire::SignatureState::Missing,
        SignatureState::Malformed => wire::SignatureState::Malformed,
        SignatureState::Mismatch => wire::SignatureState::Mismatch,
    }
}

fn signature(number: i32) -> Result<SignatureState, ContractError> {
    match wire::SignatureState::try_from(number) {
        Ok(wire::SignatureState::Valid) => Ok(SignatureState::Valid),
        Ok(wire::SignatureState::Missing) => Ok(SignatureState::Missing),
        Ok(wire::SignatureState::Malformed) => Ok(SignatureState::Malformed),
        Ok(wire::SignatureState::Mismatch) => Ok(SignatureState::Mismatch),
        Ok(wire::SignatureState::Unspecified) => Err(ContractError::Missing { field: "signature" }),
        Err(_) => Err(ContractError::Invalid {
            field: "signature",
            expected: "valid, missing, malformed or mismatch",
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn received() -> WebhookReceived {
        WebhookReceived {
            event_id: EventId::from_uuid(Uuid::from_u128(1)),
            received_at: DateTime::from_timestamp_micros(150).unwrap(),
            scope: Some(Scope::Connection(ConnectionId::from_uuid(Uuid::from_u128(2)))),
            signature: SignatureState::Valid,
            path: "tenant".to_owned(),
            body: Bytes::from_static(b"{}"),
            repeats: 1,
            rejection: Rejection::default(),
        }
    }

    #[test]
    fn the_bytes_of_a_webhook_never_change() {
        let golden = b"\x0a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\
                       \x10\x96\x01\
                       \x22\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\
                       \x28\x01\
                       \x32\x06tenant\
                       \x3a\x02{}";
        assert_eq!(&received().encode()[..], golden);
        assert_eq!(WebhookReceived::decode(golden), Ok(received()));
    }

    #[test]
    fn the_bytes_of_the_other_scopes_never_change() {
        let platform = WebhookReceived { scope: Some(Scope::Platform), ..received() };
        let unproved =
            WebhookReceived { scope: None, signature: SignatureState::Mismatch, ..received() };

        assert_eq!(platform.encode()[21..25], *b"\x1a\0\x28\x01");
        assert_eq!(unproved.encode()[21..23], *b"\x28\x04");
    }

    #[test]
    fn the_bytes_of_a_rejection_never_change() {
        let rejection = Rejection {
            addressed: Some(ConnectionId::from_uuid(Uuid::from_u128(3))),
            presented: Some("sha256=".to_owned()),
            body_is_cut: true,
        };
        let rejected = WebhookReceived { rejection, ..received() };

        let encoded = rejected.encode();

        let golden = b"\x4a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\x52\x07sha256=\x58\x01";
        assert!(encoded.ends_with(golden));
        assert_eq!(encoded.len(), received().encode().len() + golden.len());
        assert_eq!(WebhookReceived::decode(&encoded), Ok(rejected));
    }

    #[test]
    fn the_bytes_of_a_summary_never_change() {
        let summary = WebhookReceived { repeats: 300, ..received() };

        let encoded = summary.encode();

        assert!(encoded.ends_with(b"\x40\xac\x02"));
        assert_eq!(encoded.len(), received().encode().len() + 3);
        assert_eq!(WebhookReceived::decode(&encoded), Ok(summary));
    }

    #[test]
    fn a_field_from_a_later_version_is_ignored() {
        let later = [&received().encode()[..], b"\x9a\x06\x02hi"].concat();

        assert_eq!(WebhookReceived::decode(&later), Ok(received()));
    }

    #[test]
    fn a_signature_state_of_a_later_version_is_refused_not_guessed() {
        let later = [&received().encode()[..], b"\x28\x09"].concat();

        let error = WebhookReceived::decode(&later).unwrap_err().to_string();
        assert_eq!(error, "field signature must be valid, missing, malformed or mismatch");
    }

    #[test]
    fn a_field_that_an_older_version_did_not_have_is_read_as_its_default() {
        let mut latest = received();
        latest.repeats = 3;
        latest.rejection = Rejection {
            addressed: Some(ConnectionId::from_uuid(Uuid::from_u128(4))),
            presented: Some("sha256=00".to_owned()),
            body_is_cut: true,
        };
        let mut older = wire::WebhookReceived::decode(latest.encode()).unwrap();
        older.repeats = 0;
        older.addressed_connection_id.clear();
        older.presented_signature = None;
        older.body_cut = false;

        assert_eq!(WebhookReceived::decode(&older.encode_to_vec()), Ok(received()));
    }

    #[test]
    fn a_webhook_whose_signature_nobody_checked_is_refused() {
        let encoded = received().encode();
        let unchecked = [&encoded[..], b"\x28\x00"].concat();
        let unheard_of = [&encoded[..], b"\x28\x09"].concat();

        assert_eq!(
            WebhookReceived::decode(&unchecked),
            Err(ContractError::Missing { field: "signature" }),
        );
        assert!(matches!(
            WebhookReceived::decode(&unheard_of),
            Err(ContractError::Invalid { field: "signature", .. }),
        ));
    }

    #[test]
    fn a_shared_decode_does_not_copy_the_body() {
        let encoded = received().encode();

        let decoded = WebhookReceived::decode_shared(&encoded).unwrap();

        assert!(encoded.as_ptr_range().contains(&decoded.body.as_ptr()));
    }

    #[test]
    fn a_webhook_does_not_show_its_body_in_debug_output() {
        let secret = WebhookReceived { body: Bytes::from_static(b"+14155550100"), ..received() };

        assert!(!format!("{secret:?}").contains("1415"));
    }

    prop_compose! {
        fn any_webhook()(
            event: u128,
            micros in -1_000_000_000_000_000..4_000_000_000_000_000_i64,
            scope in prop_oneof![
                Just(None),
                Just(Some(Scope::Platform)),
                any::<u128>().prop_map(|id| {
                    Some(Scope::Connection(ConnectionId::from_uuid(Uuid::from_u128(id))))
                }),
            ],
            signature in prop_oneof![
                Just(SignatureState::Valid),
                Just(SignatureState::Missing),
                Just(SignatureState::Malformed),
                Just(SignatureState::Mismatch),
            ],
            path: String,
            body: Vec<u8>,
            repeats in 1..=u32::MAX,
            addressed: Option<u128>,
            presented: Option<String>,
            body_is_cut: bool,
        ) -> WebhookReceived {
            WebhookReceived {
                event_id: EventId::from_uuid(Uuid::from_u128(event)),
                received_at: DateTime::from_timestamp_micros(micros).unwrap(),
                scope,
                signature,
                path,
                body: body.into(),
                repeats,
                rejection: Rejection {
                    addressed: addressed.map(|id| ConnectionId::from_uuid(Uuid::from_u128(id))),
                    presented,
                    body_is_cut,
                },
            }
        }
    }

    proptest! {
        #[test]
        fn every_webhook_reads_back_as_itself(webhook in any_webhook()) {
            let encoded = webhook.encode();

            prop_assert_eq!(WebhookReceived::decode(&encoded), Ok(webhook.clone()));
            prop_assert_eq!(WebhookReceived::decode_shared(&encoded), Ok(webhook));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let _ = WebhookReceived::decode(&bytes);
        }

        #[test]
        fn no_damage_makes_the_decoder_panic(webhook in any_webhook(), at: usize, byte: u8) {
            let mut encoded = webhook.encode().to_vec();
            let index = at % encoded.len();
            encoded[index] = byte;

            let _ = WebhookReceived::decode(&encoded);
        }
    }
}
