//! The life of a process: configuration, telemetry, health, signals, drain.
//!
//! In: the environment, signals, the clock and whatever the services hand over to be run.
//! Out: an exit code, log lines on standard error, traces, metrics and the three probe pages.
//!
//! Everything here is about any process. This crate must not know a message, a tenant, a queue or
//! a table; it knows no more of a dependency than its name and whether it answers.
//!
//! A service's `main` is [`serve`]; a command's is [`main`]:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     runtime::serve("dispatcher", async |env, stop| {
//!         let config = Config::from_env(&env)?;
//!         Ok(vec![dispatcher::start(config, stop).await?])
//!     })
//! }
//! ```

mod clock;
pub mod env;
pub mod health;
pub mod http;
pub mod metrics;
mod process;
pub mod service;
pub mod stop;
pub mod telemetry;
pub mod trace;
mod wait;

pub use crate::clock::now;
pub use crate::env::{ConfigError, Env};
pub use crate::health::Health;
pub use crate::process::{choose_tls, main, serve};
pub use crate::service::{Bound, Service};
pub use crate::stop::Stop;
pub use crate::telemetry::Telemetry;
pub use crate::wait::{Stopped, wait_for};
