//! What fills the places of a template.

use std::collections::BTreeSet;

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::content::interactive::catalog::{Product, ProductSection};
use crate::content::location::Location;
use crate::content::media::{Asset, NamedAsset};
use crate::field::{ensure, exactly, tagged};

/// Fills a place of a header, told apart by its `type`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each variant's field is the object that its name says")]
pub enum HeaderParameter {
    /// A text of 1 to 32,768 characters, by name when the template's places have names.
    Text {
        #[garde(length(chars, min = 1, max = 32_768))]
        text: String,
        #[garde(inner(custom(place_name)))]
        parameter_name: Option<String>,
    },
    /// A picture.
    Image {
        #[garde(dive)]
        image: Asset,
    },
    /// A film.
    Video {
        #[garde(dive)]
        video: Asset,
    },
    /// A film that plays by itself; marketing only.
    Gif {
        #[garde(dive)]
        gif: Asset,
    },
    /// A file.
    Document {
        #[garde(dive)]
        document: NamedAsset,
    },
    /// A place on the map.
    Location {
        #[garde(dive)]
        location: Location,
    },
    /// A product of a catalog.
    Product {
        #[garde(dive)]
        product: Product,
    },
}
tagged!(HeaderParameter);

/// Fills a place of a body or a footer, told apart by its `type`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each variant's field is the object that its name says")]
pub enum BodyParameter {
    /// A text of 1 to 32,768 characters, by name when the template's places have names.
    Text {
        #[garde(length(chars, min = 1, max = 32_768))]
        text: String,
        #[garde(inner(custom(place_name)))]
        parameter_name: Option<String>,
    },
    /// An amount of money.
    Currency {
        #[garde(dive)]
        currency: Currency,
        #[garde(inner(custom(place_name)))]
        parameter_name: Option<String>,
    },
    /// A time.
    DateTime {
        #[garde(dive)]
        date_time: DateTime,
        #[garde(inner(custom(place_name)))]
        parameter_name: Option<String>,
    },
}
tagged!(BodyParameter);

/// Fills a place of a button, told apart by its `type`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each variant's field is the object that its name says")]
pub enum ButtonParameter {
    /// What a quick reply or a call answers with.
    Payload {
        #[garde(skip)]
        payload: String,
    },
    /// The end of a URL, or a one-time password.
    Text {
        #[garde(length(chars, min = 1, max = 32_768))]
        text: String,
        #[garde(inner(custom(place_name)))]
        parameter_name: Option<String>,
    },
    /// A code to copy: 1 to 20 characters (15 before December 2025).
    CouponCode {
        #[garde(length(chars, min = 1, max = 20))]
        coupon_code: String,
    },
    /// What a form, a catalog or a bill opens with.
    Action {
        #[garde(dive)]
        action: ButtonAction,
    },
    /// How long a call button works: 1 to 43,200 minutes.
    TtlMinutes {
        #[garde(range(min = 1, max = 43_200))]
        ttl_minutes: u32,
    },
}
tagged!(ButtonParameter);

/// An amount of money. Meta always shows `fallback_value`.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Currency {
    /// What is shown.
    #[garde(length(chars, min = 1))]
    pub fallback_value: String,
    /// ISO 4217: three capital letters.
    #[garde(custom(currency_code))]
    pub code: String,
    /// The amount in thousandths.
    pub amount_1000: i64,
}

/// A time. Meta always shows `fallback_value`; the other fields are left over from an older API.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[expect(missing_docs, reason = "fields that Meta itself does not read")]
pub struct DateTime {
    /// What is shown.
    #[garde(length(chars, min = 1))]
    pub fallback_value: String,
    pub timestamp: Option<i64>,
    pub day_of_week: Option<Value>,
    pub year: Option<u16>,
    pub month: Option<u8>,
    pub day_of_month: Option<u8>,
    pub hour: Option<u8>,
    pub minute: Option<u8>,
    pub calendar: Option<String>,
}

/// What a form, a catalog or a bill opens with.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ButtonAction {
    /// The business's own name for this use of a form.
    pub flow_token: Option<String>,
    /// The data of its first screen, as the form defines them.
    pub flow_action_data: Option<Map<String, Value>>,
    /// The product whose picture stands for the catalog.
    pub thumbnail_product_retailer_id: Option<String>,
    /// The products of a multi-product message, in up to 10 sections.
    #[garde(dive, custom(one_to_ten))]
    pub sections: Option<Vec<ProductSection>>,
    /// A bill; its details are Meta's to check.
    pub order_details: Option<Map<String, Value>>,
}

/// The end of an offer.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct OfferParameter {
    /// `limited_time_offer`.
    #[garde(custom(exactly("limited_time_offer")))]
    pub r#type: String,
    /// When it is.
    #[garde(dive)]
    pub limited_time_offer: OfferEnd,
}

/// When an offer ends.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct OfferEnd {
    /// Unix time in milliseconds.
    #[garde(custom(milliseconds))]
    pub expiration_time_ms: i64,
}

/// What opens when the message itself is tapped.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct TapTargetParameter {
    /// `tap_target_configuration`.
    #[garde(custom(exactly("tap_target_configuration")))]
    pub r#type: String,
    /// Where it leads; its details are Meta's to check.
    pub tap_target_configuration: Vec<Map<String, Value>>,
}

/// News of a bill.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct OrderStatusParameter {
    /// `order_status`.
    #[garde(custom(exactly("order_status")))]
    pub r#type: String,
    /// The news; its details are Meta's to check.
    pub order_status: Map<String, Value>,
}

fn one_to_ten(sections: &Option<Vec<ProductSection>>, _: &()) -> garde::Result {
    let count = sections.as_ref().map_or(1, Vec::len);
    ensure((1..=10).contains(&count), || "must have 1 to 10 entries".to_owned())
}

/// A rule: either every parameter names its place, each another one, or none does.
pub(super) fn named_all_or_none(parameters: &[BodyParameter], _: &()) -> garde::Result {
    let name_of = |parameter: &BodyParameter| match parameter {
        BodyParameter::Text { parameter_name, .. }
        | BodyParameter::Currency { parameter_name, .. }
        | BodyParameter::DateTime { parameter_name, .. } => parameter_name.clone(),
    };
    let names: Vec<String> = parameters.iter().filter_map(name_of).collect();
    ensure(names.is_empty() || names.len() == parameters.len(), || {
        "either all parameters need a parameter_name or none".to_owned()
    })?;
    let distinct: BTreeSet<&String> = names.iter().collect();
    ensure(distinct.len() == names.len(), || {
        "no two parameters may have the same parameter_name".to_owned()
    })
}

fn place_name(text: &str, _: &()) -> garde::Result {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    ensure(!text.is_empty() && text.bytes().all(is_allowed), || {
        "must be characters of a-z, 0-9 and _".to_owned()
    })
}

fn currency_code(text: &str, _: &()) -> garde::Result {
    ensure(text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()), || {
        "must be a currency as three capital letters".to_owned()
    })
}

/// Seconds in this field are a common mistake; as milliseconds they would lie in 1970.
fn milliseconds(time: &i64, _: &()) -> garde::Result {
    ensure(*time >= 100_000_000_000, || "must be a Unix time in milliseconds".to_owned())
}
