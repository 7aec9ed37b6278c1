//! The one place that reads the clock.

use chrono::{DateTime, SubsecRound, Utc};

/// The time now, cut to whole microseconds.
///
/// PostgreSQL keeps microseconds: a time that is written and read back equals itself.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let now = Utc::now();
    now.trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_no_more_than_microseconds() {
        assert_eq!(now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
