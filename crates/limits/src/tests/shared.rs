//! Several workers and one Redis.

use super::proxy::Proxy;
use super::*;

/// Sends `count` messages by the workers in turn, each again when it was put aside, and tells when
/// each went.
async fn send_by(workers: &[Limits], id: &PhoneNumberId, rate: u32, count: usize) -> Sent {
    let tasks = (0..count).map(|nth| {
        let (limits, id) = (workers[nth % workers.len()].clone(), id.clone());
        async move {
            loop {
                let asked = Instant::now();
                match limits.reserve(request(&id, Lane::Normal, rate)).await {
                    Decision::Go(turn) => {
                        turn.come().await.unwrap();
                        return Instant::now();
                    }
                    Decision::At { until, .. } => {
                        tokio::time::sleep_until(asked + (until - now()).to_std().unwrap()).await;
                    }
                }
            }
        }
    });
    Sent::by(join_all(tasks)).await
}

async fn workers(count: usize, redis: &RedisConfig) -> Vec<Limits> {
    let config = LimitsConfig { hold: HOLD, held_per_lane: 10_000, claim_lease: LEASE };
    let rows = Arc::new(Rows::default());
    let workers = join_all((0..count).map(|_| worker(config, redis, Arc::clone(&rows)))).await;
    for worker in &workers {
        worker.beat().await;
    }
    workers
}

/// What Redis may give in one second: the rate, one more where a second begins with one, and those
/// that may be late.
fn law(rate: usize) -> usize {
    rate + 1 + rate / 50
}

