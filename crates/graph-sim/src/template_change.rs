//! Changing a template while the simulator runs, and the webhooks that tell of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account_control::wrong;
use crate::control::Control;
use crate::management::category;
use crate::scenario::{ScenarioError, TemplateCategory, TemplateStatus};

/// What changes about a template; each part that is given is told by its webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateChange {
    /// The account.
    pub waba_id: String,
    /// The template's name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Where it stands: `message_template_status_update`.
    #[serde(default)]
    pub status: Option<TemplateStatus>,
    /// Its category: `template_category_update`.
    #[serde(default)]
    pub category: Option<TemplateCategory>,
    /// What recipients think of it: `message_template_quality_update`.
    #[serde(default)]
    pub quality_score: Option<String>,
}

impl Control {
    /// Changes a template, and tells of it.
    ///
    /// # Errors
    ///
    /// When the account has no such template.
    pub fn change_template(&self, change: &TemplateChange) -> Result<(), ScenarioError> {
        let mut scenario = self.scenario();
        let template = scenario.templates.iter_mut().find(|template| {
            template.is_of(&change.waba_id)
                && (&template.name, &template.language) == (&change.name, &change.language)
        });
        let template = template.ok_or_else(|| wrong("the account has no such template"))?;
        let about = |parts: Value| {
            // Meta writes this id as a number.
            let id: u64 = template.id(&change.waba_id).parse().unwrap_or_default();
            let mut value = json!({ "message_template_id": id,
                "message_template_name": template.name,
                "message_template_language": template.language });
            for (name, part) in parts.as_object().into_iter().flatten() {
                value[name] = part.clone();
            }
            value
        };
        let mut told = Vec::new();
        if let Some(status) = change.status {
            let value = about(json!({ "event": status, "reason": "NONE",
                "message_template_category": category(template.category) }));
            told.push(("message_template_status_update", value));
        }
        if let Some(new) = change.category {
            let value = about(json!({ "previous_category": category(template.category),
                "new_category": category(new) }));
            told.push(("template_category_update", value));
        }
        if let Some(score) = &change.quality_score {
            let value = about(json!({ "previous_quality_score": template.quality_score,
                "new_quality_score": score }));
            told.push(("message_template_quality_update", value));
        }
        template.status = change.status.unwrap_or(template.status);
        template.category = change.category.unwrap_or(template.category);
        if let Some(score) = &change.quality_score {
            template.quality_score.clone_from(score);
        }
        self.0.amend(scenario);
        for (field, value) in told {
            self.0.tell(&change.waba_id, field, value);
        }
        Ok(())
    }
}
