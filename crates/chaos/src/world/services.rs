//! Waypost's processes: each a built program with an environment and a log of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::Child;

use super::meta::{ACCESS_TOKEN, APP_SECRET};
use super::{Servers, TENANT, command, ports, printed};
use crate::plan::{NUMBERS, Part, Server};
use crate::snapshot::Number;

/// Seals what is secret in the database of a run.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Waits that suit a run of a minute; the rest is as it is by default.
const SETTINGS: [(&str, &str); 8] = [
    ("CREDENTIAL_ENCRYPTION_KEY", KEY),
    ("META_APP_SECRET", APP_SECRET),
    ("META_VERIFY_TOKEN", "chaos-verify-token"),
    ("WAYPOST_SEND_TIMEOUT_S", "3"),
    ("WAYPOST_CLAIM_LEASE_S", "6"),
    ("WAYPOST_UNKNOWN_GRACE_S", "5"),
    ("WAYPOST_RETRY_WAITS_S", "1,2,4"),
    ("WAYPOST_LOG_FORMAT", "json"),
];

/// Where Waypost listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    /// For webhooks.
    pub(crate) ingress: SocketAddr,
    /// For callers.
    pub(crate) admin: SocketAddr,
}

impl Addresses {
    /// Two that are free.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn choose() -> anyhow::Result<Self> {
        let [ingress, admin] = ports::free()?;
        Ok(Self { ingress, admin })
    }
}

/// All processes. They are killed with this value.
pub(crate) struct Services {
    programs: PathBuf,
    variables: Vec<(String, String)>,
    logs: PathBuf,
    running: BTreeMap<Part, Child>,
    /// Those that ended by themselves, and how.
    pub(crate) ended: Vec<String>,
}

impl Services {
    /// What is started beside these servers, with Meta there; nothing is started yet.
    ///
    /// # Errors
    /// When the programs are not built.
    pub(crate) fn new(
        servers: &Servers,
        addresses: Addresses,
        meta_url: String,
    ) -> anyhow::Result<Self> {
        let programs = programs()?;
        for program in Part::ALL.map(Part::program).into_iter().chain(["waypost"]) {
            let built = programs.join(program).is_file();
            ensure!(built, "{program} is not built: `cargo build --workspace --bins` builds it");
        }
        let own = [
            ("DATABASE_URL", servers.url(Server::Postgres)),
            ("AMQP_URL", servers.url(Server::RabbitMq)),
            ("REDIS_URL", servers.url(Server::Redis)),
            ("GRAPH_API_BASE_URL", meta_url),
            ("WAYPOST_INGRESS_ADDR", addresses.ingress.to_string()),
            ("WAYPOST_ADMIN_ADDR", addresses.admin.to_string()),
        ];
        let settings =
            SETTINGS.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(Self {
            programs,
            variables: settings.chain(variables).collect(),
            logs: servers.folder().join("log"),
            running: BTreeMap::new(),
            ended: Vec::new(),
        })
    }

    /// Makes schema, tenant and numbers, and starts all processes. Gives a key for the API.
    ///
    /// # Errors
    /// When a step fails.
    pub(crate) async fn set_up(&mut self) -> anyhow::Result<String> {
        self.waypost(&["migrate"]).await?;
        self.waypost(&["tenant", "create", TENANT]).await?;
        for number in &NUMBERS {
            self.add(number).await?;
        }
        let key = self.waypost(&["api-key", "create", "--tenant", TENANT]).await?;
        for part in Part::ALL {
            self.start(part)?;
        }
        Ok(key)
    }

    /// Kills a process, which has no time to do anything about it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn kill(&mut self, part: Part) -> anyhow::Result<()> {
        self.look_after(part);
        if let Some(mut child) = self.running.remove(&part) {
            child.kill().await.with_context(|| format!("cannot kill {}", part.as_str()))?;
        }
        Ok(())
    }

    /// Starts a process.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn start(&mut self, part: Part) -> anyhow::Result<()> {
        let log = self.logs.join(format!("{}.log", part.as_str()));
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = command(&self.programs.join(part.program()), &self.variables);
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {}", part.as_str()))?;
        self.running.insert(part, child);
        Ok(())
    }

    /// Notes who ended by himself, and starts him again as whatever keeps services running would.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn look_after_all(&mut self) -> anyhow::Result<()> {
        for part in Part::ALL {
            if self.look_after(part) {
                self.start(part)?;
            }
        }
        Ok(())
    }

    /// Whether this one ended by himself.
    fn look_after(&mut self, part: Part) -> bool {
        let Some(child) = self.running.get_mut(&part) else { return false };
        let Ok(Some(status)) = child.try_wait() else { return false };
        self.running.remove(&part);
        self.ended.push(format!("{} ended by itself: {status}", part.as_str()));
        true
    }

    async fn add(&self, number: &Number) -> anyhow::Result<()> {
        let (rate, tier) = (number.rate.to_string(), number.tier);
        let tier = tier.map_or("unlimited".to_owned(), |tier| tier.to_string());
        let token = self.logs.join("token");
        let mut file = tokio::fs::File::create(&token).await?;
        file.write_all(ACCESS_TOKEN.as_bytes()).await?;
        file.flush().await?;
        let token_file = token.display().to_string();
        let arguments = [
            ["--tenant", TENANT],
            ["--waba-id", number.waba_id],
            ["--phone-number-id", number.id],
            ["--access-token-file", &token_file],
            ["--mps", &rate],
            ["--tier", &tier],
        ];
        let arguments: Vec<&str> =
            ["number", "add"].into_iter().chain(arguments.into_iter().flatten()).collect();
        self.waypost(&arguments).await?;
        Ok(())
    }

    /// Runs the command line to its end.
    async fn waypost(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = command(&self.programs.join("waypost"), &self.variables);
        command.args(arguments);
        tokio::time::timeout(Duration::from_secs(120), printed(command))
            .await
            .with_context(|| format!("waypost {arguments:?} does not end"))?
    }
}

/// Where this program was built, and with it those of the services.
fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("a program has a folder")?;
    let is_test = folder.file_name().is_some_and(|name| name == "deps");
    let folder: Option<&Path> = if is_test { folder.parent() } else { Some(folder) };
    Ok(folder.context("a program has a folder")?.to_owned())
}
