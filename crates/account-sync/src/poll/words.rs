//! From Meta's answers to words for rows; pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, WabaId};
use domain::scope::Scope;
use graph_api::webhook::account::MessagingLimit;
use graph_api::wire::{HealthEntity, HealthStatus, MessageTemplate, PhoneNumber, Waba};
use store::accounts::Told;
use store::accounts::wabas::LimitTold;
use store::sync::{AccountTold, Health, NumberTold};
use store::templates::Heard;

use crate::map::{Column, Part, storable};

/// Longer explanations of Meta's are cut.
const LONGEST_DETAIL: usize = 1_000;

/// What was asked about, and when.
pub(super) struct Asked {
    pub(super) connection_id: ConnectionId,
    pub(super) waba_id: WabaId,
    pub(super) at: DateTime<Utc>,
}

impl Asked {
    fn told(&self, subject: &str, word: &str, detail: Option<String>) -> Told {
        Told {
            scope: self.scope(),
            waba_id: self.waba_id.clone(),
            subject: subject.to_owned(),
            at: self.at,
            word: word.to_owned(),
            detail,
            until: None,
        }
    }

    fn scope(&self) -> Scope {
        Scope::Connection(self.connection_id)
    }

    /// Whether Meta lets the token at the account.
    pub(super) fn granted(&self, granted: bool) -> Part {
        Part::Words(Column::Granted, vec![self.told("", &granted.to_string(), None)])
    }

    /// The verdict on an account, and its messaging limit.
    pub(super) fn account(&self, told: &Waba) -> Vec<Part> {
        let review = told.account_review_status.as_deref();
        let review = review.map(|word| self.told("", word, None));
        let limit = told.whatsapp_business_manager_messaging_limit.as_deref();
        vec![
            Part::Words(Column::Review, review.into_iter().collect()),
            Part::Limits(self.limit(limit).into_iter().collect()),
        ]
    }

    fn limit(&self, word: Option<&str>) -> Option<LimitTold> {
        let limit = MessagingLimit::read(word?)?;
        Some(LimitTold {
            scope: self.scope(),
            waba_id: self.waba_id.clone(),
            at: self.at,
            tier: limit.to_string(),
        })
    }

