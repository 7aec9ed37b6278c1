use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use tracing_actix_web::TracingLogger;

use super::*;
use crate::http::request_id;
use crate::telemetry::testing::Captured;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn handle(token: web::Path<String>) -> Result<HttpResponse, Error> {
    tracing::info!("handled");
    match token.as_str() {
        "s3cret-broken" => Err(actix_web::error::ErrorInternalServerError("s3cret")),
        "s3cret-refused" => Err(actix_web::error::ErrorForbidden("s3cret")),
        _ => Ok(HttpResponse::Accepted().finish()),
    }
}

/// Sends one request full of secrets: the status, the id in the answer and the log.
async fn call(path: &str) -> (u16, String, String) {
    let captured = Captured::start();
    let app = App::new()
        .wrap(from_fn(request_id))
        .wrap(TracingLogger::<RootSpan>::new())
        .route("/hooks/{token}", web::post().to(handle));
    let app = init_service(app).await;
    let request = TestRequest::post()
        .uri(&format!("{path}?hub.verify_token=s3cret"))
        .insert_header((AUTHORIZATION, "Bearer s3cret"))
        .insert_header(("user-agent", "s3cret"))
        .insert_header(("x-forwarded-for", "192.0.2.7"))
        .insert_header(("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01")))
        .set_payload("s3cret");
    let response = call_service(&app, request.to_request()).await;
    let id = response.headers().get("x-request-id").unwrap().to_str().unwrap().to_owned();
    (response.status().as_u16(), id, captured.text())
}

#[tokio::test]
async fn no_part_of_a_request_that_may_be_secret_is_logged() {
    for (path, expected) in [
        ("/hooks/s3cret", 202),
        ("/hooks/s3cret-broken", 500),
        ("/hooks/s3cret-refused", 403),
        ("/s3cret", 404),
    ] {
        let (status, _, log) = call(path).await;

        assert_eq!(status, expected);
        assert!(log.contains(&format!("answered {expected}")), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
        assert!(!log.contains("192.0.2.7"), "{log}");
    }
}

#[tokio::test]
async fn a_request_is_called_by_its_route_and_belongs_to_the_callers_trace() {
    let (_, id, log) = call("/hooks/1").await;

    let handled = log.lines().find(|line| line.contains("handled")).unwrap();
    assert!(handled.contains("\"POST /hooks/{token}\""), "{handled}");
    assert!(handled.contains(TRACE), "{handled}");
    assert_eq!(id, TRACE);
}

#[tokio::test]
async fn a_failed_request_is_a_warning_with_its_status() {
    let (_, _, log) = call("/hooks/s3cret-broken").await;

    let answered = log.lines().find(|line| line.contains("answered 500")).unwrap();
    assert!(answered.contains("\"level\":\"WARN\""), "{answered}");
}

#[tokio::test]
async fn without_a_trace_the_answer_names_the_request() {
    let quiet = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
    let app = App::new().wrap(from_fn(request_id)).wrap(TracingLogger::<RootSpan>::new());
    let app = init_service(app).await;

    let response = call_service(&app, TestRequest::get().to_request()).await;

    let id = response.headers().get("x-request-id").unwrap().to_str().unwrap();
    assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    drop(quiet);
}

#[test]
fn invented_methods_share_one_name() {
    assert_eq!(method_name(&Method::from_bytes(b"BREW").unwrap()), "_OTHER");
    assert_eq!(method_name(&Method::PATCH), "PATCH");
}
