//! Meta's errors: codes, HTTP statuses and texts, and the shape of an error answer.
//!
//! Source: WhatsApp Cloud API error codes (<https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes>).

mod accounts;

use serde_json::{Value, json};

pub use accounts::Ending;

/// One of Meta's synchronous errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GraphError {
    /// The HTTP status of the answer.
    pub(crate) http_status: u16,
    /// Meta's code.
    pub(crate) code: i32,
    /// The finer code that some Graph errors carry.
    pub(crate) subcode: Option<i32>,
    /// Whose kind of error it is: `OAuthException` nearly always.
    kind: &'static str,
    message: String,
    details: Option<String>,
}

impl GraphError {
    /// The error with this code and its usual text.
    pub(crate) fn of(code: i32) -> Self {
        Self {
            http_status: http_status(code),
            code,
            subcode: None,
            kind: "OAuthException",
            message: format!("(#{code}) {}", title(code)),
            details: None,
        }
    }

    /// The error with this code, and what exactly was wrong.
    pub(crate) fn with(code: i32, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::of(code) }
    }

    /// A required parameter is missing: 131008.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::with(131_008, format!("Parameter '{parameter}' is mandatory"))
    }

    /// A parameter's value is not one Meta takes: 131009.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::with(131_009, details)
    }

    /// A parameter is not of the shape that Graph expects: 100 with its own message.
    pub(crate) fn parameter(message: &str) -> Self {
        Self { message: format!("(#100) {message}"), ..Self::of(100) }
    }

    /// The text is too long: 100 with the parameter and its limit.
    pub(crate) fn too_long(parameter: &str, limit: usize) -> Self {
        Self::parameter(&format!("Param {parameter} must be at most {limit} characters long."))
    }

    /// There is no such object for this token: 100 with subcode 33.
    pub(crate) fn unknown_object(id: &str) -> Self {
        Self {
            subcode: Some(33),
            kind: "GraphMethodException",
            message: format!(
                "Unsupported post request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
                 permissions, or does not support this operation. Please read the Graph API documentation at \
                 https://developers.facebook.com/docs/graph-api"
            ),
            ..Self::of(100)
        }
    }

    /// The token is none that Meta knows: 190.
    pub(crate) fn unknown_token() -> Self {
        Self {
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            ..Self::of(190)
        }
    }

    /// There is no token at all: 104.
    pub(crate) fn no_token() -> Self {
        Self {
            message: "An access token is required to request this resource.".to_owned(),
            ..Self::of(104)
        }
    }

    /// The path is none of this API: 2500. A version that is not served ends here too.
    pub(crate) fn unknown_path(path: &str) -> Self {
        Self { message: format!("Unknown path components: {path}"), ..Self::of(2500) }
    }

    /// The same error with another HTTP status.
    pub(crate) fn answered(self, http_status: u16) -> Self {
        Self { http_status, ..self }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, trace: &str) -> Value {
        let mut error = json!({ "message": self.message, "type": self.kind, "code": self.code });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        error["fbtrace_id"] = json!(trace);
        json!({ "error": error })
    }
}

/// The usual text of a code, without its number.
pub(crate) fn title(code: i32) -> &'static str {
    row(code).map_or("An unknown error has occurred.", |(_, _, title)| title)
}

/// What a failed status says about itself beyond its title.
pub(crate) fn explanation(code: i32) -> &'static str {
    match code {
        131_026 => "Message Undeliverable.",
        131_047 => {
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
        }
        131_048 => {
            "Message failed to send because there are restrictions on how many messages can be sent from this phone number."
        }
        131_049 => {
            "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."
        }
        131_053 => {
            "Media upload error: the media could not be fetched or its type is not supported."
        }
        132_015 => {
            "Template is paused due to low quality so it cannot be sent in a template message."
        }
        _ => title(code),
    }
}

fn http_status(code: i32) -> u16 {
    row(code).map_or(400, |(_, http_status, _)| http_status)
}

fn row(code: i32) -> Option<(i32, u16, &'static str)> {
    TABLE
        .binary_search_by_key(&code, |(known, _, _)| *known)
        .ok()
        .and_then(|at| TABLE.get(at))
        .copied()
}

