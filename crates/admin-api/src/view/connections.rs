//! What is shown of connections: never a secret, only what tells secrets apart.

use chrono::{DateTime, Utc};
use domain::ids::{AppId, ConnectionId, PhoneNumberId, WabaId};
use serde::Serialize;
use store::app_secrets::Mark;
use store::connections::{Connection, Kind};
use utoipa::ToSchema;

use crate::connections::diagnosis::Finding;
use crate::connections::{Created, Doubt, Report};

/// A set of credentials with which the tenant reaches Meta.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    /// Its id, a UUIDv7.
    #[schema(value_type = Uuid)]
    connection_id: ConnectionId,
    /// Whose app signs its webhooks: `platform` or `own_app`.
    #[schema(example = "own_app")]
    kind: &'static str,
    /// What people call it; may be empty.
    label: String,
    /// Meta's id of the app; null when not told.
    #[schema(value_type = Option<String>)]
    app_id: Option<AppId>,
    /// `ACTIVE`; `NEEDS_ATTENTION`: somebody has to do something, what can be sent is sent;
    /// `DISCONNECTED`: nothing is sent.
    #[schema(example = "ACTIVE")]
    status: &'static str,
    /// What is to be done; null: nothing.
    status_reason: Option<String>,
    /// What it claims and Meta has not confirmed; null: nothing. A claim keeps nobody from a number.
    claim: Option<ClaimView>,
    /// Null: it has none.
    access_token: Option<TokenView>,
    /// The secrets that prove its webhooks, the current one first; two during a rotation.
    app_secrets: Vec<SecretView>,
    /// Whether Meta is answered when it asks for the webhook URL.
    has_verify_token: bool,
    /// Where Meta posts: the callback URL for the app's dashboard.
    #[schema(example = "https://wa.example.com/webhooks/whatsapp/…")]
    webhook_url: String,
    /// Until when nothing is sent because Meta refused; null: it is not blocked.
    blocked_until: Option<DateTime<Utc>>,
    /// What is to be done to unblock it.
    blocked_reason: Option<String>,
    /// Null: it was never tested.
    last_test: Option<LastTest>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// A WABA and its number, as somebody gave them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimView {
    /// Meta's id of the account.
    #[schema(value_type = Option<String>)]
    waba_id: Option<WabaId>,
    /// Meta's id of the number.
    #[schema(value_type = Option<String>)]
    phone_number_id: Option<PhoneNumberId>,
}

/// What may be seen of an access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// First 12 hex digits of its SHA-256; null for one of an older version.
    fingerprint: Option<String>,
    /// When it was given.
    given_at: DateTime<Utc>,
    /// When Meta will refuse it; null: never, or not known.
    expires_at: Option<DateTime<Utc>>,
}

/// What may be seen of an app secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    /// First 12 hex digits of its SHA-256.
    fingerprint: String,
    /// When it was given.
    given_at: DateTime<Utc>,
    /// From when it proves nothing new; null: it is the current one.
    retires_at: Option<DateTime<Utc>>,
}

/// What the last test found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastTest {
    /// When.
    at: DateTime<Utc>,
    /// `ok`, or the kind of failure.
    #[schema(example = "ok")]
    status: String,
    /// What it found, in words.
    detail: String,
}

impl ConnectionView {
    /// `public_url`: where Meta reaches the webhooks, without a slash at the end; may be empty.
    pub(crate) fn new(row: Connection, secrets: Vec<Mark>, public_url: &str) -> Self {
        let path = match (&row.kind, &row.webhook_token) {
            (Kind::OwnApp, Some(token)) => format!("/webhooks/whatsapp/{token}"),
            (Kind::OwnApp, None) => "/api/webhooks/whatsapp".to_owned(),
            (Kind::Platform, _) => "/webhooks/whatsapp".to_owned(),
        };
        let has_claim = row.claimed_waba_id.is_some() || row.claimed_phone_number_id.is_some();
        let secret = |mark: Mark| SecretView {
            fingerprint: mark.fingerprint,
            given_at: mark.created_at,
            retires_at: mark.retires_at,
        };
        let (status, detail) = (row.last_test_status, row.last_test_detail);
        Self {
            connection_id: row.connection_id,
            kind: row.kind.as_str(),
            label: row.label,
            app_id: row.app_id,
            status: row.status.as_str(),
            status_reason: row.status_reason,
            claim: has_claim.then_some(ClaimView {
                waba_id: row.claimed_waba_id,
                phone_number_id: row.claimed_phone_number_id,
            }),
            access_token: row.sealed_token.is_some().then_some(TokenView {
                fingerprint: row.token_fingerprint,
                given_at: row.updated_at,
                expires_at: row.token_expires_at,
            }),
            app_secrets: secrets.into_iter().map(secret).collect(),
            has_verify_token: row.sealed_verify_token.is_some(),
            webhook_url: format!("{public_url}{path}"),
            blocked_until: row.blocked_until,
            blocked_reason: row.blocked_reason,
            last_test: row.last_test_at.map(|at| LastTest {
                at,
                status: status.unwrap_or_default(),
                detail: detail.unwrap_or_default(),
            }),
            created_at: row.created_at,
        }
    }
}

