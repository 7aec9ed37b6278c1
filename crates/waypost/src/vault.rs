//! `waypost vault`: what is sealed, sealed anew under the first key.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::ensure;
use comfy_table::{Table, presets};
use indicatif::ProgressBar;
use store::sealed::{COLUMNS, Column};
use store::{Client, Vault};

use crate::{output, tool};

/// How many values one statement changes. Bodies of webhooks may be large.
const BATCH: i64 = 100;

/// How often what somebody changed meanwhile is looked at again.
const PASSES: usize = 5;

/// The commands.
#[derive(clap::Subcommand)]
pub(crate) enum VaultCommand {
    /// Seals everything anew under the first key of `CREDENTIAL_ENCRYPTION_KEY`, while all runs
    ///
    /// First give every process both keys, the new one first (`new:…,old:…`); then run this; then
    /// take away the keys that it names as not needed any more.
    Rotate {
        /// The bodies of logged webhooks too; they are many, and dropped with their month
        #[arg(long)]
        events: bool,
    },
}

/// What became of a column.
#[derive(Debug, Default)]
struct Done {
    resealed: u64,
    current: u64,
    unreadable: u64,
}

impl VaultCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        let Self::Rotate { events } = self;
        tool::run(async move |env| {
            let vault = backbone::vault(&env)?;
            let client = tool::database(&env).await?;
            rotate(&client, &vault, events).await
        })
    }
}

async fn rotate(client: &Client, vault: &Vault, events: bool) -> anyhow::Result<()> {
    let columns: Vec<Column> =
        COLUMNS.into_iter().filter(|column| events || !column.is_events).collect();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["column", "sealed anew", "current", "unreadable"]);
    let progress = ProgressBar::new(total(client, &columns).await?);
    let mut unreadable = 0;
    for column in columns {
        let done = again(client, vault, column, &progress).await?;
        unreadable += done.unreadable;
        table.add_row([
            format!("{}.{}", column.table, column.name),
            done.resealed.to_string(),
            done.current.to_string(),
            done.unreadable.to_string(),
        ]);
    }
    progress.finish_and_clear();
    output::line(table)?;
    for line in keys(vault, &uses(client).await?) {
        output::line(line)?;
    }
    ensure!(
        unreadable == 0,
        "{unreadable} values open with no key of CREDENTIAL_ENCRYPTION_KEY: add the key they were \
         sealed with, or give those credentials again"
    );
    Ok(())
}

async fn total(client: &Client, columns: &[Column]) -> anyhow::Result<u64> {
    let mut total = 0;
    for column in columns {
        let counts = column.key_ids(client).await?;
        total += counts.iter().map(|(_, count)| count.unsigned_abs()).sum::<u64>();
    }
    Ok(total)
}

/// Walks a column until nothing is left that another key sealed: somebody may have changed a value
/// between its reading and its writing.
async fn again(
    client: &Client,
    vault: &Vault,
    column: Column,
    progress: &ProgressBar,
) -> anyhow::Result<Done> {
    let mut resealed = 0;
    let mut last = Done::default();
    for pass in 0..PASSES {
        let (done, missed) = walk(client, vault, column, (pass == 0).then_some(progress)).await?;
        resealed += done.resealed;
        last = if pass == 0 { done } else { Done { current: last.current, ..done } };
        if missed == 0 {
            break;
        }
    }
    Ok(Done { resealed, ..last })
}

/// One walk; the second part: values that were changed meanwhile.
async fn walk(
    client: &Client,
    vault: &Vault,
    column: Column,
    progress: Option<&ProgressBar>,
) -> anyhow::Result<(Done, u64)> {
    let (mut done, mut missed) = (Done::default(), 0);
    let mut after: Option<String> = None;
    loop {
        let page = column.next(client, after.as_deref(), BATCH).await?;
        let Some(last) = page.last() else { return Ok((done, missed)) };
        after = Some(last.row.clone());
        if let Some(progress) = progress {
            progress.inc(page.len() as u64);
        }
        let mut changes = Vec::new();
        for sealed in page {
            if sealed.value.is_empty() {
                continue;
            }
            match sealed.resealed(vault, column) {
                Some(_) if vault.is_current(&sealed.value) => done.current += 1,
                Some(new) => changes.push((sealed, new)),
                None => done.unreadable += 1,
            }
        }
        let replaced = column.replace(client, &changes).await?;
        done.resealed += replaced;
        missed += changes.len() as u64 - replaced;
    }
}

/// How many values each key has sealed, of all columns.
async fn uses(client: &Client) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut uses = BTreeMap::new();
    for column in COLUMNS {
        for (key_id, count) in column.key_ids(client).await? {
            *uses.entry(key_id.unwrap_or_default()).or_default() += count;
        }
    }
    Ok(uses)
}

/// A line for each key that is configured.
fn keys(vault: &Vault, uses: &BTreeMap<String, i64>) -> Vec<String> {
    let line = |id: &str| match uses.get(id).copied().unwrap_or(0) {
        _ if id == vault.current() => format!("key {id}: seals"),
        0 => format!("key {id}: not needed any more"),
        count => format!("key {id}: still needed for {count} values"),
    };
    vault.key_ids().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_needed_as_long_as_a_value_names_it() {
        let key = "01".repeat(32);
        let vault = Vault::from_keys(&format!("c:{key},b:{key},a:{key}")).unwrap();
        let uses = BTreeMap::from([("c".to_owned(), 7), ("b".to_owned(), 2)]);

        assert_eq!(
            keys(&vault, &uses),
            ["key c: seals", "key b: still needed for 2 values", "key a: not needed any more"]
        );
    }
}
