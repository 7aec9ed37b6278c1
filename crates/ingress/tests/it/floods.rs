use amqp::Queue;
use contracts::SignatureState;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use test_support::own_app;

use crate::world::{BODY, Ingress, PATH, SECRET, SHARED, World, sign, statuses};

const CAP: &str = "WAYPOST_INGRESS_REJECTED_PER_MINUTE";

#[tokio::test]
async fn a_flood_above_the_cap_is_told_429_and_summed_up() {
    let world = World::new().await;
    let ingress = world.ingress(&[(CAP, "3")]);
    let mut events = world.events().await;
    let forged = sign("another secret", BODY.as_bytes());

    let mut answers = Vec::new();
    for _ in 0..20 {
        let answer = ingress.post(BODY, &[("x-hub-signature-256", &forged)]).await;
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        answers.push((answer.status().as_u16(), retry_after.map(str::to_owned)));
    }
    assert_eq!(ingress.post(BODY, &[]).await.status(), 429);
    ingress.end().await;

    assert!(answers[..3].iter().all(|answer| *answer == (403, None)), "{answers:?}");
    assert!(answers[3..].iter().all(|answer| *answer == (429, Some("60".into()))), "{answers:?}");
    for _ in 0..3 {
        assert_eq!(events.next().await.0.repeats, 1);
    }
    let (summary, routing_key) = events.next().await;
    assert_eq!(summary.repeats, 18);
    assert_eq!(summary.signature, SignatureState::Mismatch);
    assert_eq!((summary.scope, &*summary.body, &*routing_key), (None, &b""[..], "rejected"));
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 0);
}

#[tokio::test]
async fn the_summary_comes_while_the_flood_goes_on() {
    let world = World::new().await;
    let ingress = world.ingress(&[(CAP, "1"), ("WAYPOST_INGRESS_SUMMARY_S", "0.05")]);
    let mut events = world.events().await;
    for status in [403, 429, 429, 429] {
        assert_eq!(ingress.post(BODY, &[]).await.status(), status);
    }
    assert_eq!(events.next().await.0.body, BODY);

    let mut told = 0;
    while told < 3 {
        let summary = events.next().await.0;
        assert_eq!(summary.signature, SignatureState::Missing);
        told += summary.repeats;
    }

    assert_eq!(told, 3);
    ingress.end().await;
    assert_eq!(world.bus.depth(Queue::WebhookLog).await.unwrap(), 0);
}

#[tokio::test]
async fn signed_posts_pass_while_unsigned_ones_flood() {
    let world = World::new().await;
    let ingress = world.ingress(&[(CAP, "1")]);
    let body = statuses(1);

    let unsigned = join_all((0..300).map(|_| ingress.post(BODY, &[])));
    let signed = join_all((0..100).map(|_| ingress.signed(body.clone())));
    let (unsigned, signed) = futures::join!(unsigned, signed);

    assert!(signed.iter().all(|answer| answer.status() == 200));
    let refused = unsigned.iter().filter(|answer| answer.status() == 429).count();
    assert_eq!(refused, 299);
    assert_eq!(world.bus.depth(Queue::StatusMapper).await.unwrap(), 100);
    ingress.end().await;
}

/// One POST of a flood: it has no signature, a malformed or a forged one, or is too large.
async fn flood(ingress: &Ingress, nth: usize, path: &str) -> Option<u16> {
    let forged = sign("another secret", BODY.as_bytes());
    let header = [("x-hub-signature-256", &*forged)];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(ingress.url(path));
    let request = match nth % 4 {
        0 => request.body(BODY),
        1 => request.header(header[0].0, "sha1=00").body(BODY),
        2 => request.header(header[0].0, header[0].1).body(BODY),
        _ => request.header(header[0].0, header[0].1).body(vec![b'x'; 9 << 10]),
    };
    // One that is hung up on has no answer.
    request.send().await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn amid_a_flood_every_signed_post_is_taken_and_the_flood_leaves_no_more_than_its_cap() {
    const SIGNED: usize = 100;
    const FLOOD: usize = 400;
    let world = World::new().await;
    let one = own_app(&world.connection().await, "one", 1).await;
    one.put_secret(&world.connection().await, "secret-of-one").await;
    // A busy machine may let a new connection of the client's wait for long.
    let patience = ("WAYPOST_INGRESS_HEAD_TIMEOUT_S", "60");
    let settings = [(CAP, "5"), ("WAYPOST_INGRESS_MAX_BODY", "8192"), patience];
    let ingress = world.ingress(&settings).ready().await;
    let opaque = format!("{PATH}/{}", one.webhook_token);
    let doors = [(PATH, SECRET), (SHARED, "secret-of-one"), (&*opaque, "secret-of-one")];
    let begun = runtime::now();

    let flooding = (0..FLOOD).map(|nth| flood(&ingress, nth, doors[nth % 3].0));
    let flooding = stream::iter(flooding).buffer_unordered(32).collect::<Vec<_>>();
    let signing = (0..SIGNED).map(|nth| {
        let (path, secret) = doors[nth % 3];
        ingress.signed_with(secret, path, BODY)
    });
    let signing = stream::iter(signing).buffer_unordered(8).collect::<Vec<_>>();
    let (flooded, signed) = tokio::join!(flooding, signing);

    assert_eq!(signed, [200; SIGNED]);
    let told = |status: u16| flooded.iter().filter(|told| **told == Some(status)).count();
    for status in [403, 413, 429] {
        assert!(told(status) > 0, "{status}");
    }
    ingress.end().await;
    // A cap of five a minute lets one more in every twelve seconds, at each of the three URLs.
    let minutes = (runtime::now() - begun).as_seconds_f64() / 60.0;
    let most = 3.0 * (5.0 + 5.0 * minutes).ceil();
    let (mut taken, mut kept, mut summed) = (0, 0, 0);
    let depth = world.bus.depth(Queue::WebhookLog).await.unwrap();
    let mut events = world.events().await;
    for _ in 0..depth {
        match events.next().await.0 {
            event if event.signature.is_valid() => taken += 1,
            event if event.repeats == 1 && !event.body.is_empty() => kept += 1,
            summary => summed += summary.repeats as usize,
        }
    }
    assert_eq!(taken, SIGNED);
    assert!(f64::from(kept) <= most, "{kept} of at most {most}");
    assert_eq!(kept as usize + summed, FLOOD * 3 / 4, "too large ones are only counted");
}
