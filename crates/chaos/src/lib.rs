//! A whole Waypost under load, each service a process of its own beside servers of its own, while
//! processes are killed, servers restarted and Meta fails.
//!
//! In comes a seed, out goes a report: what was done, what became of every message, and which laws
//! were broken. The plan of a seed is always the same; when exactly it meets what is under way is
//! up to the machine. Nothing here looks into a service: the laws are checked by what callers were
//! answered, what Meta saw, what stands in the rows and what is left on the bus.

pub mod laws;
pub mod plan;
pub mod report;
mod run;
pub mod snapshot;
mod world;

pub use run::{Outcome, run};
