//! What a request can be refused for, and the one table from there to HTTP.
//!
//! A variant tells the caller what to do. What went wrong inside is never shown: it is logged, once,
//! by [`crate::problem::problems`], under the request id that the caller is given.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use domain::delivery::DeliveryStatus;
use domain::field::FieldError;
use graph_api::error::ApiFailure;

use crate::auth::TENANT_HEADER;
use crate::callers;
use crate::connections::Refused;
use crate::keys::Scope;
use crate::problem::{self, Fault};
use crate::replay::NotReplayed;

/// Why a request is not answered as it was meant to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(
        "send an API key in the header Authorization, as in `Bearer wp_…`; none came with the \
         request, or one that is not valid or was revoked"
    )]
    Unauthenticated,
    #[error(
        "send a valid API key in the header Authorization, as in `Bearer wp_…`; what came is none, \
         or was revoked"
    )]
    WrongKey,
    #[error("{0}")]
    InvalidToken(identity::Refused),
    #[error(
        "the identity provider's keys cannot be had now, so no token can be checked; ask again"
    )]
    ProviderAway,
    #[error(
        "the token is good, but its holder is a member of no tenant here; an owner adds them, by \
         the `sub` of their tokens or by an address that the identity provider has verified"
    )]
    NotAMember,
    #[error(
        "the caller is a member of several tenants; say in the header {TENANT_HEADER} which one is \
         meant, by name or id as GET /v1/me lists them"
    )]
    WhichTenant,
    #[error("the caller lacks the scope {scope}")]
    Forbidden { scope: Scope },
    #[error(
        "the caller may not act for the tenant that the header {TENANT_HEADER} names; leave it out, \
         or name one that GET /v1/me lists"
    )]
    NotTheirTenant,
    #[error("there is no such message; a message id is the UUID that the enqueue answered")]
    NoSuchMessage,
    #[error(
        "there is no such number or account of yours, or no token to ask Meta about it; a media id \
         needs the parameter phone_number_id when there are several numbers, and no other"
    )]
    NoSuchNode,
    #[error("there is no such signup; a signup id is the UUID that its start answered")]
    NoSuchSignup,
    #[error(
        "no webhook POST of that id concerns you, or it is forgotten; GET /v1/webhook-events lists \
         those that do"
    )]
    NoSuchWebhookEvent,
    #[error("{0}")]
    NotReplayed(NotReplayed),
    #[error("somebody works on this signup at the moment; ask again")]
    SignupBusy,
    #[error(
        "this installation has no platform app to sign up for; its operator sets META_APP_ID, or \
         connect an app of your own"
    )]
    NoPlatformApp,
    #[error("there is nothing at this path; the API is described at /docs")]
    NoSuchPath,
    #[error("this path takes {allow}")]
    MethodNotAllowed { allow: String },
    #[error("the header {header} {detail}")]
    WrongHeader { header: &'static str, detail: &'static str },
    #[error("the query string has parameters that cannot be used")]
    WrongParameters(Vec<Fault>),
    #[error("the body {detail}")]
    WrongMediaType { detail: &'static str },
    #[error("the body must not be larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body did not arrive whole")]
    CutOff,
    #[error("the body is not JSON: {what} at line {line}, column {column}")]
    UnreadableJson { what: &'static str, line: usize, column: usize },
    #[error("{} of the body cannot be accepted", fields(.0.len()))]
    WrongFields(Vec<FieldError>),
    #[error("this Idempotency-Key came with another request before; use a new one")]
    OtherRequest,
    #[error("a request with this Idempotency-Key is being worked on; ask again")]
    InProgress,
    #[error("only a message that still waits can be cancelled; this one is {0}")]
    Stands(DeliveryStatus),
    #[error("only a message whose fate is unknown can be resolved; this one is {0}")]
    Known(DeliveryStatus),
    #[error("{0}")]
    Connection(Refused),
    #[error("{0}")]
    Caller(callers::Refused),
    #[error("something that is needed for the answer is away; nothing was done, ask again")]
    Unavailable(#[source] store::Error),
    #[error("no answer came from Meta; ask again")]
    MetaAway(#[source] ApiFailure),
    #[error(
        "no call to Meta is left: it limits how often an app may ask about an account; try again after \
         the time in the header Retry-After, sends of messages are not concerned"
    )]
    TooManyCalls(Duration),
    #[error("it is our fault, and the log knows more under the request id")]
    Internal(#[source] store::Error),
}

/// What the table says of an error.
pub(crate) struct Row {
    pub(crate) status: StatusCode,
    /// The end of the problem type `urn:waypost:problem:…`, and the reason in metrics.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
}

impl ApiError {
    /// The table.
    pub(crate) fn row(&self) -> Row {
        let row = |status, name, title| Row { status, name, title };
        match self {
            Self::Unauthenticated => {
                row(StatusCode::UNAUTHORIZED, "unauthenticated", "No valid API key")
            }
            Self::WrongKey => row(StatusCode::UNAUTHORIZED, "unauthenticated", "No valid API key"),
            Self::InvalidToken(_) => {
                row(StatusCode::UNAUTHORIZED, "invalid-token", "No valid token")
            }
            Self::ProviderAway => {
                row(StatusCode::SERVICE_UNAVAILABLE, "provider-away", "Not available now")
            }
            Self::NotAMember => row(StatusCode::FORBIDDEN, "not-a-member", "Not a member"),
            Self::WhichTenant => {
                row(StatusCode::BAD_REQUEST, "which-tenant", "Which tenant is meant?")
            }
            Self::Forbidden { .. } => {
                row(StatusCode::FORBIDDEN, "forbidden", "The caller may not do this")
            }
            Self::NotTheirTenant => {
                row(StatusCode::FORBIDDEN, "not-their-tenant", "Not a tenant of the caller")
            }
            Self::NoSuchMessage => row(StatusCode::NOT_FOUND, "no-such-message", "No such message"),
            Self::NoSuchNode => row(StatusCode::NOT_FOUND, "no-such-node", "No such object"),
            Self::NoSuchSignup => row(StatusCode::NOT_FOUND, "no-such-signup", "No such signup"),
            Self::NoSuchWebhookEvent | Self::NotReplayed(NotReplayed::Missing) => {
                row(StatusCode::NOT_FOUND, "no-such-webhook-event", "No such webhook event")
            }
            Self::NotReplayed(NotReplayed::BusAway) => {
                row(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now")
            }
            Self::NotReplayed(_) => row(StatusCode::CONFLICT, "not-replayable", "Not replayable"),
            Self::SignupBusy => row(StatusCode::CONFLICT, "signup-busy", "Being worked on"),
            Self::NoPlatformApp => row(StatusCode::CONFLICT, "no-platform-app", "No platform app"),
            Self::NoSuchPath => row(StatusCode::NOT_FOUND, "no-such-path", "No such path"),
            Self::MethodNotAllowed { .. } => {
                row(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::WrongHeader { .. } => {
                row(StatusCode::BAD_REQUEST, "wrong-header", "A header cannot be used")
            }
            Self::WrongParameters(_) => {
                row(StatusCode::BAD_REQUEST, "wrong-parameters", "A query parameter is wrong")
            }
            Self::WrongMediaType { .. } => {
                row(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-media-type", "Not JSON")
            }
            Self::TooLarge { .. } => {
                row(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            }
            Self::TooSlow => row(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body is too slow"),
            Self::CutOff => row(StatusCode::BAD_REQUEST, "cut-off", "The body is not whole"),
            Self::UnreadableJson { .. } => {
                row(StatusCode::BAD_REQUEST, "unreadable-json", "The body is not JSON")
            }
            Self::WrongFields(_) => {
                row(StatusCode::UNPROCESSABLE_ENTITY, "wrong-fields", "Fields are wrong")
            }
            Self::OtherRequest => {
                row(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "Key used before")
            }
            Self::InProgress => {
                row(StatusCode::CONFLICT, "idempotency-key-in-progress", "Still being worked on")
            }
            Self::Stands(_) => row(StatusCode::CONFLICT, "not-waiting", "Too late to cancel"),
            Self::Known(_) => row(StatusCode::CONFLICT, "not-unknown", "Its fate is known"),
            Self::Connection(refused) => connection(refused),
            Self::Caller(refused) => refused.row(),
            Self::Unavailable(_) => {
                row(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now")
            }
            Self::TooManyCalls(_) => too_many_calls(),
            Self::MetaAway(_) => row(StatusCode::BAD_GATEWAY, "meta-away", "Meta does not answer"),
            Self::Internal(_) => {
                row(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong")
            }
        }
    }

    /// Seconds after which a call to Meta is left again, when that is the problem.
    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        let wait = match self {
            Self::TooManyCalls(wait) => Some(*wait),
            Self::Connection(Refused::Doubt(doubt)) => doubt.retry_after,
            _ => None,
        };
        wait.map(|wait| wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX))
    }

    /// Refused because of one field.
    pub(crate) fn field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::WrongFields(vec![FieldError { pointer: pointer.to_owned(), detail: detail.into() }])
    }

    /// The number in `from` is not the tenant's. Whether it is somebody else's is not told.
    pub(crate) fn unknown_sender() -> Self {
        Self::field("/from", "is not the phone_number_id of one of your numbers")
    }

    /// The parser's words may quote the body; only the place is taken over.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            _ if error.to_string().starts_with("recursion limit") => "it is nested too deep",
            _ => "a fault",
        };
        Self::UnreadableJson { what, line: error.line(), column: error.column() }
    }
}

fn fields(count: usize) -> String {
    if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
}

fn too_many_calls() -> Row {
    let (name, title) = ("too-many-calls", "No call to Meta is left");
    Row { status: StatusCode::TOO_MANY_REQUESTS, name, title }
}

fn connection(refused: &Refused) -> Row {
    let row = |status, name, title| Row { status, name, title };
    match refused {
        Refused::Missing => row(StatusCode::NOT_FOUND, "no-such-connection", "No such connection"),
        Refused::NoNumber => row(StatusCode::NOT_FOUND, "no-such-number", "No such number"),
        Refused::Taken | Refused::OtherWaba | Refused::OtherConnection(_) => {
            row(StatusCode::CONFLICT, "connected-elsewhere", "Connected elsewhere")
        }
        Refused::PlatformApp => row(StatusCode::CONFLICT, "platform-app", "Not an own app"),
        Refused::NoToken => row(StatusCode::CONFLICT, "no-access-token", "No access token"),
        Refused::Doubt(doubt) if doubt.retry_after.is_some() => too_many_calls(),
        Refused::Doubt(doubt) if doubt.is_silence() => {
            row(StatusCode::SERVICE_UNAVAILABLE, "meta-silent", "Meta does not answer")
        }
        Refused::Doubt(_) => {
            row(StatusCode::UNPROCESSABLE_ENTITY, "meta-refuses", "Meta does not bear it out")
        }
        Refused::Store(_) => {
            row(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong")
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            refused => Self::Connection(refused),
        }
    }
}

impl From<ApiFailure> for ApiError {
    fn from(failure: ApiFailure) -> Self {
        failure.retry_after.map_or(Self::MetaAway(failure), Self::TooManyCalls)
    }
}

impl From<callers::Refused> for ApiError {
    fn from(refused: callers::Refused) -> Self {
        match refused {
            callers::Refused::Store(error) => error.into(),
            refused => Self::Caller(refused),
        }
    }
}

impl From<NotReplayed> for ApiError {
    fn from(error: NotReplayed) -> Self {
        match error {
            NotReplayed::Store(error) => error.into(),
            error => Self::NotReplayed(error),
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        if error.is_unavailable() { Self::Unavailable(error) } else { Self::Internal(error) }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.row().status
    }

    fn error_response(&self) -> HttpResponse {
        problem::answer(self, None)
    }
}
