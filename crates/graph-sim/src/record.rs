//! What was accepted: one compact record for each send, so that a test can prove that nothing went twice.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One accepted send.
#[derive(Clone, Serialize)]
pub struct SendRecord {
    /// Its number among all accepted sends, from 1.
    pub sequence: u64,
    /// When its whole request had been read.
    pub received_at: DateTime<Utc>,
    /// The sending number.
    pub phone_number_id: Arc<str>,
    /// Whom it went to: digits or a BSUID.
    pub recipient: Box<str>,
    /// Its `biz_opaque_callback_data`.
    pub opaque: Option<Box<str>>,
    /// The id that Meta's answer gave it, whether or not the answer arrived.
    pub wamid: Box<str>,
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

impl fmt::Debug for SendRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SendRecord")
            .field("sequence", &self.sequence)
            .field("received_at", &self.received_at)
            .field("opaque", &self.opaque)
            .field("type", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The accepted sends that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Records {
    kept: VecDeque<SendRecord>,
    last: u64,
}

impl Records {
    /// Remembers a send under the next number and forgets the oldest beyond `keep`.
    pub(crate) fn add(&mut self, keep: usize, record: SendRecord) {
        self.last += 1;
        self.kept.push_back(SendRecord { sequence: self.last, ..record });
        while self.kept.len() > keep {
            self.kept.pop_front();
        }
    }

    /// Remembered sends with a number above `after`, at most `limit`.
    pub(crate) fn after(&self, after: u64, limit: usize) -> Vec<SendRecord> {
        let start = self.kept.partition_point(|record| record.sequence <= after);
        self.kept.iter().skip(start).take(limit).cloned().collect()
    }

    /// Opaque ids that were accepted more than once, and how often.
    pub(crate) fn doubled(&self) -> Vec<(String, u64)> {
        let mut times: HashMap<&str, u64> = HashMap::with_capacity(self.kept.len());
        for opaque in self.kept.iter().filter_map(|record| record.opaque.as_deref()) {
            *times.entry(opaque).or_default() += 1;
        }
        let mut doubled: Vec<(String, u64)> = times
            .into_iter()
            .filter(|(_, times)| *times > 1)
            .map(|(opaque, times)| (opaque.to_owned(), times))
            .collect();
        doubled.sort_unstable();
        doubled
    }

    /// Forgets all sends; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(opaque: &str) -> SendRecord {
        SendRecord {
            sequence: 0,
            received_at: DateTime::UNIX_EPOCH,
            phone_number_id: "200".into(),
            recipient: "14155550101".into(),
            opaque: Some(opaque.into()),
            wamid: "wamid.x".into(),
            kind: "text",
        }
    }

    fn numbers(records: &[SendRecord]) -> Vec<u64> {
        records.iter().map(|record| record.sequence).collect()
    }

    #[test]
    fn pages_follow_each_other_and_the_oldest_are_forgotten() {
        let mut records = Records::default();
        for opaque in ["a", "b", "c", "d"] {
            records.add(3, record(opaque));
        }

        assert_eq!(numbers(&records.after(0, 2)), [2, 3]);
        assert_eq!(numbers(&records.after(3, 2)), [4]);
        records.clear();
        records.add(3, record("e"));
        assert_eq!(numbers(&records.after(0, 9)), [5]);
    }

    #[test]
    fn an_id_that_went_twice_is_named() {
        let mut records = Records::default();
        for opaque in ["a", "b", "a"] {
            records.add(9, record(opaque));
        }

        assert_eq!(records.doubled(), [("a".to_owned(), 2)]);
    }

    #[test]
    fn a_record_does_not_show_its_recipient_in_debug_output() {
        let shown = format!("{:?}", record("a"));

        assert!(!shown.contains("14155550101") && !shown.contains("wamid.x"), "{shown}");
    }
}
