//! `GET /{version}/{waba_id}?fields=…`.

use serde_json::{Value, json};

use crate::errors::GraphError;
use crate::number::tier;
use crate::scenario::NumberSpec;

use super::{Visit, fields, health};

const DEFAULT_FIELDS: &str = "name,currency,timezone_id,message_template_namespace";

/// Tells the fields of an account.
pub(crate) fn waba(visit: &mut Visit, waba_id: &str) -> Result<Value, GraphError> {
    visit.waba(waba_id)?;
    let scenario = &visit.standing.scenario;
    let waba = scenario.accounts.waba(waba_id);
    let number = scenario.numbers.iter().find(|number| number.waba_id == waba_id);
    let owner = || {
        let listed = waba.portfolio_id.as_deref();
        let business_id = listed.or_else(|| number.map(NumberSpec::portfolio)).unwrap_or(waba_id);
        let portfolios = &scenario.accounts.portfolios;
        let known = portfolios.iter().find(|known| known.business_id == business_id);
        let name = known.map_or("Waypost Test Business", |known| known.name.as_str());
        json!({ "name": name, "id": business_id })
    };
    let limit = || match number {
        Some(number) => tier(number.tier),
        None => tier(scenario.open_number.tier),
    };
    let tell = |field: &str| {
        Some(match field {
            "id" => json!(waba_id),
            "name" => json!(waba.name),
            "owner_business_info" => owner(),
            "currency" => json!(waba.currency),
            "timezone_id" => json!(waba.timezone_id),
            "account_review_status" => json!(waba.account_review_status),
            "business_verification_status" => json!(waba.business_verification_status),
            "ownership_type" => json!("CLIENT_OWNED"),
            "message_template_namespace" => json!(format!("namespace_{waba_id}")),
            "whatsapp_business_manager_messaging_limit" => json!(limit()),
            "health_status" => health::of_waba(visit, waba_id),
            _ => return None,
        })
    };
    let asked = visit.asked.get("fields").map_or(DEFAULT_FIELDS, String::as_str);
    fields(asked, waba_id, tell, "WhatsAppBusinessAccount")
}