/// Forgets all keys of a test, as a flush does.
pub(super) async fn flush(redis: &RedisConfig) {
    let client = redis::Client::open(redis.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{}*", redis.prefix))
        .query_async(&mut connection)
        .await
        .unwrap();
    redis::cmd("DEL").arg(keys).query_async::<()>(&mut connection).await.unwrap();
}

pub(super) async fn behind(proxy: &Proxy) -> RedisConfig {
    let real = redis();
    RedisConfig { url: format!("redis://{}", proxy.addr()), prefix: real.prefix }
}

pub(super) async fn proxy() -> Proxy {
    let url = redis().url;
    Proxy::start(url.trim_start_matches("redis://").trim_end_matches('/')).await
}

#[tokio::test]
async fn workers_together_send_at_the_rate_that_one_may_have() {
    let redis = redis();
    for count in [2, 4] {
        let workers = workers(count, &redis).await;
        let id = number(&count.to_string());

        let sent = send_by(&workers, &id, 200, 500).await;

        assert!(sent.most_in_a_second() <= law(200), "{count}: {}", sent.most_in_a_second());
    }
}

#[tokio::test]
async fn what_workers_put_aside_comes_back_in_one_line_at_the_rate_however_it_fell_to_them() {
    let workers = workers(2, &redis()).await;
    let id = number("1");

    let begun = Instant::now();
    let mut waits = Vec::new();
    for nth in 0..40 {
        // Nine of ten fall to the first.
        let limits = &workers[usize::from(nth % 10 == 0)];
        let request = request(&id, Lane::Normal, 10);
        waits.push(limits.stay_away(&limits.number(&id), request).await);
    }

    let span = waits[39] - waits[0] + begun.elapsed();
    assert!(waits[39] > waits[0] && span >= Duration::from_millis(3_900), "{span:?}");
    assert!(waits[39] <= HOLD / 2 + Duration::from_millis(3_900), "{:?}", waits[39]);
}

#[tokio::test]
async fn a_pair_sends_its_burst_by_whichever_worker_and_then_waits_alone() {
    let redis = redis();
    let workers = workers(2, &redis).await;
    let id = number("1");
    let to = |recipient| Request { recipient, ..request(&id, Lane::Normal, 1_000) };
    for nth in 0..45 {
        drop(turn(&workers[nth % 2], to("+14155550101")).await);
    }

    for worker in &workers {
        let Decision::At { until, reason } = worker.reserve(to("+14155550101")).await else {
            panic!("the pair has borrowed all it may")
        };
        assert_eq!(reason, WaitingReason::Pair);
        assert!(until - now() <= TimeDelta::seconds(7), "{until}");
        drop(turn(worker, to("+14155550102")).await);
    }
}

#[tokio::test]
async fn what_a_number_receives_is_taken_off_what_it_sends() {
    let redis = redis();
    let workers = workers(1, &redis).await;
    let id = number("1");
    let inbound = Inbound::new(redis).unwrap();
    let begun = Instant::now();

    inbound.received(&id, 100, 40).await;
    turn(&workers[0], request(&id, Lane::Normal, 100)).await.come().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());

    // Whatever comes in, it counts for a second and no longer.
    inbound.received(&id, 100, 10_000).await;
    let asked = Instant::now();
    let parked = parked(&workers[0], request(&id, Lane::Normal, 100)).await;
    assert!(parked <= TimeDelta::milliseconds(1_100), "{parked}");
    assert!(asked.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn what_meta_says_to_one_worker_slows_all() {
    let redis = redis();
    let workers = workers(2, &redis).await;
    let id = number("1");

    workers[0].throttled(&id).await;
    let sent = send_by(&workers[1..], &id, 80, 60).await;

    assert!(sent.most_in_a_second() <= law(40), "{}", sent.most_in_a_second());
}

#[tokio::test]
async fn after_a_flush_nothing_is_sent_that_what_was_forgotten_might_forbid() {
    let redis = redis();
    let workers = workers(2, &redis).await;
    let id = number("1");
    let pair = Request { recipient: "+14155550101", ..request(&id, Lane::Normal, 100) };
    for _ in 0..45 {
        drop(turn(&workers[0], pair).await);
    }
    let mut sent = send_by(&workers, &id, 100, 120).await;

    flush(&redis).await;
    let Decision::At { reason, .. } = workers[1].reserve(pair).await else {
        panic!("the pair had borrowed all it may")
    };
    sent.extend(send_by(&workers, &id, 100, 120).await);

    assert_eq!(reason, WaitingReason::Pair);
    assert!(sent.most_in_a_second() <= law(100), "{}", sent.most_in_a_second());
}

#[tokio::test]
async fn without_redis_the_workers_share_the_rate_and_with_it_again_too() {
    let proxy = proxy().await;
    let redis = behind(&proxy).await;
    let workers = workers(2, &redis).await;
    let id = number("1");
    let mut sent = send_by(&workers, &id, 100, 150).await;

    proxy.cut().await;
    sent.extend(send_by(&workers, &id, 100, 150).await);
    proxy.restore().await;
    sent.extend(send_by(&workers, &id, 100, 300).await);

    assert!(sent.most_in_a_second() <= law(100), "{}", sent.most_in_a_second());
}

#[tokio::test]
async fn a_worker_that_alone_does_not_hear_redis_sends_nothing_beside_the_others() {
    let proxy = proxy().await;
    let (cut_off, direct) = (behind(&proxy).await, redis());
    let direct = RedisConfig { prefix: cut_off.prefix.clone(), ..direct };
    let rows = Arc::new(Rows::default());
    let config = LimitsConfig { hold: HOLD, held_per_lane: 10_000, claim_lease: LEASE };
    let left_out = worker(config, &cut_off, Arc::clone(&rows)).await;
    let hears = worker(config, &direct, Arc::clone(&rows)).await;
    left_out.beat().await;
    let both = [left_out.clone(), hears.clone()];
    let id = number("1");
    let mut sent = send_by(&both, &id, 100, 100).await;

    proxy.cut().await;
    let cut_at = Instant::now();
    let ours = send_by(&both[..1], &id, 100, 100);
    let (theirs, ours) = tokio::join!(
        send_by(&both[1..], &id, 100, 600),
        tokio::time::timeout(Duration::from_secs(6), ours),
    );

    assert!(ours.is_err(), "it has sent all, by a share that nobody left to it");
    sent.extend(theirs);
    assert!(sent.most_in_a_second() <= law(100), "{}", sent.most_in_a_second());
    while left_out.beat().await != Standing::LeftOut {
        assert!(cut_at.elapsed() < Duration::from_secs(60), "it waits for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(hears.beat().await, Standing::Shared);
}

#[tokio::test]
async fn who_beats_first_after_a_flush_does_not_take_itself_for_the_only_one() {
    let proxy = proxy().await;
    let redis = behind(&proxy).await;
    let workers = workers(2, &redis).await;
    let id = number("1");

    flush(&redis).await;
    workers[0].beat().await;
    proxy.cut().await;
    let sent = send_by(&workers, &id, 100, 150).await;

    assert!(sent.most_in_a_second() <= law(100), "{}", sent.most_in_a_second());
}

#[tokio::test]
async fn who_joins_sends_only_when_all_others_have_heard_of_it() {
    let proxy = proxy().await;
    let redis = behind(&proxy).await;
    let config = LimitsConfig { hold: HOLD, held_per_lane: 10_000, claim_lease: LEASE };
    let rows = Arc::new(Rows::default());
    let new = || Limits::new(config, redis.clone(), Arc::clone(&rows) as _).unwrap();
    let (there, joins, comes_too_late) = (new(), new(), new());
    there.join().await.unwrap();
    let beats = async {
        loop {
            tokio::time::sleep(Limits::BEAT).await;
            there.beat().await;
        }
    };

    tokio::select! {
        () = beats => unreachable!(),
        joined = joins.join() => joined.unwrap(),
    }
    assert_eq!([&there, &joins].map(|worker| worker.0.shared.workers()), [2, 2]);

    let cut = async {
        while comes_too_late.0.shared.workers() < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        proxy.cut().await;
    };
    let (joined, ()) = tokio::join!(comes_too_late.join(), cut);
    assert!(joined.is_err(), "nobody has heard of it");
}

#[tokio::test]
async fn a_redis_that_hangs_delays_and_stops_nothing() {
    let proxy = proxy().await;
    let redis = behind(&proxy).await;
    let workers = workers(1, &redis).await;
    let id = number("1");
    proxy.stall();

    let sent = send_by(&workers, &id, 100, 50).await;

    assert_eq!(sent.at.len(), 50);
    proxy.resume();
}

#[tokio::test]
async fn without_redis_a_pair_sends_less_than_it_may() {
    let proxy = proxy().await;
    let redis = behind(&proxy).await;
    let workers = workers(1, &redis).await;
    let id = number("1");
    proxy.cut().await;
    let pair = Request { recipient: "+14155550101", ..request(&id, Lane::Normal, 100) };
    turn(&workers[0], pair).await.come().await.unwrap();

    let Decision::At { reason, .. } = workers[0].reserve(pair).await else {
        panic!("it has just sent")
    };

    assert_eq!(reason, WaitingReason::Pair);
}

#[tokio::test]
async fn a_worker_that_beats_no_more_is_counted_no_more() {
    let redis = redis();
    let both = workers(2, &redis).await;
    assert_eq!(both[0].0.shared.workers(), 2);
    let [one, other] = <[Limits; 2]>::try_from(both).unwrap();
    drop(other);

    let begun = Instant::now();
    while one.0.shared.workers() == 2 {
        one.beat().await;
        assert!(begun.elapsed() < Duration::from_secs(60), "it is counted still");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn neither_url_nor_recipient_is_shown() {
    let redis = RedisConfig { url: "redis://user:hush@127.0.0.1".into(), prefix: String::new() };

    let limits = LimitsConfig { hold: HOLD, held_per_lane: 1, claim_lease: LEASE };
    let shown = format!("{redis:?} {:?}", RedisConfig { url: "x".into(), prefix: "p".into() });

    assert!(!shown.contains("hush"), "{shown}");
    let wrong = RedisConfig { url: "postgres://hush".into(), prefix: String::new() };
    let rows = Arc::new(Rows::default());
    assert_eq!(Limits::new(limits, wrong, rows).unwrap_err(), InvalidRedisUrl);
}
