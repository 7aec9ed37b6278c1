//! What is true about a WhatsApp message, before anyone stores, sends or shows it.
//!
//! In come plain values: text and JSON from a caller, facts from Meta, the time as an argument.
//! Out come types that cannot hold anything illegal. This crate has no clock and does no I/O, and
//! it knows neither rows nor wire formats other than Meta's own message object.

pub mod content;
pub mod delivery;
pub mod diagnosis;
pub mod enqueue;
pub mod field;
pub mod ids;
pub mod lane;
pub mod management;
pub mod meta_error;
pub mod recipient;
pub mod role;
pub mod scope;
pub mod symptom;
pub mod tier;