    /// Where numbers stand, and the verdicts on their names.
    pub(super) fn numbers(&self, told: &[PhoneNumber]) -> Vec<Part> {
        let digits = |number: &PhoneNumber| {
            let display = number.display_phone_number.as_deref()?;
            let digits: String = display.chars().filter(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        };
        let words = |part: fn(&PhoneNumber) -> Option<&str>| {
            let told = told.iter();
            told.filter_map(|number| Some(self.told(&digits(number)?, part(number)?, None)))
                .collect()
        };
        vec![
            Part::Words(Column::NumberStatus, words(|number| number.status.as_deref())),
            Part::Words(Column::NumberName, words(|number| number.name_status.as_deref())),
        ]
    }

    /// Everything about templates; their rows are made first.
    pub(super) fn templates(&self, told: &[MessageTemplate]) -> Vec<Part> {
        let mut words: BTreeMap<Column, Vec<Told>> = BTreeMap::new();
        let mut heard = Vec::new();
        for template in told {
            let Some(id) = template.id.as_deref() else { continue };
            heard.push(Heard {
                scope: self.scope(),
                waba_id: self.waba_id.clone(),
                template_id: id.to_owned(),
                name: template.name.clone().unwrap_or_default(),
                language: template.language.as_deref().unwrap_or_default().replace('-', "_"),
            });
            let mut say = |column, word: Option<&str>, detail| {
                let word = word.map(|word| self.told(id, word, detail));
                words.entry(column).or_default().extend(word);
            };
            let reason = template.rejected_reason.clone().filter(|reason| reason != "NONE");
            let quality = template.quality_score.as_ref();
            say(Column::TemplateStatus, template.status.as_deref(), reason);
            say(Column::TemplateCategory, template.category.as_deref(), None);
            say(
                Column::TemplateQuality,
                quality.and_then(|quality| quality.score.as_deref()),
                None,
            );
            if template.components.is_array() {
                let components = storable(template.components.clone()).to_string();
                say(Column::TemplateComponents, Some(&components), None);
            }
        }
        let words = words.into_iter().map(|(column, told)| Part::Words(column, told));
        words.chain([Part::Heard(heard)]).collect()
    }
}

/// What an account tells beside the words.
pub(super) fn account(told: &Waba) -> AccountTold {
    let owner = told.owner_business_info.as_ref();
    AccountTold {
        name: told.name.clone(),
        portfolio_id: owner.and_then(|owner| owner.id.as_deref()?.parse().ok()),
    }
}

/// What numbers tell beside the words. One without a readable id is left out.
pub(super) fn numbers(told: &[PhoneNumber]) -> Vec<NumberTold> {
    let number = |told: &PhoneNumber| {
        Some(NumberTold {
            phone_number_id: told.id.as_deref()?.parse().ok()?,
            display_phone_number: told.display_phone_number.clone(),
            verified_name: told.verified_name.clone(),
            quality_rating: told.quality_rating.clone(),
            throughput: throughput(told).map(str::to_owned),
            messages_per_second: told.messages_per_second(),
        })
    };
    told.iter().filter_map(number).collect()
}

/// A number that has no level of its own yet tells none.
fn throughput(told: &PhoneNumber) -> Option<&str> {
    if told.is_on_biz_app == Some(true) {
        return Some("COEXISTENCE");
    }
    let level = told.throughput.as_ref()?.level.as_deref();
    level.filter(|level| *level != "NOT_APPLICABLE")
}

/// The ids and parameter formats of templates.
pub(super) fn formats(told: &[MessageTemplate]) -> Vec<(String, Option<String>)> {
    let format = |told: &MessageTemplate| Some((told.id.clone()?, told.parameter_format.clone()));
    told.iter().filter_map(format).collect()
}

/// The health of an account and of what stands above it.
pub(super) fn account_health(told: &HealthStatus) -> Health {
    health(told, |kind| kind != "PHONE_NUMBER" && kind != "MESSAGE_TEMPLATE")
}

/// The health of a number alone: that of its account is told once for all its numbers.
pub(super) fn number_health(told: &HealthStatus) -> Health {
    health(told, |kind| kind == "PHONE_NUMBER")
}

/// The worst of the parts that count.
fn health(told: &HealthStatus, counts: impl Fn(&str) -> bool) -> Health {
    let mut parts = told
        .entities
        .iter()
        .filter(|entity| entity.entity_type.as_deref().is_some_and(&counts))
        .peekable();
    if parts.peek().is_none() {
        return Health { word: told.can_send_message.clone(), detail: None };
    }
    let rank = |entity: &&HealthEntity| match entity.can_send_message.as_deref() {
        Some("BLOCKED") => 2,
        Some("LIMITED") => 1,
        Some(_) | None => 0,
    };
    let Some(worst) = parts.max_by_key(rank) else { return Health::default() };
    Health { word: worst.can_send_message.clone(), detail: detail(worst) }
}

fn detail(entity: &HealthEntity) -> Option<String> {
    let of_errors = entity.errors.iter().map(|error| {
        let code = error.error_code.map(|code| format!("({code})"));
        let words = [code, error.error_description.clone(), error.possible_solution.clone()];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let all: Vec<String> = of_errors.chain(entity.additional_info.iter().cloned()).collect();
    let text: String =
        all.join(" ").chars().filter(|letter| *letter != '\0').take(LONGEST_DETAIL).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &serde_json::Value) -> HealthStatus {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn a_number_is_as_healthy_as_itself_and_an_account_as_what_stands_above() {
        let both = told(&json!({ "can_send_message": "BLOCKED", "entities": [
            { "entity_type": "PHONE_NUMBER", "can_send_message": "LIMITED",
              "additional_info": ["Its name is not approved."] },
            { "entity_type": "WABA", "can_send_message": "AVAILABLE" },
            { "entity_type": "BUSINESS", "can_send_message": "BLOCKED", "errors": [
                { "error_code": 141_006, "error_description": "No payment.",
                  "possible_solution": "Pay." }] }] }));

        let number = number_health(&both);
        assert_eq!(number.word.as_deref(), Some("LIMITED"));
        assert_eq!(number.detail.as_deref(), Some("Its name is not approved."));
        let account = account_health(&both);
        assert_eq!(account.word.as_deref(), Some("BLOCKED"));
        assert_eq!(account.detail.as_deref(), Some("(141006) No payment. Pay."));
    }

    #[test]
    fn a_number_that_is_also_in_the_app_has_the_level_of_such_numbers() {
        let number = |value| serde_json::from_value::<PhoneNumber>(value).unwrap();

        let high = number(json!({ "throughput": { "level": "HIGH" } }));
        assert_eq!(throughput(&high), Some("HIGH"));
        let both = number(json!({ "throughput": { "level": "HIGH" }, "is_on_biz_app": true }));
        assert_eq!(throughput(&both), Some("COEXISTENCE"));
        let none = number(json!({ "throughput": { "level": "NOT_APPLICABLE" } }));
        assert_eq!(throughput(&none), None);
    }
}
