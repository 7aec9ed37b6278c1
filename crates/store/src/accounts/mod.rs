//! What Meta says of accounts and numbers, and what follows from it.
//!
//! Every word of Meta's stands beside the instant when it was said, and a statement here lets only a
//! newer word take its place. So words may come late, twice and in any order, from a webhook or from
//! an answer, and the row ends the same.

pub mod numbers;
mod told;
pub mod wabas;

pub use told::{Told, Touched};
pub(crate) use told::{newest_word, proved, touched};
