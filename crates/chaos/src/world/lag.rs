//! How late this machine is: what arrives late here may have left in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::snapshot::Lag;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(5);

/// Lateness below this is noise.
const WORTH_MS: i64 = 3;

/// A thread that sleeps and looks how much longer it slept than it wanted.
pub(crate) struct Watch {
    seen: Arc<Mutex<Vec<Lag>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to look.
    pub(crate) fn start() -> Self {
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    std::thread::sleep(EVERY);
                    let late = begun.elapsed().saturating_sub(EVERY);
                    let late_ms = i64::try_from(late.as_millis()).unwrap_or(i64::MAX);
                    if late_ms >= WORTH_MS {
                        let at_ms = runtime::now().timestamp_millis();
                        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                        seen.push(Lag { at_ms, late_ms });
                    }
                }
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// All that was seen so far.
    pub(crate) fn seen(&self) -> Vec<Lag> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
