mod budget;
mod management;
mod model;
#[expect(unreachable_pub, reason = "public in the crate it is shared with")]
#[path = "../../test-support/src/proxy.rs"]
mod proxy;
mod shared;

use std::collections::HashMap;
use std::future::ready;

use futures::future::join_all;
use uuid::Uuid;

use super::*;

const HOLD: Duration = Duration::from_secs(1);
const LEASE: Duration = Duration::from_secs(60);
/// How long the word of a worker counts in the rows.
const TOLD_COUNTS_FOR: Duration = Duration::from_secs(2);

async fn limits() -> Limits {
    limits_of(LimitsConfig { hold: HOLD, held_per_lane: 10_000, claim_lease: LEASE }).await
}

async fn limits_of(config: LimitsConfig) -> Limits {
    worker(config, &redis(), Arc::new(Rows::default())).await
}

/// One more worker of those that share `redis` and `rows`, which beats.
#[expect(clippy::disallowed_methods, reason = "the beating ends with its worker")]
async fn worker(config: LimitsConfig, redis: &RedisConfig, rows: Arc<Rows>) -> Limits {
    let limits = Limits::new(config, redis.clone(), rows).unwrap();
    assert_eq!(limits.beat().await, Standing::Shared);
    let beating = Arc::downgrade(&limits.0);
    tokio::spawn(async move {
        let mut beats = tokio::time::interval(Limits::BEAT);
        loop {
            beats.tick().await;
            let Some(limits) = beating.upgrade().map(Limits) else { return };
            limits.beat().await;
        }
    });
    limits
}

/// Keys of a test's own, which end by themselves.
#[expect(clippy::disallowed_methods, reason = "this crate does not know `runtime`")]
fn redis() -> RedisConfig {
    let url = std::env::var("REDIS_URL").unwrap_or("redis://127.0.0.1:6379".into());
    RedisConfig { url, prefix: format!("test-{}:", uuid::Uuid::new_v4()) }
}

fn number(id: &str) -> PhoneNumberId {
    id.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// Rows as far as limits need them: whom each portfolio has reached, and which worker hears Redis.
#[derive(Debug, Default)]
struct Rows {
    reached: Mutex<HashMap<String, Reached>>,
    /// When each worker last told, and what.
    heard: Mutex<HashMap<Uuid, (Instant, bool)>>,
    /// Nobody can read them.
    are_away: AtomicBool,
}

impl Rows {
    /// An attempt has begun.
    fn note(&self, portfolio: &str, recipient: &str, at: DateTime<Utc>) {
        let mut reached = self.reached.lock().unwrap();
        let reached = reached.entry(portfolio.into()).or_default();
        reached.claimed.remove(recipient);
        reached.people.insert(recipient.into(), at);
    }

    /// A message has been claimed.
    fn claim(&self, portfolio: &str, recipient: &str, at: DateTime<Utc>) {
        let mut reached = self.reached.lock().unwrap();
        reached.entry(portfolio.into()).or_default().claimed.insert(recipient.into(), at);
    }

    /// A claim has been given up.
    fn give_up(&self, portfolio: &str, recipient: &str) {
        let mut reached = self.reached.lock().unwrap();
        reached.entry(portfolio.into()).or_default().claimed.remove(recipient);
    }

    fn told<T: Send + 'static>(&self, answer: impl FnOnce() -> T) -> Asked<'_, T> {
        let are_away = self.are_away.load(Ordering::Relaxed);
        Box::pin(ready(if are_away { Err("away".into()) } else { Ok(answer()) }))
    }

    fn people(&self, portfolio: &str) -> usize {
        self.reached.lock().unwrap().get(portfolio).map_or(0, |reached| reached.people.len())
    }
}

impl Ledger for Rows {
    fn reached<'a>(&'a self, portfolio: &'a str) -> Asked<'a, Reached> {
        self.told(|| self.reached.lock().unwrap().get(portfolio).cloned().unwrap_or_default())
    }

    fn hears(&self, worker: Uuid) -> Asked<'_, bool> {
        self.told(|| {
            let mut heard = self.heard.lock().unwrap();
            heard.insert(worker, (Instant::now(), true));
            heard.values().any(|(_, hears)| !hears)
        })
    }

    fn hears_not(&self, worker: Uuid, may_go_on: bool) -> Asked<'_, bool> {
        self.told(|| {
            let mut heard = self.heard.lock().unwrap();
            heard.remove(&worker);
            let counts = |(at, hears): &(Instant, bool)| *hears && at.elapsed() < TOLD_COUNTS_FOR;
            let others_hear = heard.values().any(counts);
            if may_go_on && !others_hear {
                heard.insert(worker, (Instant::now(), false));
            }
            others_hear
        })
    }
}