/// Code, HTTP status, title; in the order of the codes.
const TABLE: &[(i32, u16, &str)] = &[
    (0, 401, "AuthException"),
    (1, 400, "An unknown error has occurred."),
    (2, 503, "Service temporarily unavailable"),
    (3, 500, "Application does not have the capability to make this API call."),
    (4, 400, "Application request limit reached"),
    (10, 403, "Application does not have permission for this action"),
    (17, 400, "User request limit reached"),
    (33, 400, "Parameter value is not valid"),
    (100, 400, "Invalid parameter"),
    (101, 400, "Error validating application"),
    (104, 401, "An access token is required to request this resource."),
    (190, 401, "Access token has expired"),
    (200, 403, "Permissions error"),
    (341, 400, "Application limit reached"),
    (368, 403, "Temporarily blocked for policies violations"),
    (613, 400, "Calls to this api have exceeded the rate limit."),
    (803, 404, "Some of the aliases you requested do not exist"),
    (1026, 400, "Receiver incapable"),
    (2200, 400, "Callback verification failed"),
    (2500, 400, "Unknown path components"),
    (80007, 400, "Rate limit issues"),
    (130_403, 400, "Business has blocked the user"),
    (130_429, 400, "Rate limit hit"),
    (130_472, 400, "User's number is part of an experiment"),
    (130_497, 403, "Business account is restricted from messaging users in this country."),
    (131_000, 500, "Something went wrong"),
    (131_005, 403, "Access denied"),
    (131_008, 400, "Required parameter is missing"),
    (131_009, 400, "Parameter value is not valid"),
    (131_016, 500, "Service unavailable"),
    (131_021, 400, "Recipient cannot be sender"),
    (131_026, 400, "Message undeliverable"),
    (131_030, 400, "Recipient phone number not in allowed list"),
    (131_031, 403, "Business Account locked"),
    (
        131_037,
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
    ),
    (131_041, 400, "Group does not exist or is not available"),
    (131_042, 400, "Business eligibility payment issue"),
    (131_045, 500, "Message failed to send due to phone number registration error"),
    (131_047, 400, "Re-engagement message"),
    (131_048, 400, "Spam rate limit hit"),
    (131_049, 400, "This message was not delivered to maintain healthy ecosystem engagement."),
    (
        131_050,
        400,
        "Recipient has chosen to stop receiving marketing messages on WhatsApp from your business.",
    ),
    (131_051, 400, "Unsupported message type"),
    (131_052, 400, "Media download error"),
    (131_053, 400, "Media upload error"),
    (131_055, 400, "Method not allowed"),
    (131_056, 400, "(Business Account, Consumer Account) pair rate limit hit"),
    (131_057, 500, "Business account is in maintenance mode"),
    (131_059, 400, "Invalid pagination cursor"),
    (131_062, 400, "Business-scoped user id recipients are not supported for this message"),
    (131_063, 400, "Marketing templates are disabled on Cloud API"),
    (131_064, 400, "Limit reached due to template classification violations"),
    (132_000, 400, "Number of parameters does not match the expected number of params"),
    (132_001, 404, "Template name does not exist in the translation"),
    (132_005, 400, "Translated text too long"),
    (132_007, 400, "Template format character policy violated"),
    (132_008, 400, "Template format mismatch"),
    (132_012, 400, "Parameter format does not match format in the created template"),
    (132_015, 400, "Template is paused"),
    (132_016, 400, "Template is disabled"),
    (132_018, 400, "Template parameter validation error"),
    (132_068, 400, "Flow is blocked"),
    (132_069, 400, "Flow is throttled"),
    (133_000, 500, "Incomplete deregistration"),
    (133_004, 503, "Server temporarily unavailable"),
    (133_005, 400, "Two-step verification PIN mismatch"),
    (133_006, 400, "Phone number re-verification needed"),
    (133_010, 400, "Phone number not registered"),
    (133_015, 400, "Please wait a few minutes before attempting to register this phone number"),
    (133_016, 400, "Account register/deregister rate limit exceeded"),
    (134_011, 400, "WhatsApp Payments terms of service pending"),
    (135_000, 400, "Generic user error"),
    (137_000, 400, "Recipient identity key hash mismatch"),
    (139_200, 400, "Direct Send is blocked for this account"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_its_codes() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn an_error_has_the_shape_of_metas_own_example() {
        let body = GraphError::missing("to").body("AbCdEf");

        assert_eq!(
            body,
            json!({"error": {
                "message": "(#131008) Required parameter is missing",
                "type": "OAuthException",
                "code": 131008,
                "error_data": {"messaging_product": "whatsapp", "details": "Parameter 'to' is mandatory"},
                "fbtrace_id": "AbCdEf"}})
        );
    }
}
