//! Services as processes of their own, so that it can be told what each one takes.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

/// Everything that a message passes on its way from enqueue to read.
const PROGRAMS: [&str; 7] =
    ["admin-api", "dispatcher", "ingress", "status-mapper", "webhook-log", "inbox", "scheduler"];

/// Processes. They are killed with this value.
pub(crate) struct Processes(Vec<(&'static str, Child)>);

impl Processes {
    /// Starts one process of each service.
    ///
    /// # Errors
    /// When the programs are not built beside this one.
    pub(crate) fn start(variables: &[(String, String)]) -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        let folder = own.parent().context("a program has a folder")?;
        let start = |name| {
            let child = spawn(folder.join(name), variables);
            child.with_context(|| {
                format!("cannot start {name}: `cargo build --release --workspace --bins` builds it")
            })
        };
        let started = PROGRAMS.into_iter().map(|name| Ok((name, start(name)?)));
        Ok(Self(started.collect::<anyhow::Result<_>>()?))
    }

    /// The most memory that each one has had resident so far, MiB.
    ///
    /// # Errors
    /// When one has ended.
    pub(crate) fn memory(&self) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let each = self.0.iter().map(|(name, child)| Ok((*name, peak(name, child)?)));
        each.collect()
    }
}

fn spawn(program: PathBuf, variables: &[(String, String)]) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.env_clear().envs(variables.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true).spawn()
}

/// As the kernel of Linux tells it: `proc_pid_status(5)`.
fn peak(name: &str, child: &Child) -> anyhow::Result<f64> {
    let id = child.id().with_context(|| format!("{name} has ended"))?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: f64 = kib.with_context(|| format!("{name} has ended"))?.trim().parse()?;
    ensure!(kib > 0.0, "{name} has no memory");
    Ok(kib / 1024.0)
}

/// A port that is free now.
pub(crate) fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
