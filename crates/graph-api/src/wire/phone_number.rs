//! What Meta tells about a business phone number.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::loose;
use crate::wire::HealthStatus;

/// The fields asked for in [`crate::client::GraphClient::phone_number`]. Words are open: Meta's
/// own schemas disagree about the lists. `Debug` leaves the number itself out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    /// The phone number id.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// The business's own number as people see it.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub display_phone_number: Option<String>,
    /// The name that Meta has verified.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN` or `NA`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub quality_rating: Option<String>,
    /// `CONNECTED` is the only one that can send.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub status: Option<String>,
    /// The level of messages a second.
    #[serde(default, deserialize_with = "loose::or_default")]
    pub throughput: Option<Throughput>,
    /// `TIER_250` and so on; of the business portfolio since v24.0.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub whatsapp_business_manager_messaging_limit: Option<String>,
    /// Of its display name: `APPROVED`, `PENDING_REVIEW`, `DECLINED` and others.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub name_status: Option<String>,
    /// `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub code_verification_status: Option<String>,
    /// `CLOUD_API`, `ON_PREMISE` or `NOT_APPLICABLE`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub platform_type: Option<String>,
    /// `LIVE` or `SANDBOX`.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub account_mode: Option<String>,
    /// Whether two-step verification is on.
    #[serde(
        default,
        deserialize_with = "loose::optional_flag",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_pin_enabled: Option<bool>,
    /// Whether it is also used in the WhatsApp Business app.
    #[serde(
        default,
        deserialize_with = "loose::optional_flag",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_on_biz_app: Option<bool>,
    /// Whether it can send now.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub health_status: Option<HealthStatus>,
    /// Where its webhooks go.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub webhook_configuration: Option<WebhookConfiguration>,
}

impl PhoneNumber {
    /// Whether it is registered with the Cloud API.
    pub fn is_registered(&self) -> bool {
        self.status.as_deref() == Some("CONNECTED")
    }

    /// What Meta lets it send: 80 a second, 1,000 after an upgrade, 20 for a number that also runs
    /// in the WhatsApp Business app
    /// (<https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput>).
    pub fn messages_per_second(&self) -> i32 {
        let level = self.throughput.as_ref().and_then(|throughput| throughput.level.as_deref());
        match level {
            _ if self.is_on_biz_app == Some(true) => 20,
            Some("HIGH") => 1_000,
            Some(_) | None => 80,
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneNumber")
            .field("id", &self.id)
            .field("quality_rating", &self.quality_rating)
            .field("status", &self.status)
            .field("throughput", &self.throughput)
            .field("messaging_limit", &self.whatsapp_business_manager_messaging_limit)
            .finish_non_exhaustive()
    }
}

/// Where the webhooks of a number go. The first that is set counts: number, account, app. `Debug`
/// tells which are set: such an address may hold a secret part.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookConfiguration {
    /// The number's own override.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub phone_number: Option<String>,
    /// The override of its account.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub whatsapp_business_account: Option<String>,
    /// The app's callback.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub application: Option<String>,
}

impl fmt::Debug for WebhookConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookConfiguration")
            .field("phone_number", &self.phone_number.is_some())
            .field("whatsapp_business_account", &self.whatsapp_business_account.is_some())
            .field("application", &self.application.is_some())
            .finish()
    }
}

/// How fast a number may send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throughput {
    /// `STANDARD` (80 a second), `HIGH` (1,000) or `NOT_APPLICABLE`.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub level: Option<String>,
}
