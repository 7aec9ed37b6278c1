//! The command line of Waypost: all services in one process, and the tools of the operator.
//!
//! In come arguments and the environment; out come running services, or one thing done and an exit
//! code: 0, or 2 for wrong arguments and settings, or 1. What a script reads stands on standard
//! output, everything else on standard error. A command holds no rule of its own: it calls the
//! crate that has it.

mod api;
mod api_key;
mod connection;
mod demo;
mod host;
mod member;
mod migrate;
mod number;
mod one_number;
mod openapi;
mod output;
mod parked;
mod send;
mod tenant;
mod timeline;
mod token;
mod tool;
mod unknown;
mod up;
mod vault;
mod watch;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A gateway between your systems and the WhatsApp Business Platform
///
/// Settings come from the environment; README.md lists them.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs all services in this process, on an up-to-date database
    Up(up::Up),
    /// Brings the database to the schema of this version
    Migrate,
    /// Tenants
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Business numbers and the credentials with which they send
    #[command(subcommand)]
    Number(number::Number),
    /// Credentials with which tenants reach Meta
    #[command(subcommand)]
    Connection(connection::Connection),
    /// Access tokens
    #[command(subcommand)]
    Token(token::Token),
    /// What is sealed in the database
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// People of an identity provider who act for a tenant
    #[command(subcommand)]
    Member(member::Member),
    /// Keys for the API
    #[command(subcommand)]
    ApiKey(api_key::ApiKey),
    /// Enqueues one message over the API of a running Waypost and prints its id
    Send(send::Send),
    /// Follows a message until it is delivered, or can never be
    Watch(watch::Watch),
    /// Prints the API's OpenAPI document
    Openapi,
    /// Messages of the bus that no service could handle
    #[command(subcommand)]
    Parked(parked::Parked),
    /// Messages of which nobody knows whether they went out
    #[command(subcommand)]
    Unknown(unknown::UnknownCommand),
    /// What Meta has posted
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Shows the whole way of many messages on a simulated Meta, beside everything that is there
    Demo(demo::Demo),
}

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Up(up) => up.run(),
        Command::Migrate => migrate::run(),
        Command::Tenant(tenant) => tenant.run(),
        Command::Number(number) => number.run(),
        Command::Connection(connection) => connection.run(),
        Command::Token(token) => token.run(),
        Command::Vault(vault) => vault.run(),
        Command::Member(member) => member.run(),
        Command::ApiKey(api_key) => api_key.run(),
        Command::Send(send) => send.run(),
        Command::Watch(watch) => watch.run(),
        Command::Openapi => openapi::run(),
        Command::Parked(parked) => parked.run(),
        Command::Unknown(unknown) => unknown.run(),
        Command::Webhooks(webhooks) => webhooks.run(),
        Command::Demo(demo) => demo.run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_free_of_contradictions() {
        CommandLine::command().debug_assert();
    }
}
