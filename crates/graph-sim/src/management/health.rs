//! Whether something can send, as `health_status` tells it.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/health-status>.

use serde_json::{Value, json};

use crate::scenario::{NumberSpec, ProfileSpec, Template, TemplateStatus, WabaSpec};

use super::Visit;

/// The worst of its parts decides over the whole.
const ORDER: [&str; 3] = ["AVAILABLE", "LIMITED", "BLOCKED"];

/// The health of an account.
pub(crate) fn of_waba(visit: &Visit, waba_id: &str) -> Value {
    whole(&[account(&visit.standing.scenario.accounts.waba(waba_id))])
}

/// The health of a number.
pub(crate) fn of_number(number: &NumberSpec, profile: &ProfileSpec, waba: &WabaSpec) -> Value {
    whole(&[phone_number(number, profile), account(waba)])
}

/// The health of a template.
pub(super) fn of_template(template: &Template, waba: &WabaSpec) -> Value {
    let id = template.id(&waba.waba_id);
    let part = match template.status {
        TemplateStatus::Approved => entity("MESSAGE_TEMPLATE", &id, "AVAILABLE"),
        TemplateStatus::Pending
        | TemplateStatus::Rejected
        | TemplateStatus::Paused
        | TemplateStatus::Disabled => {
            blocked("MESSAGE_TEMPLATE", &id, 141_002, "The template is not approved.")
        }
    };
    whole(&[part, account(waba)])
}

fn phone_number(number: &NumberSpec, profile: &ProfileSpec) -> Value {
    let id = &number.phone_number_id;
    if !profile.registered {
        blocked("PHONE_NUMBER", id, 133_010, "The phone number is not registered.")
    } else if profile.is_stopped() {
        blocked("PHONE_NUMBER", id, 131_031, "The phone number has been stopped.")
    } else if number.maintenance {
        blocked("PHONE_NUMBER", id, 131_057, "The phone number is in maintenance.")
    } else if profile.quality_rating == "RED" || profile.status() == "FLAGGED" {
        let mut entity = entity("PHONE_NUMBER", id, "LIMITED");
        entity["additional_info"] = json!(["The quality of the phone number is low."]);
        entity
    } else {
        entity("PHONE_NUMBER", id, "AVAILABLE")
    }
}

fn account(waba: &WabaSpec) -> Value {
    match waba.account_review_status.as_str() {
        "REJECTED" => blocked("WABA", &waba.waba_id, 131_031, "The account was rejected."),
        _ => entity("WABA", &waba.waba_id, "AVAILABLE"),
    }
}

fn entity(kind: &str, id: &str, can_send: &str) -> Value {
    json!({ "entity_type": kind, "id": id, "can_send_message": can_send })
}

fn blocked(kind: &str, id: &str, code: i32, what: &str) -> Value {
    let mut entity = entity(kind, id, "BLOCKED");
    entity["errors"] = json!([{ "error_code": code, "error_description": what,
        "possible_solution": "See WhatsApp Manager." }]);
    entity
}

fn whole(entities: &[Value]) -> Value {
    let rank = |entity: &Value| {
        ORDER.iter().position(|word| entity["can_send_message"] == *word).unwrap_or_default()
    };
    let worst = entities.iter().map(rank).max().unwrap_or_default();
    json!({ "can_send_message": ORDER[worst], "entities": entities })
}
