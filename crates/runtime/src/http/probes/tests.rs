use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service, read_body_json};

use super::*;

/// Status and body of `/readyz` of a process with these checks.
async fn ready(health: &Health) -> (u16, Value) {
    let app = init_service(App::new().configure(probes(health.clone()))).await;
    let response = call_service(&app, TestRequest::get().uri("/readyz").to_request()).await;
    (response.status().as_u16(), read_body_json(response).await)
}

#[tokio::test(start_paused = true)]
async fn a_process_is_not_ready_while_a_dependency_fails() {
    let health = Health::new();
    let up = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&up);
    health.check("postgres", || Box::pin(std::future::ready(Ok(()))));
    health.check("amqp", move || {
        let up = seen.load(Ordering::Relaxed);
        let answer = if up { Ok(()) } else { Err("refused by 10.0.0.7".to_owned()) };
        Box::pin(std::future::ready(answer))
    });

    let checks = json!({ "postgres": "ok", "amqp": "ok" });
    assert_eq!(ready(&health).await, (200, json!({ "ready": true, "checks": checks })));

    up.store(false, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(1)).await;
    let checks = json!({ "postgres": "ok", "amqp": "failing" });
    assert_eq!(ready(&health).await, (503, json!({ "ready": false, "checks": checks })));

    up.store(true, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ready(&health).await.0, 200);
}

#[tokio::test]
async fn a_process_lives_whatever_its_dependencies_do() {
    let health = Health::new();
    health.check("amqp", || Box::pin(std::future::ready(Err("gone".to_owned()))));
    let app = init_service(App::new().configure(probes(health))).await;

    let response = call_service(&app, TestRequest::get().uri("/healthz").to_request()).await;

    assert_eq!(response.status().as_u16(), 200);
}

#[test]
fn probes_have_no_address_unless_told() {
    let wrong = probe_address(&Env::of([("WAYPOST_PROBE_ADDR", "9000")])).unwrap_err();
    let right = probe_address(&Env::of([("WAYPOST_PROBE_ADDR", "127.0.0.1:9000")])).unwrap();
    let none: [(&str, &str); 0] = [];

    assert!(wrong.to_string().starts_with("WAYPOST_PROBE_ADDR must be: an address"), "{wrong}");
    assert_eq!(right.unwrap().port(), 9000);
    assert_eq!(probe_address(&Env::of(none)).unwrap(), None);
}
