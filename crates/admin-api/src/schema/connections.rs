//! What requests about connections look like, for the API document.

use utoipa::ToSchema;

/// The tenant's own app, its WABA and number.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::connections` reads")]
pub(crate) struct OwnAppRequest {
    /// What people call it: one line of at most 100 characters.
    label: Option<String>,
    /// Meta's id of the app: App settings › Basic.
    #[schema(example = "670843887433847", pattern = "^[0-9]{1,32}$")]
    app_id: String,
    /// The App Secret, with which the app signs its webhooks: App settings › Basic › Show. Neither
    /// the access token nor the verify token.
    #[schema(pattern = "^[0-9a-z]{32,200}$")]
    app_secret: String,
    /// Meta's id of the WhatsApp Business Account: WhatsApp › API Setup.
    #[schema(example = "102290129340398", pattern = "^[0-9]{1,32}$")]
    waba_id: String,
    /// Meta's id of the number, beside it: not the number itself.
    #[schema(example = "106540352242922", pattern = "^[0-9]{1,32}$")]
    phone_number_id: String,
    /// A system user's token with `whatsapp_business_management` and
    /// `whatsapp_business_messaging`, with Never expire checked.
    access_token: String,
    /// A word of your own that Meta says when it asks for the webhook URL; without it we make one.
    verify_token: Option<String>,
}

/// A label.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::connections` reads")]
pub(crate) struct LabelRequest {
    /// One line of at most 100 characters.
    label: String,
}

/// An access token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::connections` reads")]
pub(crate) struct AccessTokenRequest {
    /// The token.
    access_token: String,
}

/// An app secret.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::connections` reads")]
pub(crate) struct AppSecretRequest {
    /// The secret.
    #[schema(pattern = "^[0-9a-z]{32,200}$")]
    app_secret: String,
    /// For how many hours the secret before proves webhooks, default 24.
    #[schema(minimum = 0, maximum = 168)]
    old_valid_for_hours: Option<u32>,
}

/// A verify token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `handlers::connections` reads")]
pub(crate) struct VerifyTokenRequest {
    /// The token; without it we make one.
    verify_token: Option<String>,
}
