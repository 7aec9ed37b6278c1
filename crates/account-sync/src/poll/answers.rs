//! What Meta's answers of one turn come to.

use graph_api::error::{ApiFailure, Obstacle, obstacle};

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
    throttled: bool,
    silent: bool,
    is_away: bool,
    /// Whether one part was not answered.
    gaps: bool,
    stopped: bool,
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
            Obstacle::Throttled => self.throttled = true,
            Obstacle::Token => self.token_refused = Some(failure.clone()),
            Obstacle::Reach => self.out_of_reach = true,
            Obstacle::Refused => {}
        }
        self.gaps = true;
    }

    /// Notes that the turn was cut short.
    pub(super) fn cut(&mut self, stopped: bool) {
        self.gaps = true;
        self.stopped |= stopped;
    }

    /// Whether more questions of this turn make no sense: somebody stopped, nobody is there, or
    /// everything would be refused.
    pub(super) fn are_over(&self) -> bool {
        self.stopped || self.throttled || self.is_away || self.token_refused.is_some()
    }

    /// What came of the turn.
    pub(super) fn outcome(&self) -> Outcome {
        if self.stopped {
            Outcome::Stopped
        } else if self.throttled {
            Outcome::Throttled
        } else if self.token_refused.is_some() {
            Outcome::Refused
        } else if self.is_away || (self.silent && !self.token_works) {
            Outcome::Silent
        } else if self.gaps {
            Outcome::Partly
        } else {
            Outcome::Done
        }
    }
}
