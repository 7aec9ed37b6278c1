//! The handshake in which Meta asks whether a URL is ours.
//!
//! Source: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>.

use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::door::{Closed, Door};
use crate::refusal::closed;
use crate::routes::Ingress;

/// What Meta asks; it must not be logged, since it holds the token.
#[derive(Deserialize)]
struct Challenge {
    #[serde(rename = "hub.mode")]
    mode: String,
    #[serde(rename = "hub.verify_token")]
    token: String,
    #[serde(rename = "hub.challenge")]
    challenge: String,
}

/// `GET /webhooks/whatsapp`.
pub(crate) async fn platform(request: HttpRequest, ingress: Data<Ingress>) -> HttpResponse {
    answer(&request, &ingress, Ok(Door::Platform))
}

/// `GET /webhooks/whatsapp/{webhook_token}`.
pub(crate) async fn tenant(
    request: HttpRequest,
    webhook_token: Path<String>,
    ingress: Data<Ingress>,
) -> HttpResponse {
    answer(&request, &ingress, ingress.tenant(&webhook_token))
}

/// `GET /api/webhooks/whatsapp`.
pub(crate) async fn shared(request: HttpRequest, ingress: Data<Ingress>) -> HttpResponse {
    answer(&request, &ingress, ingress.shared())
}

/// 200 with the challenge, 403 for another token or mode, 400 when a parameter is missing; 404 for
/// an unknown URL. Asks nobody else, so that it answers whatever is away.
fn answer(request: &HttpRequest, ingress: &Ingress, door: Result<Door, Closed>) -> HttpResponse {
    let door = match door {
        Ok(door) => door,
        Err(why) => return closed(&why, None),
    };
    let Ok(asked) = Query::<Challenge>::from_query(request.query_string()) else {
        return HttpResponse::BadRequest()
            .content_type(ContentType::plaintext())
            .body("hub.mode, hub.verify_token and hub.challenge are needed\n");
    };
    if !ingress.knows(&door, &asked.token) || asked.mode != "subscribe" {
        tracing::debug!("a challenge was refused");
        return HttpResponse::Forbidden()
            .content_type(ContentType::plaintext())
            .body("hub.verify_token or hub.mode is not the expected one\n");
    }
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .insert_header(("x-content-type-options", "nosniff"))
        .body(asked.into_inner().challenge)
}

impl Ingress {
    fn knows(&self, door: &Door, verify_token: &str) -> bool {
        let code = self.coder.code(verify_token);
        let is_platforms = code == self.verify_token;
        let is_known = match door {
            Door::Platform => return is_platforms,
            Door::Tenant(address) => address.is_verify_token(&code),
            Door::Shared(keys) => is_platforms || keys.is_verify_token(&code),
        };
        if !is_known {
            self.keyring.want_news();
        }
        is_known
    }
}