/// To somebody to whom nothing was sent yet.
fn request(phone_number_id: &PhoneNumberId, lane: Lane, rate: u32) -> Request<'_> {
    static PEOPLE: AtomicUsize = AtomicUsize::new(0);
    let nth = PEOPLE.fetch_add(1, Ordering::Relaxed);
    Request {
        phone_number_id,
        recipient: String::leak(format!("+1415{nth:07}")),
        lane,
        messages_per_second: rate,
        budget: None,
        now: now(),
    }
}

async fn turn(limits: &Limits, request: Request<'_>) -> Turn {
    match limits.reserve(request).await {
        Decision::Go(turn) => turn,
        Decision::At { until, .. } => panic!("put aside until {until}"),
    }
}

async fn parked(limits: &Limits, request: Request<'_>) -> TimeDelta {
    match limits.reserve(request).await {
        Decision::Go(_) => panic!("may go"),
        Decision::At { until, reason } => {
            assert_eq!(reason, WaitingReason::Throughput);
            until - now()
        }
    }
}

/// When messages went, by a clock that may be late.
struct Sent {
    at: Vec<Instant>,
    /// The longest that the machine kept the test from running meanwhile.
    stalled: Duration,
}

impl Sent {
    /// What `sending` sends.
    async fn by(sending: impl Future<Output = Vec<Instant>>) -> Self {
        const STEP: Duration = Duration::from_millis(1);
        let mut sending = std::pin::pin!(sending);
        let mut stalled = Duration::ZERO;
        loop {
            let asked = Instant::now();
            tokio::select! {
                () = tokio::time::sleep(STEP) => {
                    stalled = stalled.max(asked.elapsed().saturating_sub(2 * STEP));
                }
                at = &mut sending => return Self { at, stalled },
            }
        }
    }

    fn extend(&mut self, other: Self) {
        self.at.extend(other.at);
        self.stalled = self.stalled.max(other.stalled);
    }

    /// What goes on time in a second is seen within it, but for what is seen late.
    fn most_in_a_second(&self) -> usize {
        let second = Duration::from_secs(1).saturating_sub(self.stalled);
        let count = |first: &Instant| {
            self.at.iter().filter(|at| (*first..*first + second).contains(at)).count()
        };
        self.at.iter().map(count).max().unwrap_or(0)
    }
}

/// Sends `count` messages as fast as the limits allow, and tells when each one went.
async fn send(limits: &Limits, id: &PhoneNumberId, rate: u32, count: usize) -> Sent {
    let one = async || {
        turn(limits, request(id, Lane::Normal, rate)).await.come().await.unwrap();
        Instant::now()
    };
    Sent::by(join_all((0..count).map(|_| one()))).await
}

#[tokio::test]
async fn many_senders_together_keep_to_the_rate_of_their_number() {
    let limits =
        limits_of(LimitsConfig { hold: 5 * HOLD, held_per_lane: 10_000, claim_lease: LEASE }).await;
    let (slow, fast) = (number("1"), number("2"));

    let (slow, fast) =
        tokio::join!(send(&limits, &slow, 80, 150), send(&limits, &fast, 1_000, 2_000));

    // The clock here is read a moment after the limiter's own: one message of tolerance.
    assert!(slow.most_in_a_second() <= 81, "{}", slow.most_in_a_second());
    assert!(fast.most_in_a_second() <= 1_010, "{}", fast.most_in_a_second());
}

#[tokio::test]
async fn what_does_not_fit_in_line_comes_back_one_by_one_at_the_rate() {
    let limits = limits().await;
    let id = number("1");
    let place = turn(&limits, request(&id, Lane::Bulk, 10)).await;
    let mut line: Vec<_> =
        (0..10).map(|_| Box::pin(limits.reserve(request(&id, Lane::Bulk, 10)))).collect();
    for waiting in &mut line {
        assert!(futures::poll!(waiting.as_mut()).is_pending());
    }

    let first = parked(&limits, request(&id, Lane::Bulk, 10)).await;
    let second = parked(&limits, request(&id, Lane::Bulk, 10)).await;

    let half = TimeDelta::milliseconds(500);
    assert!(first >= half && first < half * 2, "{first}");
    let apart = (second - first - TimeDelta::milliseconds(100)).abs();
    assert!(apart < TimeDelta::milliseconds(50), "{apart}");
    drop(place);
}

