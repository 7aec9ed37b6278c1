//! Which business numbers, tokens and templates exist.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dice;

/// A business phone number that may send.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberSpec {
    /// Meta's id of the number: the path of every send.
    pub phone_number_id: String,
    /// The WhatsApp Business Account it belongs to.
    pub waba_id: String,
    /// The number itself, digits only.
    #[serde(default = "default_display_phone_number")]
    pub display_phone_number: String,
    /// The bearer tokens that may send from it. Empty: any token may.
    #[serde(default)]
    pub tokens: Vec<String>,
    /// Its throughput in messages per second, inbound and outbound together (Meta's default: 80).
    #[serde(default)]
    pub mps: Option<u32>,
    /// The business portfolio whose budget it shares. Absent: one of its own per WABA.
    #[serde(default)]
    pub portfolio_id: Option<String>,
    /// How many people its portfolio may reach outside a service window in 24 hours. Absent: unlimited.
    #[serde(default)]
    pub tier: Option<u64>,
    /// Whether it is in maintenance: every send answers 131057.
    #[serde(default)]
    pub maintenance: bool,
}

impl NumberSpec {
    /// Whether a bearer token may use this number.
    #[must_use]
    pub fn admits(&self, token: &str) -> bool {
        self.tokens.is_empty() || self.tokens.iter().any(|known| known == token)
    }

    /// The portfolio whose budget this number shares.
    #[must_use]
    pub fn portfolio(&self) -> &str {
        self.portfolio_id.as_deref().unwrap_or(&self.waba_id)
    }
}

impl fmt::Debug for NumberSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NumberSpec")
            .field("phone_number_id", &self.phone_number_id)
            .field("waba_id", &self.waba_id)
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

/// What an unlisted number is taken for when the scenario is `open`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenNumber {
    /// The WhatsApp Business Account its webhooks name.
    pub waba_id: String,
    /// The number itself, digits only.
    pub display_phone_number: String,
    /// Its portfolio; absent: the WABA's own.
    pub portfolio_id: Option<String>,
    /// Its throughput; absent: the scenario's default.
    pub mps: Option<u32>,
    /// Its portfolio's budget; absent: unlimited.
    pub tier: Option<u64>,
}

impl OpenNumber {
    /// The number with this id, as an open scenario takes it.
    #[must_use]
    pub fn number(&self, phone_number_id: &str) -> NumberSpec {
        NumberSpec {
            phone_number_id: phone_number_id.to_owned(),
            waba_id: self.waba_id.clone(),
            display_phone_number: self.display_phone_number.clone(),
            tokens: Vec::new(),
            mps: self.mps,
            portfolio_id: self.portfolio_id.clone(),
            tier: self.tier,
            maintenance: false,
        }
    }
}

impl Default for OpenNumber {
    fn default() -> Self {
        Self {
            waba_id: "100000000000001".to_owned(),
            display_phone_number: default_display_phone_number(),
            portfolio_id: None,
            mps: None,
            tier: None,
        }
    }
}

/// A message template, written as Meta's creation body writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The WABA that owns it. Absent: every WABA does.
    #[serde(default)]
    pub waba_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its exact language code, such as `en_US`.
    pub language: String,
    /// `marketing`, `utility` or `authentication`: the category that pricing names.
    #[serde(default)]
    pub category: TemplateCategory,
    /// Only an approved template may be sent.
    #[serde(default)]
    pub status: TemplateStatus,
    /// Whether its text parameters go by place or by name.
    #[serde(default)]
    pub parameter_format: ParameterFormat,
    /// Header, body, footer and buttons, whose `{{…}}` say what a send must bring.
    #[serde(default)]
    pub components: Vec<TemplateComponent>,
    /// What recipients think of it: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    #[serde(default = "default_template_quality")]
    pub quality_score: String,
    /// Why it was rejected.
    #[serde(default = "default_rejected_reason")]
    pub rejected_reason: String,
}

impl Template {
    /// Its id on an account: of its name in its language.
    #[must_use]
    pub fn id(&self, waba_id: &str) -> String {
        (dice::key(&["template", waba_id, &self.name, &self.language]) >> 12).to_string()
    }

    /// Whether an account has it.
    #[must_use]
    pub fn is_of(&self, waba_id: &str) -> bool {
        self.waba_id.as_deref().is_none_or(|owner| owner == waba_id)
    }
}

fn default_template_quality() -> String {
    "UNKNOWN".to_owned()
}

fn default_rejected_reason() -> String {
    "NONE".to_owned()
}

/// One part of a template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemplateComponent {
    /// `HEADER`, `BODY`, `FOOTER` or `BUTTONS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a header: `TEXT`, `IMAGE`, `VIDEO`, `DOCUMENT` or `LOCATION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Its text with placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of `BUTTONS`: the buttons in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<TemplateButton>,
    /// What else Meta writes, such as `example`; only listed.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// One button of a template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemplateButton {
    /// `URL`, `QUICK_REPLY`, `COPY_CODE`, `PHONE_NUMBER`, `OTP`, `FLOW`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The address of a `URL` button, with at most one placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What else Meta writes, such as `text`; only listed.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// What a template is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateCategory {
    /// Promotions; the only category that is paced and capped per person.
    Marketing,
    /// About something a person did or asked for.
    #[default]
    Utility,
    /// One-time codes.
    Authentication,
}

impl TemplateCategory {
    /// The word that pricing uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
        }
    }
}

impl TemplateStatus {
    /// Meta's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Pending => "PENDING",
            Self::Rejected => "REJECTED",
            Self::Paused => "PAUSED",
            Self::Disabled => "DISABLED",
        }
    }
}

/// Where a template stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TemplateStatus {
    /// It may be sent.
    #[default]
    Approved,
    /// In review: 132001.
    Pending,
    /// Refused: 132001.
    Rejected,
    /// Paused for its quality: 132015.
    Paused,
    /// Disabled for its quality: 132016.
    Disabled,
}

/// How text parameters find their placeholders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParameterFormat {
    /// `{{1}}`, `{{2}}`: by place.
    #[default]
    Positional,
    /// `{{first_name}}`: by `parameter_name`.
    Named,
}

fn default_display_phone_number() -> String {
    "15550001111".to_owned()
}
