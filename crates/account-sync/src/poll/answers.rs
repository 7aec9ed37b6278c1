//! What Meta's answers of one turn come to.

use chrono::{DateTime, TimeDelta, Utc};
use graph_api::error::{ApiFailure, Obstacle, codes, obstacle};

use super::pace::Outcome;

/// What Meta's answers of one turn come to.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Whether a call with the access token was answered.
    pub(super) token_works: bool,
    /// How Meta refused the token itself.
    pub(super) token_refused: Option<ApiFailure>,
    /// Whether an account was out of reach.
    pub(super) out_of_reach: bool,
    /// How many accounts were asked about.
    accounts: usize,
    /// Of how many of them the calls are used up.
    throttled_accounts: usize,
    /// Whose calls are used up now.
    throttled: Option<Throttled>,
    /// When it is worth to ask again, the soonest that was told; `None`: nobody said.
    until: Option<DateTime<Utc>>,
    silent: bool,
    is_away: bool,
    /// Whether one part was not answered.
    gaps: bool,
    stopped: bool,
}

/// Whose calls are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Throttled {
    /// Those on the account that is asked about.
    Account,
    /// All of the app's.
    App,
}

impl Answers {
    /// Notes what a call with the access token came to.
    pub(super) fn note<T>(&mut self, answer: &Result<T, ApiFailure>) {
        match answer {
            Ok(_) => self.token_works = true,
            Err(failure) => self.failed(failure),
        }
    }

    /// Notes what kept a call from its answer.
    pub(super) fn failed(&mut self, failure: &ApiFailure) {
        match obstacle(failure) {
            Obstacle::Silence => {
                self.silent = true;
                self.is_away |= failure.http_status.is_none();
            }
            Obstacle::Throttled => self.throttle(failure),
            Obstacle::Token => self.token_refused = Some(failure.clone()),
            Obstacle::Reach => self.out_of_reach = true,
            Obstacle::Refused => {}
        }
        self.gaps = true;
    }

    fn throttle(&mut self, failure: &ApiFailure) {
        let is_account = failure.code.is_some_and(|code| codes::THROTTLED_WABA.contains(&code));
        self.throttled_accounts += usize::from(is_account);
        self.throttled = Some(if is_account { Throttled::Account } else { Throttled::App });
        let wait = failure.retry_after.and_then(|wait| TimeDelta::from_std(wait).ok());
        let until = wait.map(|wait| runtime::now() + wait);
        self.until = self.until.into_iter().chain(until).min();
    }

    /// Notes that the next account is asked about: its calls are its own.
    pub(super) fn next_account(&mut self) {
        self.accounts += 1;
        self.throttled = self.throttled.filter(|throttled| *throttled == Throttled::App);
    }

    /// Notes that the turn was cut short.
    pub(super) fn cut(&mut self, stopped: bool) {
        self.gaps = true;
        self.stopped |= stopped;
    }

    /// Whether more questions make no sense, as long as the account is the same: somebody stopped,
    /// nobody is there, or everything would be refused.
    pub(super) fn are_over(&self) -> bool {
        let is_throttled = self.throttled.is_some();
        self.stopped || is_throttled || self.is_away || self.token_refused.is_some()
    }

    /// What came of the turn.
    pub(super) fn outcome(&self) -> Outcome {
        if self.stopped {
            Outcome::Stopped
        } else if self.throttled == Some(Throttled::App)
            || (self.throttled_accounts > 0 && self.throttled_accounts == self.accounts)
        {
            Outcome::Throttled(self.until)
        } else if self.token_refused.is_some() {
            Outcome::Refused
        } else if self.is_away || (self.silent && !self.token_works) {
            Outcome::Silent
        } else if self.throttled_accounts > 0 {
            Outcome::ThrottledInPart(self.until)
        } else if self.gaps {
            Outcome::Partly
        } else {
            Outcome::Done
        }
    }
}
