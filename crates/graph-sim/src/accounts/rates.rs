//! How many management calls an app may make on an account in an hour.
//!
//! Source: <https://developers.facebook.com/docs/graph-api/overview/rate-limiting/>, business use case limits.

use std::collections::VecDeque;

use crate::errors::GraphError;
use crate::sync::lock;

use super::Accounts;

const HOUR_US: u64 = 60 * 60 * 1_000_000;
const MINUTE_US: u64 = 60 * 1_000_000;

/// The calls of the last hour.
pub(super) type Calls = VecDeque<u64>;

/// How much of the limit is used, for the header that tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The account.
    pub(crate) waba_id: String,
    /// In percent.
    pub(crate) percent: usize,
    /// Minutes until a call is let through again; 0: now.
    pub(crate) regain_minutes: u64,
}

impl Accounts {
    /// Counts a call of an app on an account; refused ones are not counted.
    pub(crate) fn count(
        &self,
        app_id: &str,
        waba_id: &str,
        is_active: bool,
        now_us: u64,
    ) -> (Usage, Result<(), GraphError>) {
        let mut state = lock(&self.0);
        let limits = &state.spec.limits;
        let limit =
            if is_active { limits.management_per_hour_active } else { limits.management_per_hour };
        let calls = state.calls.entry((app_id.to_owned(), waba_id.to_owned())).or_default();
        while calls.front().is_some_and(|at| at + HOUR_US <= now_us) {
            calls.pop_front();
        }
        let is_over = calls.len() >= limit;
        let first = calls.front().copied().unwrap_or(now_us);
        if !is_over {
            calls.push_back(now_us);
        }
        let wait_us = (first + HOUR_US).saturating_sub(now_us);
        let usage = Usage {
            waba_id: waba_id.to_owned(),
            percent: calls.len() * 100 / limit.max(1),
            regain_minutes: if is_over { wait_us.div_ceil(MINUTE_US) } else { 0 },
        };
        let details = "There have been too many calls to this WhatsApp Business account. Wait a bit and try again.";
        (usage, if is_over { Err(GraphError::with(80_007, details)) } else { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(accounts: &Accounts, app: &str, now_us: u64) -> i32 {
        let (_, counted) = accounts.count(app, "100", false, now_us);
        counted.map_or_else(|error| error.code, |()| 0)
    }

    #[test]
    fn each_app_has_its_calls_of_an_hour() {
        let accounts = Accounts::default();

        let codes: Vec<i32> = (0..201).map(|call| code(&accounts, "400", call)).collect();

        assert!(codes[..200].iter().all(|code| *code == 0));
        assert_eq!(codes[200], 80_007);
        assert_eq!(code(&accounts, "401", 201), 0, "another app has its own");
        let (usage, _) = accounts.count("400", "100", false, 201);
        assert_eq!((usage.percent, usage.regain_minutes), (100, 60));
        assert_eq!(code(&accounts, "400", HOUR_US), 0, "the first is an hour old");
        assert_eq!(code(&accounts, "400", HOUR_US), 80_007);
    }
}
