//! The dispatcher between a real database, a real broker and the simulator of Meta.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod budget;
mod cut_off;
mod fairness;
mod faults;
mod jobs;
mod kill;
mod pace;
mod refusals;
mod silence;
mod steps;
mod world;
