//! The fields about a template.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{reason, text};
use crate::loose::Loose;

/// News of one template in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateNews {
    /// Meta's id.
    pub template_id: String,
    /// Its name; empty when Meta left it out.
    pub name: String,
    /// Its language as in `en_US`; empty when Meta left it out.
    pub language: String,
    /// What changed.
    pub change: TemplateChange,
}

/// What changed about a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateChange {
    /// `message_template_status_update`.
    Status {
        /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` and others.
        event: String,
        /// Why, in Meta's words, where there is a why.
        reason: Option<String>,
        /// The category, where Meta tells it too.
        category: Option<String>,
    },
    /// `message_template_quality_update`.
    Quality {
        /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
        score: String,
    },
    /// `template_category_update`.
    Category {
        /// The category it has from now on, or still has when `impending` is there.
        category: String,
        /// The category that Meta will give it.
        impending: Option<String>,
    },
    /// `template_correct_category_detection`: Meta finds another category fit.
    Misfiled {
        /// The one it has.
        category: Option<String>,
        /// The fitting one.
        correct: String,
    },
    /// `message_template_components_update`: what it says now, as Meta's list `components`.
    Components(Value),
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    message_template_id: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_name: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_language: Option<Loose<'a>>,
    #[serde(borrow)]
    event: Option<Loose<'a>>,
    #[serde(borrow)]
    reason: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_category: Option<Loose<'a>>,
    #[serde(borrow)]
    rejection_info: Option<Loose<'a>>,
    #[serde(borrow)]
    other_info: Option<Loose<'a>>,
    #[serde(borrow)]
    new_quality_score: Option<Loose<'a>>,
    #[serde(borrow)]
    new_category: Option<Loose<'a>>,
    #[serde(borrow)]
    correct_category: Option<Loose<'a>>,
    #[serde(borrow)]
    category: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_element: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_title: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_footer: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_buttons: Option<Loose<'a>>,
}

#[derive(Default, Deserialize)]
struct Info<'a> {
    #[serde(borrow)]
    reason: Option<Loose<'a>>,
    #[serde(borrow)]
    title: Option<Loose<'a>>,
    #[serde(borrow)]
    description: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Button<'a> {
    #[serde(borrow)]
    message_template_button_type: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_button_text: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_button_url: Option<Loose<'a>>,
    #[serde(borrow)]
    message_template_button_phone_number: Option<Loose<'a>>,
}

/// Reads a value if it is about a template.
pub(super) fn read(value: Loose<'_>) -> Option<TemplateNews> {
    let wire: Wire<'_> = value.object()?;
    Some(TemplateNews {
        template_id: text(wire.message_template_id)?,
        name: text(wire.message_template_name).unwrap_or_default(),
        // Some of Meta's samples write `en-US`.
        language: text(wire.message_template_language).unwrap_or_default().replace('-', "_"),
        change: change(&wire)?,
    })
}

fn change(wire: &Wire<'_>) -> Option<TemplateChange> {
    if let Some(score) = text(wire.new_quality_score) {
        return Some(TemplateChange::Quality { score });
    }
    if wire.message_template_element.is_some() {
        return Some(TemplateChange::Components(components(wire)));
    }
    if let Some(category) = text(wire.new_category) {
        return Some(TemplateChange::Category { category, impending: text(wire.correct_category) });
    }
    if let Some(correct) = text(wire.correct_category) {
        return Some(TemplateChange::Misfiled { category: text(wire.category), correct });
    }
    let event = text(wire.event)?;
    let category = text(wire.message_template_category);
    Some(TemplateChange::Status { event, reason: why(wire), category })
}

/// The longest explanation that Meta gives.
fn why(wire: &Wire<'_>) -> Option<String> {
    let info = |loose: Option<Loose<'_>>| {
        let info = loose.and_then(Loose::object::<Info<'_>>).unwrap_or_default();
        text(info.reason).or_else(|| text(info.description)).or_else(|| text(info.title))
    };
    let rejection = info(wire.rejection_info).or_else(|| info(wire.other_info));
    match (reason(wire.reason), rejection) {
        (Some(word), Some(words)) => Some(format!("{word}: {words}")),
        (word, words) => words.or(word),
    }
}

fn components(wire: &Wire<'_>) -> Value {
    let mut components = Vec::new();
    if let Some(title) = text(wire.message_template_title) {
        components.push(json!({"type": "HEADER", "format": "TEXT", "text": title}));
    }
    if let Some(body) = text(wire.message_template_element) {
        components.push(json!({"type": "BODY", "text": body}));
    }
    if let Some(footer) = text(wire.message_template_footer) {
        components.push(json!({"type": "FOOTER", "text": footer}));
    }
    let buttons = wire.message_template_buttons.map(Loose::items).unwrap_or_default();
    let buttons: Vec<Value> = buttons.into_iter().filter_map(button).collect();
    if !buttons.is_empty() {
        components.push(json!({"type": "BUTTONS", "buttons": buttons}));
    }
    components.into()
}

fn button(item: Loose<'_>) -> Option<Value> {
    let wire: Button<'_> = item.object()?;
    let parts = [
        ("type", wire.message_template_button_type),
        ("text", wire.message_template_button_text),
        ("url", wire.message_template_button_url),
        ("phone_number", wire.message_template_button_phone_number),
    ];
    let told = parts.into_iter().filter_map(|(name, part)| Some((name.into(), text(part)?.into())));
    Some(Value::Object(told.collect::<Map<String, Value>>()))
}
