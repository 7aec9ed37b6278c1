//! How many people a business portfolio may reach.
//!
//! Meta counts different people who are reached outside a service window in a moving 24 hours, per
//! business portfolio (<https://developers.facebook.com/docs/whatsapp/messaging-limits>).

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use chrono::TimeDelta;

use crate::lane::Lane;

/// For how long somebody counts who was reached: Meta's moving 24 hours, and a little more, because
/// it counts from the delivery, by its own clock.
pub const COUNTS_FOR: TimeDelta = TimeDelta::minutes(24 * 60 + 5);

/// Meta's messaging limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// So many different people in 24 hours.
    People(NonZeroU32),
    /// As many as one likes.
    Unlimited,
}

impl Tier {
    /// What is assumed until Meta has told: the limit of a new portfolio.
    pub const UNTOLD: Self = Self::People(NonZeroU32::new(250).unwrap());

    /// How many people messages of this lane may reach, when `reserved` percent of the limit are
    /// kept for what is above marketing. `None`: as many as they like.
    pub fn room(self, lane: Lane, reserved: u8) -> Option<u32> {
        let Self::People(people) = self else { return None };
        let people = people.get();
        Some(match lane {
            Lane::Urgent | Lane::Normal => people,
            Lane::Bulk => {
                let reserved = u64::from(people) * u64::from(reserved.min(100));
                let reserved = u32::try_from(reserved.div_ceil(100)).unwrap_or(people);
                people - reserved
            }
        })
    }
}

/// As it stands in a row: a number, or `unlimited`.
impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(people) => people.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

/// A text that is no tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of people, or unlimited")]
pub struct InvalidTier;

impl FromStr for Tier {
    type Err = InvalidTier;

    /// More people than a `u32` counts are as good as no limit.
    fn from_str(text: &str) -> Result<Self, InvalidTier> {
        let is_count = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text {
            "unlimited" => Ok(Self::Unlimited),
            _ if !is_count || text.starts_with('0') => Err(InvalidTier),
            _ => Ok(text.parse().map_or(Self::Unlimited, Self::People)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_a_count_of_people_or_unlimited() {
        for good in ["1", "250", "100000", "unlimited"] {
            assert_eq!(good.parse::<Tier>().unwrap().to_string(), good);
        }
        for bad in ["", "0", "-1", "+5", "007", "TIER_250", "Unlimited", "2.5"] {
            assert_eq!(bad.parse::<Tier>(), Err(InvalidTier), "{bad}");
        }
        assert_eq!("99999999999".parse(), Ok(Tier::Unlimited));
    }

    #[test]
    fn marketing_leaves_a_share_to_the_others() {
        let tier: Tier = "250".parse().unwrap();

        assert_eq!(tier.room(Lane::Urgent, 10), Some(250));
        assert_eq!(tier.room(Lane::Normal, 10), Some(250));
        assert_eq!(tier.room(Lane::Bulk, 10), Some(225));
        assert_eq!(tier.room(Lane::Bulk, 0), Some(250));
        assert_eq!(tier.room(Lane::Bulk, 100), Some(0));
        assert_eq!(Tier::Unlimited.room(Lane::Bulk, 100), None);
        assert_eq!(
            "1".parse::<Tier>().unwrap().room(Lane::Bulk, 1),
            Some(0),
            "a share is not less"
        );
    }
}
