//! Messages as callers write them: accepted, refused, and never a panic.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod accepted;
mod anything;
mod enqueue;
mod limits;
mod recipient;
mod refused;
