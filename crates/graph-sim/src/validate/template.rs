//! Template sends: their shape, and where the scenario lists templates, whether they fit the template.
//!
//! Source: Meta's template sends and error codes 132000, 132001, 132012, 132015, 132016.

use super::content::{location, media};
use super::field::{Object, Read};
use crate::errors::GraphError;
use crate::scenario::{ParameterFormat, Template, TemplateComponent, TemplateStatus};

const COMPONENTS: &[&str] = &[
    "header",
    "body",
    "footer",
    "button",
    "carousel",
    "limited_time_offer",
    "tap_target_configuration",
    "order_status",
];
const SUB_TYPES: &[&str] = &[
    "quick_reply",
    "url",
    "copy_code",
    "catalog",
    "mpm",
    "flow",
    "voice_call",
    "order_details",
    "spm",
    "request_contact_info",
];
const PARAMETERS: &[&str] = &[
    "text",
    "currency",
    "date_time",
    "image",
    "video",
    "document",
    "location",
    "gif",
    "product",
    "payload",
    "coupon_code",
    "action",
    "limited_time_offer",
    "tap_target_configuration",
    "order_status",
    "ttl_minutes",
];

/// Checks a template send; gives the template it names when the scenario lists templates.
pub(crate) fn template<'t>(
    send: &Object<'_>,
    listed: &'t [Template],
    waba_id: &str,
) -> Read<Option<&'t Template>> {
    let name = send.required_text("name", 512)?;
    let language = send.required_object("language")?;
    let code = language.required_text("code", 32)?;
    let components = components(send)?;
    if listed.is_empty() {
        return Ok(None);
    }
    let of_account =
        |template: &&Template| template.waba_id.as_deref().is_none_or(|owner| owner == waba_id);
    let found = listed
        .iter()
        .filter(of_account)
        .find(|template| template.name == name && template.language == code);
    let template = found.ok_or_else(|| unknown(name, code))?;
    match template.status {
        TemplateStatus::Approved => {}
        TemplateStatus::Pending | TemplateStatus::Rejected => return Err(unknown(name, code)),
        TemplateStatus::Paused => {
            let details = format!("template '{name}' is paused due to low quality");
            return Err(GraphError::with(132_015, details));
        }
        TemplateStatus::Disabled => {
            return Err(GraphError::with(
                132_016,
                format!("template '{name}' is disabled due to low quality"),
            ));
        }
    }
    fits(template, &components)?;
    Ok(Some(template))
}

/// One component of a send, its parameters checked.
struct Component<'a> {
    kind: &'static str,
    sub_type: Option<&'static str>,
    index: Option<String>,
    parameters: Vec<(&'static str, Object<'a>)>,
}

fn components<'a>(send: &Object<'a>) -> Read<Vec<Component<'a>>> {
    send.objects("components")?.iter().map(component).collect()
}

fn component<'a>(component: &Object<'a>) -> Read<Component<'a>> {
    let kind = component.required_word("type", COMPONENTS)?;
    let (mut sub_type, mut index) = (None, None);
    if kind == "button" {
        sub_type = Some(component.required_word("sub_type", SUB_TYPES)?);
        index = Some(component.required_id("index")?);
        component.required_number("index", 0.0, 9.0)?;
    }
    if kind == "carousel" {
        for card in component.counted_objects("cards", 1, 10)? {
            components(&card)?;
        }
    }
    let parameters =
        component.objects("parameters")?.into_iter().map(parameter).collect::<Read<_>>()?;
    Ok(Component { kind, sub_type, index, parameters })
}

fn parameter(parameter: Object<'_>) -> Read<(&'static str, Object<'_>)> {
    let kind = parameter.required_word("type", PARAMETERS)?;
    match kind {
        "text" => {
            let text = parameter.required_text("text", 32_768)?;
            if text.contains(['\n', '\t']) || text.contains("     ") {
                let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
                return Err(GraphError::with(132_012, details));
            }
        }
        "image" | "video" | "document" => media(kind, &parameter.required_object(kind)?)?,
        "location" => location(&parameter.required_object(kind)?)?,
        "payload" => {
            parameter.required_text("payload", 256)?;
        }
        "coupon_code" => {
            parameter.required_text("coupon_code", 20)?;
        }
        "currency" | "date_time" | "limited_time_offer" | "product" => {
            parameter.required_object(kind)?;
        }
        _ => {}
    }
    Ok((kind, parameter))
}

