//! Address-book cards.

use chrono::NaiveDate;
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::field::{ensure, entries};

/// 1 to 257 cards: Meta's `contacts` list. (Its OpenAPI description says 5, its pages 257.)
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(transparent)]
#[garde(transparent)]
pub struct Contacts(#[garde(dive, custom(entries(1, 257)))] pub Vec<Contact>);

/// One card.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Contact {
    /// The name, in parts and as a whole.
    #[garde(dive)]
    pub name: Name,
    /// Phone numbers.
    pub phones: Option<Vec<Phone>>,
    /// E-mail addresses.
    pub emails: Option<Vec<Email>>,
    /// Postal addresses.
    pub addresses: Option<Vec<Address>>,
    /// The place of work.
    pub org: Option<Organization>,
    /// Web pages.
    pub urls: Option<Vec<Link>>,
    /// The day of birth, `YYYY-MM-DD`.
    #[garde(inner(custom(date)))]
    pub birthday: Option<String>,
}

/// A person's name: as a whole and at least one of its parts.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[garde(custom(has_part))]
pub struct Name {
    /// The name as it is shown.
    #[garde(length(chars, min = 1))]
    pub formatted_name: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// What follows the name.
    pub suffix: Option<String>,
    /// What stands before the name.
    pub prefix: Option<String>,
}

/// A phone number on a card, in any form.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// The number as it is shown.
    pub phone: String,
    /// `HOME`, `WORK` and the like.
    pub r#type: Option<String>,
    /// The WhatsApp id, which gives the card its "message" button.
    pub wa_id: Option<String>,
}

/// An e-mail address on a card.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The address.
    pub email: String,
    /// `HOME`, `WORK` and the like.
    pub r#type: Option<String>,
}

/// A postal address on a card.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub street: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Country in full.
    pub country: Option<String>,
    /// Country as two letters.
    pub country_code: Option<String>,
    /// `HOME`, `WORK` and the like.
    pub r#type: Option<String>,
}

/// The place of work on a card.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Company.
    pub company: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Job title.
    pub title: Option<String>,
}

/// A web page on a card.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The URL.
    pub url: String,
    /// `HOME`, `WORK` and the like.
    pub r#type: Option<String>,
}

/// Meta refuses a name without parts
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/messages/contacts-messages>).
fn has_part(name: &Name, _: &()) -> garde::Result {
    let parts = [&name.first_name, &name.last_name, &name.middle_name, &name.suffix, &name.prefix];
    ensure(parts.into_iter().any(Option::is_some), || {
        "needs formatted_name and at least one of first_name, last_name, middle_name, suffix, \
         prefix"
            .to_owned()
    })
}

fn date(text: &str, _: &()) -> garde::Result {
    let is_date = text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    ensure(is_date, || "must be a date, YYYY-MM-DD".to_owned())
}
