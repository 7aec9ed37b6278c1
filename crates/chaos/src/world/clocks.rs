//! Clocks of single processes, which can be wrong while the machine's is right: by libfaketime, which
//! stands between a process and the system and tells it another time of day.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use tokio::process::Command;

use super::printed;
use crate::plan::{CLOCKED, Part};

/// Where distributions put it: folders, and what stands below them.
const FOLDERS: [&str; 3] = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];
/// The one for programs of several threads.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A file for each process that says how wrong its clock is.
#[derive(Clone, Debug)]
pub(crate) struct Clocks {
    library: PathBuf,
    folder: PathBuf,
}

impl Clocks {
    /// `None` where libfaketime is not installed.
    ///
    /// # Errors
    /// When it is there and has no effect.
    pub(crate) async fn found(folder: PathBuf) -> anyhow::Result<Option<Self>> {
        let Some(library) = library() else { return Ok(None) };
        let clocks = Self { library, folder };
        for part in CLOCKED {
            clocks.set(part, 0)?;
        }
        clocks.check().await?;
        Ok(Some(clocks))
    }

    /// What a process has to be started with.
    pub(crate) fn variables(&self, part: Part) -> [(&'static str, String); 4] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file(part).display().to_string()),
            // The file is read again after a second.
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            // What measures how long something takes is no time of day.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    /// Sets the clock of a process to so many seconds from the right time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn set(&self, part: Part, off_s: i64) -> anyhow::Result<()> {
        let file = self.file(part);
        // In one step, so that nobody reads half of it.
        let new = file.with_extension("new");
        std::fs::write(&new, format!("{off_s:+}\n"))?;
        Ok(std::fs::rename(new, file)?)
    }

    fn file(&self, part: Part) -> PathBuf {
        self.folder.join(format!("clock-of-{part}"))
    }

    /// Whether a process is really told another time.
    async fn check(&self) -> anyhow::Result<()> {
        let [part, ..] = CLOCKED;
        self.set(part, 3_600)?;
        let mut date = Command::new("date");
        date.arg("+%s").envs(self.variables(part));
        let told: i64 = printed(date).await?.parse().context("date tells no seconds")?;
        self.set(part, 0)?;
        let off = told - runtime::now().timestamp();
        let is_right = (3_500..=3_600).contains(&off);
        ensure!(is_right, "{} does not change the time", self.library.display());
        Ok(())
    }
}

fn library() -> Option<PathBuf> {
    let folders = FOLDERS.into_iter().map(PathBuf::from).flat_map(|folder| {
        let below = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let below: Vec<PathBuf> = below.map(|entry| entry.path()).collect();
        std::iter::once(folder).chain(below)
    });
    folders.map(|folder| folder.join(LIBRARY)).find(|library| library.is_file())
}
