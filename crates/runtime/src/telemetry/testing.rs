//! Log lines and traces of one thread, captured.

use std::io;
use std::sync::{Arc, Mutex};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::log::{Format, subscriber};

/// The JSON log of everything that the current thread does while this lives, at every level.
pub(crate) struct Captured {
    lines: Lines,
    _guard: DefaultGuard,
}

impl Captured {
    pub(crate) fn start() -> Self {
        let lines = Lines::default();
        let traces = SdkTracerProvider::builder().build();
        let every_level = EnvFilter::new("trace");
        let subscriber = subscriber(every_level, Format::Json, &traces, lines.clone());
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
