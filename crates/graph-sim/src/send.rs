//! `POST /{version}/{phone_number_id}/messages`.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::accept::{Arrival, Outcome, receive};
use crate::answer::{self, Trace};
use crate::connection;
use crate::dice::{key, mix};
use crate::errors::GraphError;
use crate::faults::Target;
use crate::scenario::FaultKind;
use crate::world::World;

/// The largest body that is read.
const LARGEST_BODY: usize = 1024 * 1024;

/// How long an answer waits at most for its own first status to be posted.
const BEFORE_ANSWER: Duration = Duration::from_secs(5);

/// Takes a message or a read receipt.
pub(crate) async fn send(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let (version, phone_number_id) = path.into_inner();
    let standing = world.standing();
    let request_number = world.next_request();
    let trace = Trace::new(&version, request_number);
    let head = Target {
        phone_number_id: &phone_number_id,
        recipient: None,
        key: key(&["request", &phone_number_id]) ^ mix(request_number),
        now_us: world.now_us(),
    };
    let early = world.faults.strike_early(standing.seed, head);
    if early == Some(FaultKind::ResetBeforeReading) {
        return connection::close(&request);
    }
    let Ok(Ok(body)) = payload.to_bytes_limited(LARGEST_BODY).await else {
        let error =
            GraphError::parameter("The request body cannot be read or is too large.").answered(413);
        return answer::error(&trace, &error);
    };
    if !standing.scenario.versions.contains(&version) {
        let error = GraphError::unknown_path(&format!("/{phone_number_id}/messages"));
        world.counters.refuse(error.code);
        return answer::error(&trace, &error);
    }
    let arrival = Arrival {
        phone_number_id: &phone_number_id,
        token: bearer(&request),
        body: &body,
        now_us: world.now_us(),
        early: early.as_ref(),
    };
    match receive(&world, &standing, arrival) {
        Outcome::Refused(error) => answer::error(&trace, &error),
        Outcome::Struck(fault) => struck(&request, &trace, &fault),
        Outcome::MarkedRead => answer::json(&trace, 200, &json!({ "success": true })),
        Outcome::Accepted { answer, fault, posted } => {
            accepted(&request, &trace, &answer, fault, posted).await
        }
    }
}

/// The token of a request, when it has one.
pub(crate) fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth"))
        .then(|| token.trim())
}

/// Answers a message that was accepted, as its fault will have it.
async fn accepted(
    request: &HttpRequest,
    trace: &Trace,
    answer: &Value,
    fault: Option<FaultKind>,
    posted: Option<oneshot::Receiver<()>>,
) -> HttpResponse {
    if let Some(posted) = posted {
        // Whether it was posted in time or not, the answer comes now.
        let _ = timeout(BEFORE_ANSWER, posted).await;
    }
    match fault {
        None => answer::json(trace, 200, answer),
        Some(FaultKind::Slow { ms }) => {
            sleep(Duration::from_millis(ms)).await;
            answer::json(trace, 200, answer)
        }
        Some(fault) => struck(request, trace, &fault),
    }
}

/// What a fault answers.
fn struck(request: &HttpRequest, trace: &Trace, fault: &FaultKind) -> HttpResponse {
    match fault {
        FaultKind::DropAfterAccept | FaultKind::ResetBeforeReading => connection::close(request),
        FaultKind::ErrorAfterAccept { status, code: Some(code) } => {
            answer::error(trace, &GraphError::of(*code).answered(*status))
        }
        FaultKind::ErrorAfterAccept { status, code: None } | FaultKind::ServerError { status } => {
            answer::bare(*status, "<html><body>Sorry, something went wrong.</body></html>")
        }
        FaultKind::Garbage | FaultKind::None | FaultKind::Slow { .. } => {
            answer::bare(200, "<!DOCTYPE html><html><body>OK</body></html>")
        }
        FaultKind::TooManyRequests => answer::bare(429, "Too Many Requests"),
        FaultKind::Error { code } => answer::error(trace, &GraphError::of(*code)),
    }
}
