//! The two checked values that a scenario is written with: a chance and a delay.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How likely something is: a number from 0 (never) to 1 (always).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Chance(f64);

impl Chance {
    /// It never happens.
    pub const NEVER: Self = Self(0.0);
    /// It always happens.
    pub const ALWAYS: Self = Self(1.0);

    /// Whether a draw from `0.0..1.0` falls within this chance.
    #[must_use]
    pub fn hits(self, draw: f64) -> bool {
        draw < self.0
    }

    /// The chance as a number from 0 to 1.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::NEVER
    }
}

impl TryFrom<f64> for Chance {
    type Error = OutOfRange;

    fn try_from(value: f64) -> Result<Self, OutOfRange> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(OutOfRange::Chance) }
    }
}

impl From<Chance> for f64 {
    fn from(chance: Chance) -> Self {
        chance.0
    }
}

/// A span of time in milliseconds from which a delay is drawn evenly: `[least, most]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "(u64, u64)", into = "(u64, u64)")]
pub struct Delay {
    least: u64,
    most: u64,
}

impl Delay {
    /// The span between two numbers of milliseconds, the smaller first.
    #[must_use]
    pub const fn between(one: u64, other: u64) -> Self {
        if one <= other {
            Self { least: one, most: other }
        } else {
            Self { least: other, most: one }
        }
    }

    /// The delay that a draw from `0.0..1.0` picks, in milliseconds.
    #[must_use]
    pub fn pick(self, draw: f64) -> u64 {
        let width = self.most - self.least;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a delay is at most a year of milliseconds and the draw is not negative"
        )]
        let step = (draw * (width + 1) as f64) as u64;
        self.least + step.min(width)
    }
}

impl TryFrom<(u64, u64)> for Delay {
    type Error = OutOfRange;

    fn try_from((least, most): (u64, u64)) -> Result<Self, OutOfRange> {
        const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1_000;
        if least <= most && most <= YEAR_MS {
            Ok(Self { least, most })
        } else {
            Err(OutOfRange::Delay)
        }
    }
}

impl From<Delay> for (u64, u64) {
    fn from(delay: Delay) -> Self {
        (delay.least, delay.most)
    }
}

/// A value of a scenario that is outside what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfRange {
    /// A chance below 0 or above 1.
    Chance,
    /// A delay whose least is above its most, or above a year.
    Delay,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Chance => "a chance is a number from 0 to 1",
            Self::Delay => "a delay is [least, most] in milliseconds, least ≤ most ≤ one year",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_drawn_from_its_whole_span_and_no_further() {
        let delay = Delay::between(50, 52);

        assert_eq!(delay.pick(0.0), 50);
        assert_eq!(delay.pick(0.5), 51);
        assert_eq!(delay.pick(0.999_999), 52);
        assert_eq!(Delay::between(7, 7).pick(0.9), 7);
    }

    #[test]
    fn a_chance_outside_zero_to_one_is_refused() {
        assert_eq!(Chance::try_from(1.01), Err(OutOfRange::Chance));
        assert_eq!(Chance::try_from(f64::NAN), Err(OutOfRange::Chance));
        assert!(Chance::ALWAYS.hits(0.999_999));
        assert!(!Chance::NEVER.hits(0.0));
    }
}
