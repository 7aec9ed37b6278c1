//! `GET /{version}/{phone_number_id}?fields=…`, and the other nodes that have such a path.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::accounts::Need;
use crate::errors::GraphError;
use crate::management::{Visit, fields, health_of_number, template, waba};
use crate::scenario::NumberSpec;
use crate::world::World;

/// What a number tells when it is not asked for anything.
pub(crate) const DEFAULT_FIELDS: &str = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,last_onboarded_time";

/// Tells the fields of a number, an account or a template.
pub(crate) async fn node(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (version, id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = if World::has_waba(&visit.standing, &id) {
        waba(&mut visit, &id)
    } else if let Some(told) = template(&mut visit, &id) {
        told
    } else {
        number(&mut visit, &id)
    };
    visit.answer(told)
}

fn number(visit: &mut Visit, phone_number_id: &str) -> Result<Value, GraphError> {
    let (number, access) = visit.number(phone_number_id, Need::Either)?;
    let asked = visit.asked.get("fields").map_or(DEFAULT_FIELDS, String::as_str);
    tell(visit, &number.spec, &access.app_id, asked)
}

/// The asked fields of a number; its webhook configuration as the app with this id sees it.
pub(crate) fn tell(
    visit: &Visit,
    number: &NumberSpec,
    app_id: &str,
    asked: &str,
) -> Result<Value, GraphError> {
    let (id, scenario) = (&number.phone_number_id, &visit.standing.scenario);
    let profile = visit.world.accounts.profile(id);
    let mps = number.mps.unwrap_or(scenario.limits.throughput.mps);
    let tell = |field: &str| {
        Some(match field {
            "id" => json!(id),
            "display_phone_number" => json!(format!("+{}", number.display_phone_number)),
            "verified_name" => json!(profile.verified_name),
            "quality_rating" => json!(profile.quality_rating),
            "quality_score" => json!({ "score": profile.quality_rating }),
            "status" => json!(profile.status()),
            "code_verification_status" => json!(profile.code_verification_status),
            "name_status" => json!(profile.name_status),
            "platform_type" => {
                json!(if profile.registered { "CLOUD_API" } else { "NOT_APPLICABLE" })
            }
            "account_mode" => json!(profile.account_mode),
            "is_official_business_account" => json!(false),
            "is_on_biz_app" => json!(profile.is_on_biz_app),
            // A number is registered with a PIN, even where the scenario does not say which.
            "is_pin_enabled" => json!(profile.pin.is_some() || profile.registered),
            "last_onboarded_time" => json!("2026-01-01T00:00:00+0000"),
            "throughput" => json!({ "level": if mps >= 1_000 { "HIGH" } else { "STANDARD" } }),
            "whatsapp_business_manager_messaging_limit" | "messaging_limit_tier" => {
                json!(tier(number.tier))
            }
            "health_status" => {
                health_of_number(number, &profile, &scenario.accounts.waba(&number.waba_id))
            }
            "webhook_configuration" => webhook_configuration(visit, number, app_id),
            _ => return None,
        })
    };
    fields(asked, id, tell, "WhatsAppBusinessPhoneNumber")
}

fn webhook_configuration(visit: &Visit, number: &NumberSpec, app_id: &str) -> Value {
    let accounts = &visit.world.accounts;
    let mut subscribed = accounts.subscribed(&number.waba_id).into_iter();
    let parts = [
        ("phone_number", accounts.override_of(&number.phone_number_id, app_id)),
        (
            "whatsapp_business_account",
            subscribed.find(|(app, _)| app == app_id).and_then(|(_, callback)| callback),
        ),
        (
            "application",
            visit.standing.scenario.accounts.app(app_id).and_then(|app| app.callback_url.clone()),
        ),
    ];
    let told = parts.into_iter().filter_map(|(name, url)| Some((name.to_owned(), json!(url?))));
    Value::Object(told.collect())
}

/// The word for a portfolio's budget; a budget that Meta does not sell is told as a number.
pub(crate) fn tier(tier: Option<u64>) -> String {
    match tier {
        None => "TIER_UNLIMITED".to_owned(),
        Some(thousands) if thousands >= 1_000 && thousands % 1_000 == 0 => {
            format!("TIER_{}K", thousands / 1_000)
        }
        Some(people) => format!("TIER_{people}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_told_in_metas_words() {
        let words = [None, Some(250), Some(2_000), Some(100_000)].map(tier);

        assert_eq!(words, ["TIER_UNLIMITED", "TIER_250", "TIER_2K", "TIER_100K"]);
    }
}
