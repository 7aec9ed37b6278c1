#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(missing_docs, reason = "a test binary has no readers but its own")]

mod budget;
mod claims;
mod connections;
mod facts;
mod idempotency;
mod limit_workers;
mod orphans;
mod people;
mod plans;
mod resolutions;
mod rows;
mod schema;
mod sealed;
mod sweeps;
mod tenancy;
mod webhooks;