/// A tenant's connections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionList {
    /// The oldest first.
    pub(crate) data: Vec<ConnectionView>,
}

/// A connection that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedView {
    #[serde(flatten)]
    pub(crate) connection: ConnectionView,
    /// The verify token, if we made it: shown this once. Null: it was given.
    verify_token: Option<String>,
    /// Why Meta has not confirmed the claim; null: it has.
    doubt: Option<DoubtView>,
}

impl CreatedView {
    pub(crate) fn new(connection: ConnectionView, created: Created) -> Self {
        let doubt = created.doubt.map(DoubtView::from);
        Self { connection, verify_token: created.verify_token, doubt }
    }
}

/// A verify token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerifyTokenView {
    /// The token that we made, shown this once; null: it was given.
    pub(crate) verify_token: Option<String>,
}

/// What Meta does not bear out, and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoubtView {
    /// The kind of trouble.
    #[schema(example = "token_expired")]
    kind: &'static str,
    /// JSON pointer to the value that is to blame; empty: none is.
    #[schema(example = "/access_token")]
    pointer: &'static str,
    /// What is wrong.
    cause: String,
    /// What to do.
    remedy: String,
}

impl From<Doubt> for DoubtView {
    fn from(doubt: Doubt) -> Self {
        let Doubt { kind, pointer, cause, remedy, retry_after: _ } = doubt;
        Self { kind, pointer, cause, remedy }
    }
}

/// What a test found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestView {
    /// Whether Meta showed the number.
    ok: bool,
    /// `ok`, or the kind of failure.
    #[schema(example = "token_expired")]
    status: &'static str,
    /// When it was tested.
    tested_at: DateTime<Utc>,
    /// Meta's id of the number; null when it failed.
    phone_number_id: Option<String>,
    /// The name that customers see.
    verified_name: Option<String>,
    /// The business number as people write it.
    display_phone_number: Option<String>,
    /// Meta's word for the number; only `CONNECTED` can send.
    number_status: Option<String>,
    /// What is wrong; null when it is ok.
    cause: Option<String>,
    /// What to do; null when it is ok.
    remedy: Option<String>,
}

impl From<Report> for TestView {
    fn from(report: Report) -> Self {
        let (tested, doubt) = match report.outcome {
            Ok(tested) => (Some(tested), None),
            Err(doubt) => (None, Some(doubt)),
        };
        let tested = tested.as_ref();
        Self {
            ok: doubt.is_none(),
            status: doubt.as_ref().map_or("ok", |doubt| doubt.kind),
            tested_at: report.tested_at,
            phone_number_id: tested.map(|tested| tested.phone_number_id.to_string()),
            verified_name: tested.and_then(|tested| tested.verified_name.clone()),
            display_phone_number: tested.and_then(|tested| tested.display_phone_number.clone()),
            number_status: tested.and_then(|tested| tested.status.clone()),
            cause: doubt.as_ref().map(|doubt| doubt.cause.clone()),
            remedy: doubt.map(|doubt| doubt.remedy),
        }
    }
}

/// All checks of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiagnosisView {
    /// In the order in which trouble is best mended.
    data: Vec<CheckView>,
}

/// What one check found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckView {
    /// What was checked.
    #[schema(example = "token_valid")]
    check: &'static str,
    /// `ok`, `failed` or `unknown`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What was seen.
    cause: String,
    /// What to do; empty: nothing.
    remedy: String,
}

impl From<Vec<Finding>> for DiagnosisView {
    fn from(findings: Vec<Finding>) -> Self {
        let view = |finding: Finding| CheckView {
            check: finding.check,
            status: finding.verdict.as_str(),
            cause: finding.cause,
            remedy: finding.remedy,
        };
        Self { data: findings.into_iter().map(view).collect() }
    }
}
