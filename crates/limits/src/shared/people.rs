//! Whom a portfolio reaches, told to Redis.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::tier::COUNTS_FOR;
use redis::pipe;
use ring::digest;

use super::{Away, Shared, micros};
use crate::budget::DAY;
use crate::ledger::Reached;

/// How many people are told at once.
const PORTION: usize = 1_000;

/// Claims of so much later may still have been made before Redis forgot: clocks differ.
pub(crate) const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(2);

/// Lets one worker tell of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// To be shown when all are told.
    pub(super) shown: u64,
    /// Since when Redis remembers every place that it has given, microseconds.
    pub(super) whole_since: u64,
}

/// Whether what was told is what counts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    Yes,
    /// It took too long: somebody else is telling.
    Late,
}

/// The keys of one portfolio.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) set: String,
    pub(super) completing: String,
    pub(super) sent_away: String,
}

/// Which member of which set somebody is, and until when.
type Member<'a> = (&'a str, String, u64);

/// A name that tells nobody who it is.
pub(crate) fn person(recipient: &str) -> String {
    let digest = digest::digest(&digest::SHA256, recipient.as_bytes());
    digest.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Shared {
    pub(super) fn people(&self, portfolio: &str) -> Keys {
        let set = self.key(&format!("people:{portfolio}"));
        Keys { completing: format!("{set}:completing"), sent_away: format!("{set}:sent-away"), set }
    }

    /// Tells whom the portfolio reaches. All of them count at once, when the last is told.
    pub(crate) async fn tell_people(
        &self,
        portfolio: &str,
        token: Token,
        reached: &Reached,
        claim_lease: Duration,
    ) -> Result<Filled, Away> {
        let keys = self.people(portfolio);
        let new = format!("{}:{}", keys.set, token.shown);
        let claimed = format!("{new}:claimed");
        let members: Vec<_> = members(token, reached, claim_lease, &new, &claimed).collect();
        for portion in members.chunks(PORTION) {
            let mut tell = pipe();
            for (set, member, until) in portion {
                tell.zadd(*set, member, *until).ignore();
            }
            for set in [&new, &claimed] {
                tell.pexpire(set, 600_000).ignore();
            }
            let told = self.redis.tell(&tell).await;
            told.map_err(|error| self.link.lost(&error))?;
        }
        let mut complete = self.complete.key(&keys.set);
        complete.key(&new).key(&keys.completing).key(&keys.sent_away).key(&claimed);
        complete.arg(token.shown).arg(micros(DAY));
        let is_complete: bool = self.call(&complete).await?;
        Ok(if is_complete { Filled::Yes } else { Filled::Late })
    }
}

fn members<'a>(
    token: Token,
    reached: &'a Reached,
    claim_lease: Duration,
    new: &'a str,
    claimed: &'a str,
) -> impl Iterator<Item = Member<'a>> {
    let whole_since = i64::try_from(token.whole_since).ok();
    let whole_since = whole_since.and_then(DateTime::from_timestamp_micros).unwrap_or_default();
    let sure_after = whole_since + CLOCKS_DIFFER;
    // So long a place may be taken that was forgotten: a claim is begun within its lease, or given up.
    let unsure = TimeDelta::from_std(claim_lease).unwrap_or(COUNTS_FOR) + CLOCKS_DIFFER;
    let people = reached.people.iter();
    let people =
        people.map(move |(recipient, at)| (new, person(recipient), instant(*at + COUNTS_FOR)));
    let claimed = reached.claimed.iter().map(move |(recipient, at)| {
        if *at > sure_after {
            // If it has asked since then, that is remembered.
            (claimed, person(recipient), 0)
        } else {
            (new, format!("?{}", person(recipient)), instant(*at + unsure))
        }
    });
    people.chain(claimed)
}

fn instant(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_micros()).unwrap_or(0)
}
