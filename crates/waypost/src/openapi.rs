//! `waypost openapi`: prints the API's document, as `/openapi.json` serves it.

use std::process::ExitCode;

use crate::{output, tool};

/// Runs the command.
pub(crate) fn run() -> ExitCode {
    tool::run(async |_| output::json(&admin_api::openapi()))
}
