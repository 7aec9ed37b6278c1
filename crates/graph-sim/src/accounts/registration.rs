//! Registering and deregistering a number.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/registration>.

use crate::errors::GraphError;
use crate::scenario::ProfileSpec;
use crate::sync::lock;

use super::{Accounts, State};

const HOUR_US: u64 = 60 * 60 * 1_000_000;

/// The tries of a number, and until when it is locked.
#[derive(Debug, Default)]
pub(super) struct Tries {
    at_us: Vec<u64>,
    locked_until_us: u64,
}

impl Accounts {
    /// Registers a number with a PIN of six digits: it sets the PIN, or must be the one that is set.
    pub(crate) fn register(
        &self,
        phone_number_id: &str,
        pin: &str,
        now_us: u64,
    ) -> Result<(), GraphError> {
        let mut state = lock(&self.0);
        state.try_registration(phone_number_id, now_us)?;
        let mut profile = state.profile(phone_number_id);
        registered(&mut profile, pin)?;
        state.profiles.insert(phone_number_id.to_owned(), profile);
        Ok(())
    }

    /// Takes a number off the Cloud API.
    pub(crate) fn deregister(&self, phone_number_id: &str, now_us: u64) -> Result<(), GraphError> {
        let mut state = lock(&self.0);
        state.try_registration(phone_number_id, now_us)?;
        let mut profile = state.profile(phone_number_id);
        profile.registered = false;
        profile.status = Some("DISCONNECTED".to_owned());
        state.profiles.insert(phone_number_id.to_owned(), profile);
        Ok(())
    }
}

impl State {
    /// Counts a try, refused or not; the one that is too many locks the number.
    fn try_registration(&mut self, phone_number_id: &str, now_us: u64) -> Result<(), GraphError> {
        let limits = &self.spec.limits;
        let window_us = limits.registration_window_hours.saturating_mul(HOUR_US);
        let tries = self.registrations.entry(phone_number_id.to_owned()).or_default();
        tries.at_us.retain(|at_us| at_us.saturating_add(window_us) > now_us);
        if tries.locked_until_us > now_us || tries.at_us.len() >= limits.registrations {
            if tries.locked_until_us <= now_us {
                tries.locked_until_us = now_us.saturating_add(window_us);
            }
            return Err(GraphError::of(133_016));
        }
        tries.at_us.push(now_us);
        Ok(())
    }
}

fn registered(profile: &mut ProfileSpec, pin: &str) -> Result<(), GraphError> {
    if let Some(code) = profile.refuses_registration {
        return Err(GraphError::of(code));
    }
    if profile.is_on_biz_app {
        return Err(GraphError::parameter(
            "A phone number of the WhatsApp Business app cannot be registered.",
        ));
    }
    if profile.code_verification_status != "VERIFIED" {
        return Err(GraphError::of(133_006));
    }
    if profile.pin.as_deref().is_some_and(|known| known != pin) {
        return Err(GraphError::with(133_005, "Two-step verification PIN mismatch"));
    }
    profile.pin = Some(pin.to_owned());
    if !profile.registered {
        profile.status = None;
    }
    profile.registered = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<(), GraphError>) -> i32 {
        result.map_or_else(|error| error.code, |()| 0)
    }

    #[test]
    fn the_eleventh_try_in_three_days_locks_a_number_for_three_more() {
        let accounts = Accounts::default();
        let pins = ["111111", "222222"];

        let codes: Vec<i32> =
            (0..11).map(|place| code(accounts.register("200", pins[place % 2], 0))).collect();

        assert_eq!(codes, [0, 133_005, 0, 133_005, 0, 133_005, 0, 133_005, 0, 133_005, 133_016]);
        assert_eq!(code(accounts.deregister("201", 0)), 0, "another number is not concerned");
        assert_eq!(code(accounts.register("200", "111111", 72 * HOUR_US - 1)), 133_016);
        assert_eq!(code(accounts.register("200", "111111", 72 * HOUR_US)), 0);
    }
}
