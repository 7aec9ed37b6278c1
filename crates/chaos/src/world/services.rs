//! Waypost's processes: each a built program with an environment and a log of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::meta::{ACCESS_TOKEN, APP_SECRET};
use super::{Addresses, Clocks, Servers, TENANT, Ways, command, printed};
use crate::plan::{CLOCKED, NUMBERS, Part, Server};
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

/// How long a process that was asked to end may take: what it has to drain, and a loaded machine.
const DRAIN: Duration = Duration::from_secs(45);

/// All processes. They are killed with this value.
pub(crate) struct Services {
    programs: PathBuf,
    variables: Vec<(String, String)>,
    addresses: Addresses,
    clocks: Option<Clocks>,
    ways: Ways,
    logs: PathBuf,
    running: BTreeMap<Part, Child>,
    /// Those that were asked to end, and when.
    leaving: Vec<(Part, Child, Instant)>,
    /// Those that ended otherwise than they were asked to, and how.
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
        clocks: Option<Clocks>,
        ways: Ways,
    ) -> anyhow::Result<Self> {
        let programs = programs()?;
        for program in Part::FROM_THE_START.map(Part::program).into_iter().chain(["waypost"]) {
            let built = programs.join(program).is_file();
            ensure!(built, "{program} is not built: `cargo build --workspace --bins` builds it");
        }
        let own = [
            ("DATABASE_URL", servers.url(Server::Postgres)),
            ("AMQP_URL", servers.url(Server::RabbitMq)),
            ("REDIS_URL", servers.url(Server::Redis)),
            ("GRAPH_API_BASE_URL", meta_url),
            ("WAYPOST_ADMIN_ADDR", addresses.admin.to_string()),
        ];
        let settings =
            SETTINGS.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(Self {
            programs,
            variables: settings.chain(variables).collect(),
            addresses,
            clocks,
            ways,
            logs: servers.folder().join("log"),
            running: BTreeMap::new(),
            leaving: Vec::new(),
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
        for part in Part::FROM_THE_START {
            self.start(part)?;
        }
        Ok(key)
    }

    /// Kills a process, which has no time to do anything about it. Answers whether it was there.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn kill(&mut self, part: Part) -> anyhow::Result<bool> {
        let ended = self.look_after(part);
        let Some(mut child) = self.running.remove(&part) else { return Ok(ended) };
        child.kill().await.with_context(|| format!("cannot kill {part}"))?;
        Ok(true)
    }

    /// Asks a process to end as soon as it listens to that, and does not wait until it has.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn leave(&mut self, part: Part) -> anyhow::Result<()> {
        self.look_after(part);
        let Some(child) = self.running.remove(&part) else { return Ok(()) };
        if let Some(pid) = child.id() {
            // Before that the kernel ends it, and it has begun nothing.
            test_support::eventually("it listens to signals", async || listens(pid)).await;
            let mut kill = Command::new("kill");
            kill.args(["-s", "TERM", &pid.to_string()]);
            printed(kill).await?;
        }
        self.leaving.push((part, child, Instant::now()));
        Ok(())
    }

    /// Waits until all that were asked to end have ended, or took too long.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn all_have_left(&mut self) -> anyhow::Result<()> {
        for (part, mut child, asked_at) in std::mem::take(&mut self.leaving) {
            let left = DRAIN.saturating_sub(asked_at.elapsed());
            let how = match tokio::time::timeout(left, child.wait()).await {
                Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => {
                    continue;
                }
                Ok(status) => format!("ended with {}", status?),
                Err(_) => format!("had not ended after {} s", DRAIN.as_secs()),
            };
            self.ended.push(format!("{part} was asked to end and {how}"));
        }
        Ok(())
    }

    /// Starts a process. One that leaves has left before it comes back: it may have the same port.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn join(&mut self, part: Part) -> anyhow::Result<()> {
        if self.leaving.iter().any(|(leaving, _, _)| *leaving == part) {
            self.all_have_left().await?;
        }
        self.start(part)
    }

    /// Starts a process.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn start(&mut self, part: Part) -> anyhow::Result<()> {
        let log = self.logs.join(format!("{part}.log"));
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = command(&self.programs.join(part.program()), &self.variables);
        if let Part::Ingress(nth) = part {
            let addr = self.addresses.ingresses[usize::from(nth) - 1];
            command.env("WAYPOST_INGRESS_ADDR", addr.to_string());
        }
        if let Some(clocks) = self.clocks.as_ref().filter(|_| CLOCKED.contains(&part)) {
            command.envs(clocks.variables(part));
        }
        command.envs(self.ways.variable(part));
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {part}"))?;
        self.running.insert(part, child);
        Ok(())
    }

    /// Notes who ended by himself, and starts him again as whatever keeps services running would.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn look_after_all(&mut self) -> anyhow::Result<()> {
        let running: Vec<Part> = self.running.keys().copied().collect();
        for part in running {
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
        self.ended.push(format!("{part} ended by itself: {status}"));
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

/// Whether a process has a handler of its own for SIGTERM (15), or is gone.
fn listens(pid: u32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return true };
    let Some(caught) = status.lines().find_map(|line| line.strip_prefix("SigCgt:")) else {
        return true;
    };
    u64::from_str_radix(caught.trim(), 16).is_ok_and(|caught| caught & (1 << 14) != 0)
}

/// Where this program was built, and with it those of the services.
fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("a program has a folder")?;
    let is_test = folder.file_name().is_some_and(|name| name == "deps");
    let folder: Option<&Path> = if is_test { folder.parent() } else { Some(folder) };
    Ok(folder.context("a program has a folder")?.to_owned())
}
