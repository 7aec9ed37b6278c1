//! The client against a real TCP server, and the parser against bodies of Meta's shapes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod accounts;
mod client;
mod fixture;
mod management;
mod properties;
mod responses;
mod secrets;
mod server;
mod upload;
mod webhooks;