fn unknown(name: &str, language: &str) -> GraphError {
    GraphError::with(132_001, format!("template name ({name}) does not exist in {language}"))
}

/// Whether a send brings what the template asks for.
fn fits(template: &Template, sent: &[Component<'_>]) -> Read<()> {
    let find = |kind: &str| sent.iter().find(|component| component.kind == kind);
    for part in &template.components {
        match part.kind.to_ascii_uppercase().as_str() {
            "BODY" => texts_fit(template, "body", part, find("body"))?,
            "HEADER" => header_fits(template, part, find("header"))?,
            "BUTTONS" => buttons_fit(part, sent)?,
            _ => {}
        }
    }
    let has_body = template.components.iter().any(|part| part.kind.eq_ignore_ascii_case("body"));
    if !has_body && let Some(body) = find("body") {
        return count(body.parameters.len(), 0, "body");
    }
    Ok(())
}

fn header_fits(
    template: &Template,
    part: &TemplateComponent,
    sent: Option<&Component<'_>>,
) -> Read<()> {
    let format = part.format.as_deref().unwrap_or("TEXT").to_ascii_uppercase();
    if format == "TEXT" {
        return texts_fit(template, "header", part, sent);
    }
    let received =
        sent.and_then(|header| header.parameters.first()).map_or("UNKNOWN", |(kind, _)| *kind);
    if received.eq_ignore_ascii_case(&format) {
        return Ok(());
    }
    let received = received.to_ascii_uppercase();
    Err(GraphError::with(
        132_012,
        format!("header: Format mismatch, expected {format}, received {received}"),
    ))
}

fn texts_fit(
    template: &Template,
    name: &str,
    part: &TemplateComponent,
    sent: Option<&Component<'_>>,
) -> Read<()> {
    let expected = placeholders(part.text.as_deref().unwrap_or_default());
    let parameters = sent.map_or(&[][..], |component| &component.parameters);
    count(parameters.len(), expected.len(), name)?;
    for (place, (kind, parameter)) in parameters.iter().enumerate() {
        if !matches!(*kind, "text" | "currency" | "date_time") {
            let details = format!(
                "{name}: Format mismatch at parameter {place}, expected TEXT, received {kind}"
            );
            return Err(GraphError::with(132_012, details));
        }
        let given = parameter.text("parameter_name", 512)?;
        let known = given.is_some_and(|given| expected.iter().any(|wanted| wanted == given));
        if template.parameter_format == ParameterFormat::Named && !known {
            return Err(GraphError::with(
                132_012,
                format!("{name}: Parameter name is missing or unknown"),
            ));
        }
    }
    Ok(())
}

fn buttons_fit(part: &TemplateComponent, sent: &[Component<'_>]) -> Read<()> {
    for (place, button) in part.buttons.iter().enumerate() {
        let kind = button.kind.to_ascii_uppercase();
        let sub_type = match kind.as_str() {
            "URL" if button.url.as_deref().is_some_and(|url| !placeholders(url).is_empty()) => {
                "url"
            }
            "OTP" => "url",
            "COPY_CODE" => "copy_code",
            _ => continue,
        };
        let is_it = |component: &&Component<'_>| {
            component.sub_type == Some(sub_type)
                && component.index.as_deref() == Some(place.to_string().as_str())
        };
        let given = sent.iter().find(is_it).map_or(0, |component| component.parameters.len());
        if given != 1 {
            let details =
                format!("buttons: Button at index {place} of type {kind} requires a parameter");
            return Err(GraphError::with(131_008, details));
        }
    }
    Ok(())
}

fn count(given: usize, expected: usize, part: &str) -> Read<()> {
    if given == expected {
        return Ok(());
    }
    let details = format!(
        "{part}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    );
    Err(GraphError::with(132_000, details))
}

/// The different placeholders of a text, without their braces.
fn placeholders(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in text.split("{{").skip(1) {
        if let Some((name, _)) = piece.split_once("}}") {
            let name = name.trim().to_owned();
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_counted_once_each() {
        assert_eq!(placeholders("Hi {{1}}, {{2}} and {{1}}"), ["1", "2"]);
        assert_eq!(placeholders("{{first_name}} {{ order }}"), ["first_name", "order"]);
        assert!(placeholders("no {{ end").is_empty());
    }
}
