//! What Meta tells about a WhatsApp Business Account.

use serde::{Deserialize, Serialize};

use crate::loose;

/// The fields asked for in [`crate::client::GraphClient::waba`]. Words are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waba {
    /// The WABA id.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// Its name, as its owner gave it.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// The business portfolio that owns it.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub owner_business_info: Option<BusinessInfo>,
    /// Three letters, such as `USD`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub currency: Option<String>,
    /// Meta's number of a time zone; not an IANA name.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub timezone_id: Option<String>,
    /// `APPROVED`, `PENDING` or `REJECTED`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub account_review_status: Option<String>,
    /// `verified`, `not_verified` and so on.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub business_verification_status: Option<String>,
    /// `TIER_250` and so on; of the whole business portfolio.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub whatsapp_business_manager_messaging_limit: Option<String>,
}

/// A business portfolio.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessInfo {
    /// The business id.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// Its name.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
}
