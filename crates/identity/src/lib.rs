//! Who holds a token: the keys of one identity provider, and what they prove of a JWT (RFC 7519).
//!
//! In comes a bearer token; out comes who its holder is for the provider, or why it proves nothing.
//! Only asymmetric signatures count, and only the algorithms that the key itself is for, so that no
//! token chooses how it is checked. What the holder may do is not known here: this crate knows no
//! tenant, no row and no route.

mod claims;
mod fetch;
mod keeper;
mod keys;
mod provider;
mod refused;
mod verifier;
mod with_ring;

pub use crate::claims::Person;
pub use crate::provider::Provider;
pub use crate::refused::Refused;
pub use crate::verifier::{Unusable, Verifier};
