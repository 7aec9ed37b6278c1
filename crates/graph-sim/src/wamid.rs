//! Message ids as Meta makes them.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::dice::mix;

/// Makes ids that never repeat within one simulator and hardly ever between two.
#[derive(Debug)]
pub(crate) struct Mint {
    base: u64,
    made: AtomicU64,
}

impl Mint {
    /// A mint whose ids begin somewhere that depends on `salt`, such as the time of the start.
    pub(crate) fn new(salt: u64) -> Self {
        Self { base: mix(salt), made: AtomicU64::new(0) }
    }

    /// The next id for a message with this person, as it looks in real answers: `wamid.` and the base64 of
    /// `1C 18 len person 15 02 00 kind 18 12 hex 00`.
    pub(crate) fn next(&self, person: &str, direction: Direction) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let unique = format!("{:016X}{:02X}", mix(self.base.wrapping_add(number)), number & 0xff);
        let mut bytes = Vec::with_capacity(person.len() + unique.len() + 9);
        bytes.extend([0x1c, 0x18, u8::try_from(person.len()).unwrap_or(u8::MAX)]);
        bytes.extend(person.bytes().take(usize::from(u8::MAX)));
        bytes.extend([0x15, 0x02, 0x00, direction as u8, 0x18, 0x12]);
        bytes.extend(unique.bytes());
        bytes.push(0x00);
        format!("wamid.{}", STANDARD.encode(bytes))
    }
}

/// Who sent the message that an id is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    /// The business.
    Outbound = 0x11,
    /// The person.
    Inbound = 0x12,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_looks_like_metas_own() {
        let wamid = Mint::new(1).next("16505551234", Direction::Outbound);

        assert!(wamid.starts_with("wamid.HBgLMTY1MDU1NTEyMzQVAgARGB"), "{wamid}");
        assert_eq!(wamid.len(), "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA".len());
    }

    #[test]
    fn no_id_comes_twice() {
        let mint = Mint::new(1);

        let ids: HashSet<String> =
            (0..10_000).map(|_| mint.next("1", Direction::Outbound)).collect();

        assert_eq!(ids.len(), 10_000);
    }
}
