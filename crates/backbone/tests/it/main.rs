#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(missing_docs, reason = "a test binary has no readers but its own")]

mod management;
