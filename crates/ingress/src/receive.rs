//! A POST to a webhook URL: body, signature, one confirmed publish, answer.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use contracts::{Rejection, SignatureState, WebhookReceived};
use domain::ids::EventId;
use domain::scope::Scope;
use graph_api::webhook::{RoutingWords, UNPARSED, routing_words};

use crate::body::{self, Unread};
use crate::door::Door;
use crate::forward::Kept;
use crate::metrics::Outcome;
use crate::refusal::{BACK_SOON, closed, refuse};
use crate::routes::{Ingress, REJECTED};
use crate::signatures;

/// How much is kept of a body that nobody vouches for, in bytes: enough to see what it is.
const REJECTED_BODY: usize = 64 << 10;

/// When to come back above the cap, in seconds.
const BACK_LATER: &str = "60";

type Answer = (Outcome, HttpResponse);

/// `POST /webhooks/whatsapp`.
pub(crate) async fn platform(
    request: HttpRequest,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    ingress.receive(&Door::Platform, &request, payload).await
}

/// `POST /webhooks/whatsapp/{webhook_token}`.
pub(crate) async fn tenant(
    request: HttpRequest,
    payload: Payload,
    webhook_token: Path<String>,
    ingress: Data<Ingress>,
) -> HttpResponse {
    match ingress.tenant(&webhook_token) {
        Ok(door) => ingress.receive(&door, &request, payload).await,
        Err(why) => closed(&why, Some(payload)),
    }
}

/// `POST /api/webhooks/whatsapp`.
pub(crate) async fn shared(
    request: HttpRequest,
    payload: Payload,
    ingress: Data<Ingress>,
) -> HttpResponse {
    match ingress.shared() {
        Ok(door) => ingress.receive(&door, &request, payload).await,
        Err(why) => closed(&why, Some(payload)),
    }
}

impl Ingress {
    /// What Meta is told: 200 once the POST is safe, 503 when it can be kept nowhere.
    ///
    /// Whoever signs nothing is told so before the body is read.
    async fn receive(&self, door: &Door, request: &HttpRequest, payload: Payload) -> HttpResponse {
        let header = signatures::header(request.headers());
        let (outcome, response) = match signatures::fault(header) {
            Some(state) => self.reject_unread(door, state, header, payload).await,
            None => self.verify(door, header, announced_length(request), payload).await,
        };
        self.metrics.count(door.source(), outcome);
        response
    }

    async fn verify(
        &self,
        door: &Door,
        header: Option<&str>,
        announced: Option<usize>,
        mut payload: Payload,
    ) -> Answer {
        let (max, within) = (self.config.max_body, self.config.body_timeout);
        let body = match body::read(&mut payload, announced, max, within).await {
            Ok(body) => body,
            Err(unread) => return incomplete(&unread, payload),
        };
        if let Some(scope) = self.prove(door, &body, header) {
            return self.accept(door, scope, body).await;
        }
        let state = SignatureState::Mismatch;
        if !self.flood.admits(door.source(), state) {
            return flooded(None);
        }
        let rejection = Rejection {
            addressed: door.source().addressed(),
            presented: signatures::presented(header),
            body_is_cut: body.len() > REJECTED_BODY,
        };
        let body = body.slice(..body.len().min(REJECTED_BODY));
        self.reject(door, state, body, rejection, None).await
    }

    async fn accept(&self, door: &Door, scope: Scope, body: Bytes) -> Answer {
        self.metrics.measure(&body);
        let routing_key = routing_words(&body).map_or(UNPARSED, RoutingWords::key);
        let event =
            WebhookReceived { scope: Some(scope), ..event(door, SignatureState::Valid, body) };
        match self.forward.forward(&event, routing_key).await {
            Kept::Published => (Outcome::Accepted, HttpResponse::Ok().finish()),
            Kept::Spooled => (Outcome::Spooled, HttpResponse::Ok().finish()),
            Kept::Nowhere => {
                let mut response = HttpResponse::ServiceUnavailable();
                response.insert_header((RETRY_AFTER, BACK_SOON));
                (Outcome::Unavailable, response.finish())
            }
        }
    }

    async fn reject_unread(
        &self,
        door: &Door,
        state: SignatureState,
        header: Option<&str>,
        mut payload: Payload,
    ) -> Answer {
        if !self.flood.admits(door.source(), state) {
            return flooded(Some(payload));
        }
        let within = self.config.body_timeout;
        let body = body::read_beginning(&mut payload, REJECTED_BODY, within).await;
        let rejection = Rejection {
            addressed: door.source().addressed(),
            presented: signatures::presented(header),
            // Without a signature nobody will ever ask for the rest.
            body_is_cut: true,
        };
        self.reject(door, state, body, rejection, Some(payload)).await
    }

    async fn reject(
        &self,
        door: &Door,
        state: SignatureState,
        body: Bytes,
        rejection: Rejection,
        unread: Option<Payload>,
    ) -> Answer {
        let event = WebhookReceived { rejection, ..event(door, state, body) };
        let text = match state {
            SignatureState::Mismatch => "Signature did not match any active integration secret",
            SignatureState::Missing | SignatureState::Valid => "The signature header is missing",
            SignatureState::Malformed => "The signature header is malformed",
        };
        let url = event.path.as_str();
        tracing::warn!(event.id = %event.event_id, url, signature = %state, "{text}");
        // What became of the event is in the log; the answer is the same.
        self.forward.forward(&event, REJECTED).await;
        (Outcome::Rejected, refuse(StatusCode::FORBIDDEN, text, unread))
    }
}

fn event(door: &Door, signature: SignatureState, body: Bytes) -> WebhookReceived {
    let received_at = runtime::now();
    WebhookReceived {
        event_id: EventId::at(received_at),
        received_at,
        scope: None,
        signature,
        path: door.source().as_str().to_owned(),
        body,
        repeats: 1,
        rejection: Rejection::default(),
    }
}

fn flooded(unread: Option<Payload>) -> Answer {
    let text = "Too many POSTs without a valid signature";
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, text, unread);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(BACK_LATER));
    (Outcome::Flooded, response)
}

fn incomplete(unread: &Unread, payload: Payload) -> Answer {
    let (outcome, status, text) = match unread {
        Unread::TooLarge => {
            (Outcome::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than allowed")
        }
        Unread::TooSlow => {
            (Outcome::Incomplete, StatusCode::REQUEST_TIMEOUT, "The body did not come in time")
        }
        Unread::Broken => {
            (Outcome::Incomplete, StatusCode::BAD_REQUEST, "The body did not come whole")
        }
    };
    (outcome, refuse(status, text, Some(payload)))
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
