//! Changing a number while the simulator runs, and the webhooks that tell of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account_control::wrong;
use crate::control::Control;
use crate::number::tier;
use crate::scenario::{NumberSpec, ProfileSpec, ScenarioError};

/// What changes about a number; each part that is given is told by its webhook.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NumberChange {
    /// Its quality: `phone_number_quality_update` with `FLAGGED` when it becomes `RED`, `UNFLAGGED` when it no longer
    /// is. Meta tells of no other change.
    pub quality_rating: Option<String>,
    /// Where it stands: `account_update` with `ACCOUNT_RESTRICTION` or `DISABLED_UPDATE` when it becomes `RESTRICTED`
    /// or `BANNED`, and when it no longer is.
    pub status: Option<String>,
    /// How many people its portfolio may reach, 0 for unlimited: `business_capability_update` and
    /// `phone_number_quality_update`.
    pub tier: Option<u64>,
    /// Its throughput: `phone_number_quality_update` with `THROUGHPUT_UPGRADE`.
    pub mps: Option<u32>,
    /// Its display name, approved: `phone_number_name_update`.
    pub verified_name: Option<String>,
}

impl Control {
    /// Changes a number, and tells of it.
    ///
    /// # Errors
    ///
    /// When there is no such number.
    pub fn change_number(
        &self,
        phone_number_id: &str,
        change: &NumberChange,
    ) -> Result<(), ScenarioError> {
        let world = &self.0;
        let number = world
            .number(&world.standing(), phone_number_id)
            .ok_or_else(|| wrong("there is no such number"))?;
        let before = world.accounts.profile(phone_number_id);
        world.accounts.amend(phone_number_id, |profile| {
            if let Some(quality) = &change.quality_rating {
                profile.quality_rating.clone_from(quality);
            }
            if let Some(status) = &change.status {
                profile.status = Some(status.clone());
            }
            if let Some(name) = &change.verified_name {
                profile.verified_name.clone_from(name);
                profile.name_status = "APPROVED".to_owned();
            }
        });
        if change.tier.is_some() || change.mps.is_some() {
            self.change_limits(&number.spec, change);
        }
        for (field, value) in webhooks_of(&number.spec, &before, change) {
            world.tell(&number.spec.waba_id, field, value);
        }
        Ok(())
    }

    /// A budget is that of the whole portfolio.
    fn change_limits(&self, number: &NumberSpec, change: &NumberChange) {
        let mut scenario = self.scenario();
        let numbers = &mut scenario.numbers;
        if !numbers.iter().any(|known| known.phone_number_id == number.phone_number_id) {
            numbers.push(number.clone());
        }
        for known in numbers {
            if let Some(people) = change.tier.filter(|_| known.portfolio() == number.portfolio()) {
                known.tier = Some(people).filter(|people| *people > 0);
            }
            if known.phone_number_id == number.phone_number_id {
                known.mps = change.mps.or(known.mps);
            }
        }
        self.0.amend(scenario);
    }
}

/// The webhooks that tell of a change.
fn webhooks_of(
    number: &NumberSpec,
    before: &ProfileSpec,
    change: &NumberChange,
) -> Vec<(&'static str, Value)> {
    let (display, budget) = (&number.display_phone_number, tier(number.tier));
    let quality = |event: &str, budget: &str| {
        let value = json!({ "display_phone_number": display, "event": event,
            "max_daily_conversations_per_business": budget });
        ("phone_number_quality_update", value)
    };
    let mut told = Vec::new();
    if let Some(rating) = &change.quality_rating {
        match (before.quality_rating == "RED", rating == "RED") {
            (false, true) => told.push(quality("FLAGGED", &budget)),
            (true, false) => told.push(quality("UNFLAGGED", &budget)),
            (false, false) | (true, true) => {}
        }
    }
    if let Some(status) = &change.status {
        told.extend(standing_of(before.status(), status).map(|value| ("account_update", value)));
    }
    if let Some(people) = change.tier {
        let new = Some(people).filter(|people| *people > 0);
        let rank = |tier: Option<u64>| tier.unwrap_or(u64::MAX);
        let word = if rank(new) < rank(number.tier) { "DOWNGRADE" } else { "UPGRADE" };
        let mut update = quality(word, &tier(new));
        update.1["old_limit"] = json!(budget);
        told.push(update);
        let value = json!({ "max_daily_conversations_per_business": tier(new) });
        told.push(("business_capability_update", value));
    }
    if change.mps.is_some() {
        let budget = change.tier.map_or(number.tier, |people| Some(people).filter(|p| *p > 0));
        told.push(quality("THROUGHPUT_UPGRADE", &tier(budget)));
    }
    if let Some(name) = &change.verified_name {
        let value = json!({ "display_phone_number": display, "decision": "APPROVED",
            "requested_verified_name": name, "rejection_reason": null });
        told.push(("phone_number_name_update", value));
    }
    told
}

/// What Meta tells when a number is stopped or let go.
fn standing_of(before: &str, now: &str) -> Option<Value> {
    let ban = |state: &str| {
        json!({ "event": "DISABLED_UPDATE",
            "ban_info": { "waba_ban_state": state, "waba_ban_date": "November 21, 2026" } })
    };
    match (before, now) {
        (before, now) if before == now => None,
        (_, "BANNED") => Some(ban("DISABLE")),
        (_, "RESTRICTED") => Some(json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
            { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 0 }] })),
        ("BANNED", _) => Some(ban("REINSTATE")),
        ("RESTRICTED", _) => Some(json!({ "event": "ACCOUNT_RESTRICTION" })),
        _ => None,
    }
}
