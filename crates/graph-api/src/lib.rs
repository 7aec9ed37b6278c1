//! Meta's side of the gateway: what we ask the Graph API, and what it and its webhooks tell us.
//!
//! In come a ready message object with a token, or the raw bytes of a webhook POST. Out come a
//! classified [`client::SendOutcome`], typed [`webhook::Item`]s and the verdict on a signature.
//! This crate knows Meta's wire formats and error codes; it knows neither rows, nor queues, nor
//! tenants, it decides nothing about retries, and it never sends a request twice by itself.

pub mod client;
pub mod error;
mod loose;
pub mod signature;
pub mod webhook;
pub mod wire;
