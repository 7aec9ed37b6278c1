//! Whom the demo writes to: made-up German mobile numbers, `+49 151` and eight digits.

use super::fate::Fate;

/// What every recipient's number begins with, without the `+`.
const PREFIX: &str = "49151";

/// The number of the `index`-th person, of whom the simulator knows the fate.
pub(super) fn number(fate: Fate, index: usize) -> String {
    format!("+{PREFIX}{}{index:07}", fate.digit())
}

/// The simulator's pattern for all whose messages have that fate.
pub(super) fn pattern(fate: Fate) -> String {
    format!("{PREFIX}{}*", fate.digit())
}
