//! The example `drain` as a child process.

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Stdio};

pub(crate) struct Drain {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    seen: Vec<String>,
}

impl Drain {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let tests = std::env::current_exe().unwrap();
        let example = tests.parent().unwrap().with_file_name("examples").join("drain");
        let mut command = Command::new(&example);
        command.env_clear().envs(variables.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{} (`cargo test -p runtime` builds it): {error}", example.display())
        });
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log, seen: Vec::new() }
    }

    /// Where its probes are.
    pub(crate) fn probes(&mut self) -> SocketAddr {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }

    /// Reads the log up to the line that holds `text`.
    pub(crate) fn until(&mut self, text: &str) {
        while !self.seen.last().is_some_and(|line| line.contains(text)) {
            let line = self.log.next();
            self.seen
                .push(line.unwrap_or_else(|| panic!("no {text:?} in {:#?}", self.seen)).unwrap());
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// The exit code and all lines of standard error.
    pub(crate) fn end(mut self) -> (i32, Vec<String>) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.extend(self.log.by_ref().map(Result::unwrap));
        (self.child.wait().unwrap().code().unwrap(), seen)
    }
}

/// A test that fails leaves no process behind.
impl Drop for Drain {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
