//! The lists of an account, page by page: its numbers and its templates.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::errors::GraphError;
use crate::number;
use crate::scenario::{Template, TemplateCategory};
use crate::world::World;

use super::{Visit, fields, health};

const TEMPLATE_FIELDS: &str = "name,parameter_format,components,language,status,category";

/// How many items a page has when it does not say.
const PAGE: usize = 25;

/// Lists the numbers of an account.
pub(super) async fn phone_numbers(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (version, waba_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = visit.waba(&waba_id).and_then(|_| {
        let mut own = visit.world.numbers();
        own.retain(|number| number.spec.waba_id == waba_id);
        own.sort_by(|one, other| one.spec.phone_number_id.cmp(&other.spec.phone_number_id));
        let asked = visit.asked.get("fields").map_or(number::DEFAULT_FIELDS, String::as_str);
        let told: Result<Vec<Value>, GraphError> =
            own.iter().map(|own| number::tell(&visit, &own.spec, "0", asked)).collect();
        page(&visit, &format!("{waba_id}/phone_numbers"), &told?)
    });
    visit.answer(told)
}

/// Lists the templates of an account.
pub(super) async fn message_templates(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (version, waba_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = visit.waba(&waba_id).and_then(|_| {
        let is = |name: &str, value: &str| visit.asked.get(name).is_none_or(|asked| asked == value);
        let own = visit.standing.scenario.templates.iter().filter(|template| {
            template.is_of(&waba_id)
                && is("name", &template.name)
                && is("language", &template.language)
                && is("status", template.status.as_str())
                && is("category", category(template.category))
        });
        let asked = visit.asked.get("fields").map_or(TEMPLATE_FIELDS, String::as_str);
        let told: Result<Vec<Value>, GraphError> =
            own.map(|template| tell(&visit, template, &waba_id, asked)).collect();
        page(&visit, &format!("{waba_id}/message_templates"), &told?)
    });
    visit.answer(told)
}

/// Tells the fields of the template with this id; `None` when no account has one.
pub(crate) fn template(visit: &mut Visit, id: &str) -> Option<Result<Value, GraphError>> {
    let standing = Arc::clone(&visit.standing);
    let scenario = &standing.scenario;
    let wabas = scenario.accounts.wabas.iter().map(|waba| &waba.waba_id);
    let mut wabas = wabas.chain(scenario.numbers.iter().map(|number| &number.waba_id));
    let (waba_id, template) = wabas.find_map(|waba_id| {
        let mut own = scenario.templates.iter().filter(|template| template.is_of(waba_id));
        Some((waba_id, own.find(|template| template.id(waba_id) == id)?))
    })?;
    let told = visit.waba(waba_id).and_then(|_| {
        let asked = visit.asked.get("fields").map_or(TEMPLATE_FIELDS, String::as_str);
        tell(visit, template, waba_id, asked)
    });
    Some(told)
}

/// Tells the fields of a template.
fn tell(
    visit: &Visit,
    template: &Template,
    waba_id: &str,
    asked: &str,
) -> Result<Value, GraphError> {
    let id = template.id(waba_id);
    let tell = |field: &str| {
        Some(match field {
            "id" => json!(id),
            "name" => json!(template.name),
            "language" => json!(template.language),
            "status" => json!(template.status),
            "category" => json!(category(template.category)),
            "parameter_format" => json!(template.parameter_format),
            "components" => json!(template.components),
            "quality_score" => json!({ "score": template.quality_score }),
            "rejected_reason" => json!(template.rejected_reason),
            "health_status" => {
                health::of_template(template, &visit.standing.scenario.accounts.waba(waba_id))
            }
            _ => return None,
        })
    };
    fields(asked, &id, tell, "WhatsAppMessageTemplate")
}

/// The word of a category in lists.
pub(crate) fn category(category: TemplateCategory) -> &'static str {
    match category {
        TemplateCategory::Marketing => "MARKETING",
        TemplateCategory::Utility => "UTILITY",
        TemplateCategory::Authentication => "AUTHENTICATION",
    }
}

/// The page that a request asks for, with its cursors. As at Meta, the address of the next page holds the token.
fn page(visit: &Visit, path: &str, items: &[Value]) -> Result<Value, GraphError> {
    let asked = |name: &str| visit.asked.get(name).map(String::as_str);
    let limit = match asked("limit").map(str::parse::<usize>) {
        None => PAGE,
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => return Err(GraphError::parameter("Param limit must be a positive number")),
    };
    let start = asked("after").filter(|cursor| !cursor.is_empty());
    let start = start.map_or(Ok(0), |cursor| place(cursor).map(|place| place + 1))?;
    let end = items.len().min(start.saturating_add(limit));
    let data = items.get(start..end).unwrap_or_default();
    let Some(last) = end.checked_sub(1).filter(|_| !data.is_empty()) else {
        return Ok(json!({ "data": [] }));
    };
    let after = cursor(last);
    let mut page = json!({ "data": data, "paging": { "cursors": { "before": cursor(start), "after": after } } });
    if end < items.len() {
        let (version, token) = (&visit.version, visit.token().unwrap_or_default());
        page["paging"]["next"] = json!(format!(
            "https://graph.facebook.com/{version}/{path}?access_token={token}&limit={limit}&after={after}"
        ));
    }
    Ok(page)
}

fn cursor(place: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("place {place}"))
}

fn place(cursor: &str) -> Result<usize, GraphError> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let place = text.as_deref().and_then(|text| text.strip_prefix("place ")?.parse().ok());
    place.ok_or_else(|| GraphError::of(131_059))
}
