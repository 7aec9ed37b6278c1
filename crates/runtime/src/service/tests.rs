use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::stream::pending;
use tokio::sync::oneshot;

use super::*;

const LONG: Duration = Duration::from_secs(3600);

fn signals_by_hand() -> (UnboundedSender<&'static str>, UnboundedReceiver<&'static str>) {
    unbounded()
}

fn obedient(stop: &Stop) -> Service {
    let stop = stop.clone();
    Service::new("obedient", async move {
        stop.stopped().await;
        Ok(())
    })
}

fn endless() -> Service {
    Service::new("endless", std::future::pending())
}

async fn failure_beside_an_obedient_service(service: Service) -> String {
    let stop = Stop::new();
    let services = vec![obedient(&stop), service];
    let result = run_with(services, stop.clone(), LONG, &mut pending()).await;
    assert!(stop.is_stopped());
    format!("{:#}", result.unwrap_err())
}

#[tokio::test]
async fn the_first_signal_lets_what_has_begun_finish() {
    let stop = Stop::new();
    let (send, mut signals) = signals_by_hand();
    let (finish, finished) = oneshot::channel();
    let watch = stop.clone();
    let worker = Service::new("worker", async move { Ok(finished.await?) });

    let (result, ()) = tokio::join!(
        run_with(vec![worker, obedient(&stop)], stop.clone(), LONG, &mut signals),
        async {
            send.unbounded_send("SIGTERM").unwrap();
            watch.stopped().await;
            finish.send(()).unwrap();
        }
    );

    // The worker had not been told to stop: it ended by itself, but after the stop.
    result.unwrap();
}

#[tokio::test]
async fn the_second_signal_ends_what_still_runs() {
    let (stop, (send, mut signals)) = (Stop::new(), signals_by_hand());
    send.unbounded_send("SIGINT").unwrap();
    send.unbounded_send("SIGTERM").unwrap();

    let result = run_with(vec![endless()], stop, LONG, &mut signals).await;

    let error = result.unwrap_err().to_string();
    assert_eq!(error, "SIGTERM ended endless before the work was done");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_what_still_runs() {
    let stop = Stop::new();
    stop.stop();

    let drain = Duration::from_secs(30);
    let begun = Instant::now();
    let result = run_with(vec![endless(), obedient(&stop)], stop, drain, &mut pending()).await;

    let error = result.unwrap_err().to_string();
    assert_eq!(error, "the drain deadline ended endless before the work was done");
    assert!(begun.elapsed() >= drain);
}

#[tokio::test]
async fn a_panic_of_one_service_stops_the_others_and_is_the_outcome() {
    let broken = Service::new("broken", async { panic!("no such column: {}", 7) });

    let error = failure_beside_an_obedient_service(broken).await;

    assert_eq!(error, "broken failed: it panicked: no such column: 7");
}

#[tokio::test]
async fn a_failure_of_one_service_stops_the_others_and_is_the_outcome() {
    let broken = Service::new("broken", async { bail!("the queue is gone") });

    let error = failure_beside_an_obedient_service(broken).await;

    assert_eq!(error, "broken failed: the queue is gone");
}

#[tokio::test]
async fn a_service_that_ends_before_the_stop_is_a_failure() {
    let early = Service::new("early", async { Ok(()) });

    let error = failure_beside_an_obedient_service(early).await;

    assert_eq!(error, "early ended although nobody stopped it");
}

#[tokio::test]
async fn the_first_failure_is_the_outcome_when_the_drain_fails_too() {
    let (stop, (send, mut signals)) = (Stop::new(), signals_by_hand());
    let broken = Service::new("broken", async { bail!("the queue is gone") });
    let watch = stop.clone();

    let (result, ()) =
        tokio::join!(run_with(vec![broken, endless()], stop, LONG, &mut signals), async {
            watch.stopped().await;
            send.unbounded_send("SIGTERM").unwrap();
        });

    let error = format!("{:#}", result.unwrap_err());
    assert_eq!(error, "SIGTERM ended endless: broken failed: the queue is gone");
}

#[tokio::test]
async fn a_service_that_is_stopped_while_its_dependency_is_away_has_not_failed() {
    let (stop, (send, mut signals)) = (Stop::new(), signals_by_hand());
    let watch = stop.clone();
    let waiting = Service::new("waiting", async move {
        let away = || std::future::ready(Err::<(), _>("away"));
        Ok(crate::wait::wait_for("rabbitmq", &watch, away).await?)
    });
    send.unbounded_send("SIGTERM").unwrap();

    run_with(vec![waiting], stop, LONG, &mut signals).await.unwrap();
}
