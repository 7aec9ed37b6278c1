//! Which apps hear of an account.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::loose;

/// One subscribed app. `Debug` leaves its callback out: such an address may hold a secret part.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribedApp {
    /// The app.
    #[serde(default, deserialize_with = "loose::optional_object")]
    pub whatsapp_business_api_data: Option<AppInfo>,
    /// Where message webhooks go instead of the app's own callback.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub override_callback_uri: Option<String>,
}

impl fmt::Debug for SubscribedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscribedApp")
            .field("app", &self.whatsapp_business_api_data)
            .field("has_override", &self.override_callback_uri.is_some())
            .finish()
    }
}

/// Whether an app is among those that are subscribed; where its id is not known, whether any is.
pub fn hears(apps: &[SubscribedApp], app_id: Option<&str>) -> bool {
    apps.iter().any(|app| {
        let id = app.whatsapp_business_api_data.as_ref().and_then(|data| data.id.as_deref());
        id.is_some_and(|id| app_id.is_none_or(|app_id| app_id == id))
    })
}

/// An app as others see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppInfo {
    /// The app id.
    #[serde(default, deserialize_with = "loose::optional_text")]
    pub id: Option<String>,
    /// Its name.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its page.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub link: Option<String>,
}