#[tokio::test]
async fn a_backlog_in_one_lane_delays_neither_a_higher_lane_nor_another_number() {
    let limits = limits().await;
    let (busy, idle) = (number("1"), number("2"));
    let place = turn(&limits, request(&busy, Lane::Bulk, 1)).await;
    let mut bulk = Box::pin(limits.reserve(request(&busy, Lane::Bulk, 1)));
    assert!(futures::poll!(bulk.as_mut()).is_pending());
    for _ in 0..1_000 {
        parked(&limits, request(&busy, Lane::Bulk, 1)).await;
    }

    let mut urgent = Box::pin(limits.reserve(request(&busy, Lane::Urgent, 1)));
    assert!(futures::poll!(urgent.as_mut()).is_pending());
    turn(&limits, request(&idle, Lane::Bulk, 1)).await.come().await.unwrap();
    place.come().await.unwrap();

    assert!(matches!(urgent.await, Decision::Go(_)), "the urgent one is called first");
    assert!(matches!(bulk.await, Decision::Go(_)));
}

#[tokio::test]
async fn a_full_worker_puts_aside_what_would_wait_but_not_what_may_go() {
    let limits = limits_of(LimitsConfig { hold: HOLD, held_per_lane: 1, claim_lease: LEASE }).await;
    let (one, other) = (number("1"), number("2"));
    let _place = turn(&limits, request(&one, Lane::Bulk, 10)).await;
    let mut line = Box::pin(limits.reserve(request(&one, Lane::Bulk, 10)));
    assert!(futures::poll!(line.as_mut()).is_pending());

    parked(&limits, request(&one, Lane::Bulk, 10)).await;
    turn(&limits, request(&other, Lane::Bulk, 10)).await;
}

#[tokio::test]
async fn who_leaves_the_line_gives_up_the_place() {
    let limits = limits().await;
    let id = number("1");
    let place = turn(&limits, request(&id, Lane::Normal, 10)).await;
    let mut leaving: Vec<_> =
        (0..5).map(|_| Box::pin(limits.reserve(request(&id, Lane::Normal, 10)))).collect();
    for waiting in &mut leaving {
        assert!(futures::poll!(waiting.as_mut()).is_pending());
    }

    drop(leaving);
    drop(place);

    turn(&limits, request(&id, Lane::Normal, 10)).await.come().await.unwrap();
}

#[tokio::test]
async fn a_higher_rate_wakes_those_who_wait_for_a_lower_one() {
    let number = Number::default();
    number.set_rate(1, 1);
    number.pass().await;
    let begun = Instant::now();

    tokio::join!(number.pass(), async { number.set_rate(1_000, 1) });

    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_changed_rate_grants_no_fresh_burst() {
    let limits = limits().await;
    let id = number("1");
    let mut sent = send(&limits, &id, 100, 50).await;

    for rate in 101..111 {
        sent.extend(send(&limits, &id, rate, 5).await);
    }

    assert!(sent.most_in_a_second() <= 111, "{}", sent.most_in_a_second());
}

#[tokio::test]
async fn a_number_that_meta_finds_too_fast_is_slowed() {
    let limits = limits().await;
    let id = number("1");
    turn(&limits, request(&id, Lane::Normal, 80)).await.come().await.unwrap();

    limits.throttled(&id).await;
    let sent = send(&limits, &id, 80, 42).await;

    assert!(sent.most_in_a_second() <= 41, "{}", sent.most_in_a_second());
}

#[tokio::test]
async fn only_numbers_that_rest_are_forgotten() {
    let limits = limits().await;
    let (idle, busy) = (number("1"), number("2"));
    drop(turn(&limits, request(&idle, Lane::Normal, 80)).await);
    let place = turn(&limits, request(&busy, Lane::Normal, 80)).await;
    limits.retain_recent();
    assert_eq!(limits.0.numbers.len(), 2);

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(300)).await;
    limits.retain_recent();

    assert!(limits.0.numbers.contains_key(&busy) && !limits.0.numbers.contains_key(&idle));
    drop(place);
}

#[tokio::test]
async fn nobody_is_shown_the_recipient() {
    let id = number("1");

    let request = request(&id, Lane::Normal, 80);
    let shown = format!("{request:?}");

    assert!(!shown.contains(&request.recipient[1..]), "{shown}");
}

#[tokio::test]
async fn a_whole_line_goes_in_the_end() {
    let limits = limits().await;
    let id = number("1");
    let requests = (0..300).map(|_| async {
        turn(&limits, request(&id, Lane::Bulk, 500)).await.come().await.unwrap();
    });

    join_all(requests).await;

    assert!(matches!(limits.reserve(request(&id, Lane::Bulk, 500)).await, Decision::Go(_)));
}
