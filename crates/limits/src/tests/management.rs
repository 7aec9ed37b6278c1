//! Several processes that ask Meta about its accounts, and one Redis.

use domain::management::{Level, Subject, Told, Usage, UsedUp};

use super::shared::{behind, flush, proxy};
use super::*;

const BACKGROUND: Caller = Caller::Background { leaves: 20 };

const MINUTE: Duration = Duration::from_secs(60);

/// Redis at a clock that a test moves.
struct World {
    redis: RedisConfig,
    connection: redis::aio::MultiplexedConnection,
    now: u64,
}

impl World {
    async fn new() -> Self {
        let redis = redis();
        let client = redis::Client::open(redis.url.as_str()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut world = Self { redis, connection, now: 1_790_000_000 };
        world.pass(Duration::ZERO).await;
        world
    }

    /// As [`World::new`], an hour after Redis began to remember.
    async fn settled() -> Self {
        let mut world = Self::new().await;
        world.caller(Caller::Person).reserve(&waba("999")).await.unwrap();
        world.pass(MINUTE * 62).await;
        world
    }

    async fn pass(&mut self, time: Duration) {
        self.now += time.as_secs();
        let mut set = redis::cmd("HSET");
        set.arg(format!("{}clock", self.redis.prefix)).arg("s").arg(self.now).arg("us").arg(0);
        set.query_async::<()>(&mut self.connection).await.unwrap();
    }

    fn caller(&self, caller: Caller) -> Management {
        Management::at_the_clock_of_a_test(&self.redis, caller)
    }

    /// Redis forgets all but the clock.
    async fn forget(&mut self) {
        flush(&self.redis).await;
        self.pass(Duration::ZERO).await;
    }
}

fn waba(id: &str) -> Subject {
    Subject { app_id: Some("400".parse().unwrap()), waba_id: Some(id.parse().unwrap()) }
}

fn app(id: &str) -> Subject {
    Subject { app_id: Some(id.parse().unwrap()), waba_id: None }
}

fn percent(percent: u32) -> Usage {
    Usage { percent: Some(percent), closed_for: None }
}

fn closed(minutes: u32) -> Usage {
    Usage { percent: Some(100), closed_for: Some(MINUTE * minutes) }
}

/// How many calls there are until one is refused, and that refusal.
async fn calls(callers: &[&Management], subject: &Subject) -> (usize, UsedUp) {
    for made in 0..10_000 {
        if let Err(refused) = callers[made % callers.len()].reserve(subject).await {
            return (made, refused);
        }
    }
    panic!("nobody refuses");
}

#[tokio::test]
async fn processes_together_make_no_more_calls_in_an_hour_than_one_may() {
    let mut world = World::settled().await;
    let (one, other) = (world.caller(Caller::Person), world.caller(Caller::Person));

    let (first, _) = calls(&[&one, &other], &waba("100")).await;
    assert_eq!(first, 200);

    // What was called at two times comes back at two times.
    let mut all = Vec::new();
    for minutes in 0..300_u32 {
        while one.reserve(&waba("200")).await.is_ok() {
            all.push(minutes);
            if all.len() % 50 == 0 {
                break;
            }
        }
        world.pass(MINUTE).await;
    }
    assert!(all.len() > 200 * 4, "{}", all.len());
    for (nth, minute) in all.iter().enumerate() {
        let within = all[nth..].iter().take_while(|later| **later < minute + 60).count();
        assert!(within <= 200, "{within} from minute {minute}");
    }
}

#[tokio::test]
async fn whoever_is_refused_is_told_the_instant_at_which_there_is_a_call_again() {
    let mut world = World::settled().await;
    let person = world.caller(Caller::Person);

    let (_, UsedUp { level, wait }) = calls(&[&person], &waba("100")).await;

    assert_eq!(level, Level::Waba);
    world.pass(wait - Duration::from_secs(1)).await;
    person.reserve(&waba("100")).await.unwrap_err();
    world.pass(Duration::from_secs(1)).await;
    person.reserve(&waba("100")).await.unwrap();
}

#[tokio::test]
async fn an_account_with_a_registered_number_is_asked_more_often_and_another_is_not() {
    let world = World::settled().await;
    let person = world.caller(Caller::Person);
    let is_active = |is_active| Told { is_active: Some(is_active), ..Told::default() };

    person.told(&waba("100"), &is_active(true)).await;
    assert_eq!(calls(&[&person], &waba("100")).await.0, 5_000);
    assert_eq!(calls(&[&person], &waba("101")).await.0, 200);

    person.told(&waba("102"), &is_active(true)).await;
    person.told(&waba("102"), &is_active(false)).await;
    assert_eq!(calls(&[&person], &waba("102")).await.0, 200);
}

#[tokio::test]
async fn those_for_whom_nobody_waits_leave_a_share_to_the_others() {
    let world = World::settled().await;
    let (background, person) = (world.caller(BACKGROUND), world.caller(Caller::Person));

    assert_eq!(calls(&[&background], &waba("100")).await.0, 160);
    assert_eq!(calls(&[&person], &waba("100")).await.0, 40);
    background.reserve(&waba("100")).await.unwrap_err();

    // Nor do they take what persons have left of it.
    assert_eq!(calls(&[&person], &waba("101")).await.0, 200);
    assert_eq!(calls(&[&background], &waba("101")).await.0, 0);
}

#[tokio::test]
async fn what_meta_says_of_an_account_closes_it_for_all_until_then_and_no_other() {
    let mut world = World::settled().await;
    let (one, other) = (world.caller(BACKGROUND), world.caller(Caller::Person));

    one.told(&waba("100"), &Told { waba: closed(7), ..Told::default() }).await;
    // An answer that was under way longer does not open it.
    other.told(&waba("100"), &Told { waba: percent(20), ..Told::default() }).await;

    for caller in [&one, &other] {
        let refused = caller.reserve(&waba("100")).await.unwrap_err();
        assert_eq!(refused, UsedUp { level: Level::Waba, wait: MINUTE * 7 });
        caller.reserve(&waba("101")).await.unwrap();
        caller.reserve(&app("400")).await.unwrap();
    }
    world.pass(MINUTE * 7).await;
    other.reserve(&waba("100")).await.unwrap();
}

#[tokio::test]
async fn what_meta_says_of_an_app_concerns_all_its_accounts_and_no_other_app() {
    let mut world = World::settled().await;
    let (background, person) = (world.caller(BACKGROUND), world.caller(Caller::Person));

    person.told(&app("400"), &Told { app: percent(85), ..Told::default() }).await;
    let refused = background.reserve(&waba("100")).await.unwrap_err();
    assert_eq!(refused.level, Level::App);
    person.reserve(&waba("100")).await.unwrap();

    person.told(&waba("100"), &Told { app: closed(30), ..Told::default() }).await;
    for subject in [waba("100"), waba("101"), app("400")] {
        let refused = person.reserve(&subject).await.unwrap_err();
        assert_eq!(refused, UsedUp { level: Level::App, wait: MINUTE * 30 });
    }
    person.reserve(&app("401")).await.unwrap();
    world.pass(MINUTE * 30).await;
    person.reserve(&waba("100")).await.unwrap();
}

#[tokio::test]
async fn what_others_use_of_a_limit_is_taken_off_it() {
    let mut world = World::settled().await;
    let (background, person) = (world.caller(BACKGROUND), world.caller(Caller::Person));
    let told = |used| Told { waba: percent(used), ..Told::default() };

    person.told(&waba("100"), &told(75)).await;
    assert!(calls(&[&background], &waba("100")).await.0 <= 10);
    assert!(calls(&[&person], &waba("100")).await.0 <= 40);

    // That was long ago, and Meta tells it anew with the next call.
    world.pass(MINUTE * 11).await;
    background.reserve(&waba("100")).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_has_forgotten_lets_a_quarter_through_until_meta_tells() {
    let mut world = World::settled().await;
    let (one, other) = (world.caller(Caller::Person), world.caller(BACKGROUND));
    let (made, _) = calls(&[&one], &waba("100")).await;
    assert_eq!(made, 200);

    world.forget().await;
    assert_eq!(calls(&[&one, &other], &waba("100")).await.0, 41);
    assert_eq!(calls(&[&one], &waba("100")).await.0, 9);

    // Meta's first word ends the doubt, whichever way.
    one.told(&waba("100"), &Told { waba: percent(30), ..Told::default() }).await;
    let more = calls(&[&one], &waba("100")).await.0;
    assert!((120..=140).contains(&more), "{more}");
    world.forget().await;
    one.reserve(&waba("100")).await.unwrap();
    one.told(&waba("100"), &Told { waba: percent(100), ..Told::default() }).await;
    one.reserve(&waba("100")).await.unwrap_err();
}

#[tokio::test]
async fn without_redis_all_together_make_a_quarter_of_the_calls_and_redis_hears_of_them() {
    let proxy = proxy().await;
    let redis = behind(&proxy).await;
    let [one, other] =
        [Caller::Person, BACKGROUND].map(|caller| Management::new(redis.clone(), caller).unwrap());
    for caller in [&one, &other, &one] {
        caller.reserve(&waba("100")).await.unwrap();
    }

    proxy.cut().await;
    let (by_one, refused) = calls(&[&one], &waba("100")).await;
    let (by_other, _) = calls(&[&other], &waba("100")).await;
    // A half of it at once, and the rest in the hour that follows.
    assert_eq!((by_one, by_other), (12, 10));
    assert!(refused.wait <= Duration::from_secs(277), "{refused:?}");

    proxy.restore().await;
    let begun = Instant::now();
    for caller in [&one, &other] {
        while caller.reserve(&waba("100")).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "Redis is not asked again");
            tokio::task::yield_now().await;
        }
    }
    // Of the 50 that are allowed as long as Meta says nothing, all are known.
    assert_eq!(calls(&[&one], &waba("100")).await.0, 50 - 3 - 12 - 10 - 2);
}

#[tokio::test]
async fn without_redis_metas_word_still_closes() {
    let proxy = proxy().await;
    let person = Management::new(behind(&proxy).await, Caller::Person).unwrap();
    proxy.cut().await;

    person.told(&waba("100"), &Told { waba: closed(7), ..Told::default() }).await;
    let refused = person.reserve(&waba("100")).await.unwrap_err();
    assert_eq!(refused.level, Level::Waba);
    assert!(refused.wait > MINUTE * 6, "{refused:?}");
    person.reserve(&waba("101")).await.unwrap();

    person.told(&app("400"), &Told { app: closed(7), ..Told::default() }).await;
    assert_eq!(person.reserve(&waba("101")).await.unwrap_err().level, Level::App);
    person.reserve(&app("401")).await.unwrap();
}
