//! The built command line against real servers, and the simulator in Meta's place.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod alerts;
mod bad_input;
mod cloud_api_client;
mod credentials;
mod demo;
mod operator;
mod outage;
mod portfolio;
mod process;
mod publisher;
mod readme;
mod restart;
mod secrets;
mod settings;
mod stop;
mod trouble;
mod up;
mod webhooks;
mod world;
