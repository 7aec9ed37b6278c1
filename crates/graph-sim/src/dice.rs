//! Repeatable chance: every draw belongs to a seed and a key, never to the order in which requests came.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a draw is for, so that two draws of one key are independent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// What becomes of an accepted message.
    Fate = 1,
    /// Whether a fault strikes.
    Fault = 2,
    /// How the updates of a POST are arranged.
    Post = 3,
}

/// The dice of one key: the same seed, purpose and key throw the same.
pub(crate) fn dice(seed: u64, purpose: Purpose, key: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(mix(seed ^ mix(key ^ mix(purpose as u64))))
}

/// A stable 64-bit key of some texts (FNV-1a, then mixed); the same on every machine and in every release.
pub(crate) fn key(parts: &[&str]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    mix(bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)))
}

/// A one-to-one scattering of 64-bit numbers (the finaliser of `SplitMix64`).
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn the_same_key_throws_the_same_and_another_seed_differs() {
        let throw = |seed, purpose| dice(seed, purpose, key(&["200", "a"])).random::<u64>();

        assert_eq!(throw(1, Purpose::Fate), throw(1, Purpose::Fate));
        assert_ne!(throw(1, Purpose::Fate), throw(2, Purpose::Fate));
        assert_ne!(throw(1, Purpose::Fate), throw(1, Purpose::Fault));
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }
}
