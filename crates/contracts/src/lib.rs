//! What travels on the bus.
//!
//! In come the bytes of a delivery, out come domain types, and the other way round. The wire
//! itself is defined in `proto/waypost/v1/`, and its generated types stay private: everybody else
//! sees only what has been checked. This crate knows neither RabbitMQ nor rows.
//!
//! Compatibility: fields are only added. A test holds the exact bytes of one message of each kind.

mod dispatch;
mod error;
mod notify;
mod time;
mod webhook;
#[expect(unreachable_pub, clippy::doc_markdown, reason = "the generator's choice, not ours")]
mod wire;

pub use crate::dispatch::DispatchJob;
pub use crate::error::ContractError;
pub use crate::notify::{EnqueueNotification, decode_notify};
pub use crate::webhook::{Rejection, SignatureState, WebhookReceived};

/// The content type of everything that Waypost itself publishes.
pub const PROTOBUF: &str = "application/x-protobuf";

/// The content type of an [`EnqueueNotification`] in its JSON form.
pub const JSON: &str = "application/json";
