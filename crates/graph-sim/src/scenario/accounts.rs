//! The account side: apps, portfolios, accounts, the standing of numbers, tokens and codes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::tokens::{CodeSpec, TokenSpec};

/// Who may do what. Empty, and nothing is asked: sends go by the `tokens` of the numbers, webhooks to the
/// `subscribers`. Once `apps` are listed, a token must be one of `tokens`, of an exchanged code or of its number, and
/// webhooks go to the apps that are subscribed to the account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// The apps.
    pub apps: Vec<AppSpec>,
    /// The business portfolios that have a name; others go by their id.
    pub portfolios: Vec<PortfolioSpec>,
    /// The accounts of which more is known than the numbers tell.
    pub wabas: Vec<WabaSpec>,
    /// The standing of numbers; those not listed are connected and in order.
    pub profiles: Vec<ProfileSpec>,
    /// The tokens that exist, each with what it reaches.
    pub tokens: Vec<TokenSpec>,
    /// Codes of embedded sign-ups that wait to be exchanged.
    pub codes: Vec<CodeSpec>,
    /// How many calls are let through, and how long a code lives.
    pub limits: AccountLimits,
}

/// An app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// Its id.
    pub app_id: String,
    /// Its secret: signs its webhooks and proves its own calls. Absent: the one the simulator was started with.
    #[serde(default)]
    pub app_secret: Option<String>,
    /// Its name.
    #[serde(default = "default_app_name")]
    pub name: String,
    /// Where its webhooks go. Absent: the URLs the simulator was started with.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// The webhook fields it is subscribed to. Empty: all.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// A business portfolio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortfolioSpec {
    /// Its id.
    pub business_id: String,
    /// Its name.
    pub name: String,
}

/// A WhatsApp Business Account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WabaSpec {
    /// Its id.
    pub waba_id: String,
    /// Its name.
    #[serde(default = "default_waba_name")]
    pub name: String,
    /// The portfolio that owns it. Absent: that of its first number.
    #[serde(default)]
    pub portfolio_id: Option<String>,
    /// Its currency.
    #[serde(default = "default_currency")]
    pub currency: String,
    /// Meta's number of its time zone.
    #[serde(default = "default_timezone_id")]
    pub timezone_id: String,
    /// `APPROVED`, `PENDING` or `REJECTED`.
    #[serde(default = "default_review")]
    pub account_review_status: String,
    /// `verified`, `not_verified` and so on.
    #[serde(default = "default_verification")]
    pub business_verification_status: String,
    /// The apps that are subscribed from the start.
    #[serde(default)]
    pub subscribed_apps: Vec<SubscriptionSpec>,
}

/// An app that hears of an account or a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionSpec {
    /// The app.
    pub app_id: String,
    /// Where message webhooks go instead of its callback. It is not asked for its challenge.
    #[serde(default)]
    pub override_callback_uri: Option<String>,
}

/// The standing of a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileSpec {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Its display name.
    pub verified_name: String,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality_rating: String,
    /// `CONNECTED`, `FLAGGED`, `RESTRICTED`, `BANNED`, … Absent: `CONNECTED`, or `PENDING` while not registered.
    pub status: Option<String>,
    /// Of its display name: `APPROVED`, `PENDING_REVIEW`, `DECLINED`, …
    pub name_status: String,
    /// `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`; only a verified number can be registered.
    pub code_verification_status: String,
    /// `LIVE` or `SANDBOX`.
    pub account_mode: String,
    /// Whether it stays in the WhatsApp Business app; such a number is not registered by a call.
    pub is_on_biz_app: bool,
    /// Whether it is registered for the Cloud API; else its sends are refused.
    pub registered: bool,
    /// Its two-step PIN. Absent: the next registration sets it.
    pub pin: Option<String>,
    /// The code with which it refuses to be registered, such as 133015.
    pub refuses_registration: Option<i32>,
    /// Overrides of its own.
    pub overrides: Vec<SubscriptionSpec>,
}

/// Limits of the account side. They are kept once apps are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountLimits {
    /// Management calls per hour of one app on one account: beyond it 80007.
    pub management_per_hour: usize,
    /// The same for an account with a registered number.
    pub management_per_hour_active: usize,
    /// How often a number is registered and deregistered within `registration_window_hours`: beyond it 133016.
    pub registrations: usize,
    /// See `registrations`; the number stays locked for as long.
    pub registration_window_hours: u64,
    /// How long a code lives, in milliseconds.
    pub code_lives_ms: u64,
}

impl AppSpec {
    /// An app with its secret, called back where the simulator was told.
    #[must_use]
    pub fn new(app_id: &str, app_secret: &str) -> Self {
        Self {
            app_id: app_id.to_owned(),
            app_secret: Some(app_secret.to_owned()),
            name: default_app_name(),
            callback_url: None,
            fields: Vec::new(),
        }
    }
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            management_per_hour: 200,
            management_per_hour_active: 5_000,
            registrations: 10,
            registration_window_hours: 72,
            code_lives_ms: 30_000,
        }
    }
}

impl Default for ProfileSpec {
    fn default() -> Self {
        Self {
            phone_number_id: String::new(),
            verified_name: "Waypost Test".to_owned(),
            quality_rating: "GREEN".to_owned(),
            status: None,
            name_status: "APPROVED".to_owned(),
            code_verification_status: "VERIFIED".to_owned(),
            account_mode: "LIVE".to_owned(),
            is_on_biz_app: false,
            registered: true,
            pin: None,
            refuses_registration: None,
            overrides: Vec::new(),
        }
    }
}

impl ProfileSpec {
    /// The standing of a number of which nothing is said.
    #[must_use]
    pub fn of(phone_number_id: &str) -> Self {
        Self { phone_number_id: phone_number_id.to_owned(), ..Self::default() }
    }

    /// Whether Meta has stopped it.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.status(), "BANNED" | "RESTRICTED")
    }

    /// Meta's word for where it stands.
    #[must_use]
    pub fn status(&self) -> &str {
        let usual = if self.registered { "CONNECTED" } else { "PENDING" };
        self.status.as_deref().unwrap_or(usual)
    }
}

impl WabaSpec {
    /// An account of which nothing is said.
    #[must_use]
    pub fn of(waba_id: &str) -> Self {
        Self {
            waba_id: waba_id.to_owned(),
            name: default_waba_name(),
            portfolio_id: None,
            currency: default_currency(),
            timezone_id: default_timezone_id(),
            account_review_status: default_review(),
            business_verification_status: default_verification(),
            subscribed_apps: Vec::new(),
        }
    }
}

macro_rules! shows_only {
    ($name:ident: $($field:ident),+) => {
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))+
                    .finish_non_exhaustive()
            }
        }
    };
}

shows_only!(AppSpec: app_id, name);
shows_only!(SubscriptionSpec: app_id);
shows_only!(ProfileSpec: phone_number_id, status, registered);

pub(super) use shows_only;

fn default_app_name() -> String {
    "Waypost Test App".to_owned()
}

fn default_waba_name() -> String {
    "Waypost Test Account".to_owned()
}

fn default_currency() -> String {
    "USD".to_owned()
}

fn default_timezone_id() -> String {
    "1".to_owned()
}

fn default_review() -> String {
    "APPROVED".to_owned()
}

fn default_verification() -> String {
    "verified".to_owned()
}
