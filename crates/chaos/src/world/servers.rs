//! PostgreSQL, RabbitMQ and Redis of a run's own, by the scripts in `deploy/local`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use amqp::{Bus, BusConfig, Queue};
use anyhow::{Context, ensure};
use tempfile::TempDir;
use test_support::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::printed;
use crate::plan::Server;
use crate::snapshot::Parked;

/// What the scripts need; nothing of ours may lead them to other servers.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/local/services");

/// The queues' limit of free disk, far above what any disk has, and as the scripts set it.
const NO_DISK: &str = "100000GB";
const SOME_DISK: &str = "50MB";

/// How many letters of a queue are looked at.
const LETTERS: usize = 50;

/// The servers, and a network to each that can stall. Stopped and removed with this value.
pub(crate) struct Servers {
    folder: TempDir,
    proxies: BTreeMap<Server, Proxy>,
    ports: BTreeMap<Server, u16>,
}

impl Servers {
    /// Starts all of them in a new folder.
    ///
    /// # Errors
    /// When one does not start.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("waypost-chaos-").tempdir()?;
        // The servers may run under accounts of their own.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let mut servers = Self { folder, proxies: BTreeMap::new(), ports: BTreeMap::new() };
        servers.up().await?;
        for server in Server::ALL {
            let port = servers.recorded(server, "port")?.parse()?;
            servers.ports.insert(server, port);
            servers.proxies.insert(server, Proxy::start(format!("127.0.0.1:{port}")).await);
        }
        Ok(servers)
    }

    /// Where logs are kept.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where services find a server: through the network that can stall.
    pub(crate) fn url(&self, server: Server) -> String {
        url(server, self.addr(server))
    }

    /// Where Waypost finds it.
    pub(crate) fn addr(&self, server: Server) -> SocketAddr {
        self.proxies[&server].addr()
    }

    /// Where whoever looks from outside finds it.
    pub(crate) fn direct_url(&self, server: Server) -> String {
        url(server, SocketAddr::from(([127, 0, 0, 1], self.ports[&server])))
    }

    /// Lets a server stay connected and answer nothing.
    pub(crate) fn stall(&self, server: Server) {
        self.proxies[&server].stall();
    }

    /// Lets it answer again.
    pub(crate) fn resume(&self, server: Server) {
        self.proxies[&server].resume();
    }

    /// Ends a server: it crashes, or stops in order.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) async fn end(&self, server: Server, crash: bool) -> anyhow::Result<()> {
        let signal = match (server, crash) {
            // PostgreSQL's own crash: no checkpoint, and no process of it stays behind.
            (Server::Postgres, true) => "QUIT",
            (Server::Postgres, false) => "INT",
            (Server::RabbitMq | Server::Redis, true) => "KILL",
            (Server::RabbitMq | Server::Redis, false) => "TERM",
        };
        let pid = self.recorded(server, "pid")?;
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &pid]);
        printed(kill).await?;
        let gone = async || !Path::new("/proc").join(&pid).exists();
        test_support::eventually(&format!("{} has ended", server.as_str()), gone).await;
        Ok(())
    }

    /// Starts what does not run, with the data that it had and where it was.
    ///
    /// # Errors
    /// When it does not start, or elsewhere.
    pub(crate) async fn up(&self) -> anyhow::Result<()> {
        printed(self.script(&["up"])).await?;
        for (server, port) in &self.ports {
            let now = self.recorded(*server, "port")?;
            ensure!(now == port.to_string(), "{} came back at another port", server.as_str());
        }
        Ok(())
    }

    /// Redis forgets everything.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn flush_redis(&self) -> anyhow::Result<()> {
        let mut redis = TcpStream::connect(("127.0.0.1", self.ports[&Server::Redis])).await?;
        redis.write_all(b"FLUSHALL\r\n").await?;
        let mut answer = [0; 3];
        redis.read_exact(&mut answer).await?;
        ensure!(&answer == b"+OK", "redis did not flush");
        Ok(())
    }

    /// Lets RabbitMQ find its disk full, or not any more.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn fill_disk(&self, full: bool) -> anyhow::Result<()> {
        let limit = if full { NO_DISK } else { SOME_DISK };
        printed(self.script(&["control", "-q", "set_disk_free_limit", limit])).await?;
        Ok(())
    }

    /// What every queue holds, waiting and under way; what was set aside not counted.
    ///
    /// # Errors
    /// When RabbitMQ does not answer.
    pub(crate) async fn queues(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let listed = printed(self.script(&["control", "-q", "list_queues", "name", "messages"]));
        let listed = listed.await?;
        let mut queues = BTreeMap::new();
        for line in listed.lines().filter(|line| !line.starts_with("name")) {
            let (name, messages) = line.split_once('\t').context("a list of queues is unclear")?;
            if !name.ends_with(".parked") {
                queues.insert(name.to_owned(), messages.trim().parse()?);
            }
        }
        Ok(queues)
    }

    /// What was set aside, and why.
    ///
    /// # Errors
    /// When RabbitMQ does not answer.
    pub(crate) async fn parked(&self) -> anyhow::Result<Vec<Parked>> {
        let config = BusConfig { url: self.direct_url(Server::RabbitMq), prefix: String::new() };
        let bus = Bus::connect(&config, "chaos").await?;
        let mut parked = Vec::new();
        for queue in Queue::ALL {
            for letter in bus.parked(queue, LETTERS).await? {
                parked.push(Parked { queue: queue.to_string(), reason: letter.reason });
            }
        }
        bus.close().await;
        Ok(parked)
    }

    /// Moves what they logged to where it stays, for whoever wants to know why.
    pub(crate) fn keep_logs(&self, to: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(to)?;
        for log in std::fs::read_dir(self.folder.path().join("log"))? {
            let log = log?;
            std::fs::copy(log.path(), to.join(log.file_name()))?;
        }
        Ok(())
    }

    fn recorded(&self, server: Server, what: &str) -> anyhow::Result<String> {
        let file: PathBuf =
            self.folder.path().join("state").join(format!("{}.{what}", server.as_str()));
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(text.trim().to_owned())
    }

    fn script(&self, arguments: &[&str]) -> Command {
        let folder = self.folder.path().display().to_string();
        let mut command =
            super::command(Path::new(SCRIPT), &[("WAYPOST_LOCAL_DIR".to_owned(), folder)]);
        command.args(arguments);
        // A start that is broken off half-way would leave a server that nobody knows.
        command.kill_on_drop(false);
        command
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // A full disk must not keep RabbitMQ from ending, nor an error any of them.
        let _ended = self.script(&["down"]).into_std().status();
    }
}

fn url(server: Server, addr: SocketAddr) -> String {
    match server {
        Server::Postgres => format!("postgres://postgres@{addr}/postgres"),
        Server::RabbitMq => format!("amqp://guest:guest@{addr}/%2f"),
        Server::Redis => format!("redis://{addr}"),
    }
}
