//! Whole processes and whole servers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod child;
mod collector;
mod process;
mod served;
