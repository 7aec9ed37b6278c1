//! What Meta tells about accounts, numbers, templates and limits.
//!
//! Words are open: an unknown one is kept as it came, and what is not there is absent. No value is
//! ever refused; one of which nothing can be read says nothing.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components> and the
//! pages of the single fields beneath it.

mod event;
mod limit;
mod number;
mod template;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::event::{AccountUpdate, Restriction};
pub use self::limit::MessagingLimit;
pub use self::number::NumberNews;
pub use self::template::{TemplateChange, TemplateNews};
use crate::loose::{self, Loose};

/// How many characters of a text of Meta's are kept.
const LONGEST_TEXT: usize = 2_000;

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountNews {
    /// `account_update`: something happened to the account or to our access to it.
    Account(AccountUpdate),
    /// `account_review_update`: Meta's verdict on the account, such as `APPROVED`.
    Review {
        /// The word.
        decision: String,
    },
    /// `account_alerts`: a note of Meta's for the owner.
    Alert {
        /// `CRITICAL`, `WARNING` or `INFORMATIONAL`.
        severity: Option<String>,
        /// `ACTIVE`, or `NONE` when it is over.
        status: Option<String>,
        /// What it is about, such as `PROFILE_PICTURE_LOST`.
        alert: String,
        /// In words.
        description: Option<String>,
    },
    /// `business_capability_update`: what the whole business portfolio may do.
    Capability {
        /// The messaging limit.
        limit: Option<MessagingLimit>,
    },
    /// One of the fields about a single number.
    Number(NumberNews),
    /// One of the fields about a template.
    Template(TemplateNews),
}

/// Reads the value of `field`; `None` when it says nothing that is understood here.
pub fn read(field: &str, value: &RawValue) -> Option<AccountNews> {
    let value: Loose<'_> = serde_json::from_str(value.get()).ok()?;
    // By what it holds and not by its name: samples of Meta's carry the name of another field.
    if let Some(news) = template::read(value) {
        return Some(AccountNews::Template(news));
    }
    match field {
        "account_update" => event::read(value).map(AccountNews::Account),
        "account_review_update" => {
            let decision = text(value.object::<Review<'_>>()?.decision)?;
            Some(AccountNews::Review { decision })
        }
        "account_alerts" => alert(value),
        "business_capability_update" => {
            let capability: Capability<'_> = value.object()?;
            let limit = MessagingLimit::of(capability.max_daily_conversations_per_business);
            let limit =
                limit.or_else(|| MessagingLimit::of(capability.max_daily_conversation_per_phone));
            Some(AccountNews::Capability { limit })
        }
        _ => number::read(field, value).map(AccountNews::Number),
    }
}

#[derive(Deserialize)]
struct Review<'a> {
    #[serde(borrow)]
    decision: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Capability<'a> {
    #[serde(borrow)]
    max_daily_conversations_per_business: Option<Loose<'a>>,
    /// Until v23 and February 2026.
    #[serde(borrow)]
    max_daily_conversation_per_phone: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct Alerts<'a> {
    #[serde(borrow)]
    alert_info: Option<Loose<'a>>,
}

#[derive(Deserialize)]
struct AlertInfo<'a> {
    #[serde(borrow)]
    alert_severity: Option<Loose<'a>>,
    #[serde(borrow)]
    alert_status: Option<Loose<'a>>,
    #[serde(borrow)]
    alert_type: Option<Loose<'a>>,
    #[serde(borrow)]
    alert_description: Option<Loose<'a>>,
}

fn alert(value: Loose<'_>) -> Option<AccountNews> {
    let info: AlertInfo<'_> = value.object::<Alerts<'_>>()?.alert_info?.object()?;
    Some(AccountNews::Alert {
        severity: text(info.alert_severity),
        status: text(info.alert_status),
        alert: text(info.alert_type)?,
        description: text(info.alert_description),
    })
}

/// A text that says something, fit to be stored.
fn text(loose: Option<Loose<'_>>) -> Option<String> {
    let text = loose::storable(loose?.text()?.trim(), LONGEST_TEXT);
    (!text.is_empty()).then_some(text)
}

/// As [`text`], without Meta's words for nothing.
fn reason(loose: Option<Loose<'_>>) -> Option<String> {
    text(loose).filter(|word| word != "NONE")
}
