//! How many people a portfolio reaches, whoever sends.

use super::shared::{behind, flush, proxy};
use super::*;

/// Claims of so much later were not made before Redis forgot, whatever the clocks say.
const BEYOND_DOUBT: TimeDelta = TimeDelta::seconds(10);

const DAY: TimeDelta = domain::tier::COUNTS_FOR;

/// Workers that share Redis and rows.
struct Team {
    redis: RedisConfig,
    rows: Arc<Rows>,
    workers: Vec<Limits>,
}

impl Team {
    async fn new(count: usize) -> Self {
        Self::of(count, redis()).await
    }

    async fn of(count: usize, redis: RedisConfig) -> Self {
        let rows = Arc::new(Rows::default());
        let mut workers = Vec::new();
        for _ in 0..count {
            let config = LimitsConfig { hold: HOLD * 3, held_per_lane: 10_000, claim_lease: LEASE };
            workers.push(worker(config, &redis, Arc::clone(&rows)).await);
        }
        for worker in &workers {
            worker.beat().await;
        }
        Self { redis, rows, workers }
    }

    /// Claims a message, asks for it, and begins its attempt when it may go.
    async fn ask(&self, nth: usize, room: Option<u32>, to: usize) -> Result<(), TimeDelta> {
        let (turn, recipient) = self.reserve(nth, room, to).await?;
        self.rows.note("p", &recipient, wall());
        turn.come().await.unwrap();
        Ok(())
    }

    /// Claims a message and asks for it.
    async fn reserve(
        &self,
        nth: usize,
        room: Option<u32>,
        to: usize,
    ) -> Result<(Turn, String), TimeDelta> {
        let id = number(&format!("{}", nth % 3 + 1));
        let recipient = format!("+141{to:08}");
        self.rows.claim("p", &recipient, wall() + BEYOND_DOUBT);
        let budget = Some(Budget { portfolio: "p", room });
        let asked = Request { recipient: &recipient, budget, ..request(&id, Lane::Normal, 1_000) };
        match self.workers[nth % self.workers.len()].reserve(asked).await {
            Decision::Go(turn) => Ok((turn, recipient)),
            Decision::At { until, reason } => {
                self.rows.give_up("p", &recipient);
                // What Redis has forgotten might have been a pair's whole burst.
                let is_expected =
                    matches!(reason, WaitingReason::PortfolioBudget | WaitingReason::Pair);
                assert!(is_expected, "{reason}");
                Err(until - now())
            }
        }
    }

    /// As if the set had been completed long ago.
    async fn make_stale(&self) {
        let client = redis::Client::open(self.redis.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let set = format!("{}people:p", self.redis.prefix);
        let mut back = redis::cmd("ZINCRBY");
        back.arg(set).arg(-60_000_000).arg("ready");
        back.query_async::<()>(&mut connection).await.unwrap();
    }

    /// Asks for messages to ever more people from `first` on, until `wanted` of them may go; always
    /// for more than that.
    async fn ask_until(&self, room: u32, first: usize, wanted: usize) {
        let begun = Instant::now();
        let (mut reached, mut first) = (0, first);
        while reached < wanted {
            assert!(begun.elapsed() < Duration::from_secs(60), "{reached} of {wanted}");
            reached += self.ask_all(room, first..first + wanted + 20).await;
            first += wanted + 20;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(reached, wanted);
    }

    /// Asks for a message to each of these people at once; answers how many may go.
    async fn ask_all(&self, room: u32, people: std::ops::Range<usize>) -> usize {
        let asked = people.map(|to| self.ask(to, Some(room), to));
        join_all(asked).await.iter().filter(|answer| answer.is_ok()).count()
    }
}

/// The clock of rows, which Redis shares.
#[expect(clippy::disallowed_methods, reason = "this crate does not know `runtime`")]
fn wall() -> DateTime<Utc> {
    Utc::now()
}

#[tokio::test]
async fn workers_together_reach_as_many_people_as_the_portfolio_may() {
    let team = Team::new(3).await;

    assert_eq!(team.ask_all(50, 0..120).await, 50);

    assert_eq!(team.rows.people("p"), 50);
    assert!(team.ask(0, Some(50), 999).await.is_err());
}

#[tokio::test]
async fn who_was_reached_may_be_written_to_again_and_others_when_a_place_is_free() {
    let team = Team::new(2).await;
    for to in 0..3 {
        team.ask(to, Some(3), to).await.unwrap();
    }

    team.ask(1, Some(3), 0).await.unwrap();
    let waits = [team.ask(0, Some(3), 7).await, team.ask(1, Some(3), 8).await];

    for wait in waits {
        let wait = wait.unwrap_err();
        assert!(wait > DAY - TimeDelta::minutes(1) && wait <= DAY, "{wait}");
    }
    team.ask(0, Some(4), 9).await.expect("a limit that was raised counts at once");
    team.ask(0, Some(4), 10).await.unwrap_err();
    team.ask(1, None, 11).await.expect("and so does the end of it");
}

#[tokio::test]
async fn each_that_is_sent_away_comes_back_for_a_place_of_its_own() {
    let team = Team::new(1).await;
    for hours in 1..=3 {
        let (to, at) = (format!("+14100000{hours:03}"), wall() - TimeDelta::hours(20 - hours));
        team.rows.note("p", &to, at);
    }
    let mut waits = Vec::new();
    for to in 10..14 {
        waits.push(team.ask(0, Some(3), to).await.unwrap_err().num_minutes());
    }

    // The places are free in 5, 6 and 7 hours, and then the first one once more.
    let day = DAY.num_minutes();
    for (wait, free) in waits.iter().zip([day - 19 * 60, day - 18 * 60, day - 17 * 60]) {
        assert!((wait - free).abs() <= 1, "{waits:?}");
    }
    assert!((waits[3] - waits[0] - day).abs() <= 1, "{waits:?}");
}

#[tokio::test]
async fn marketing_stops_before_the_others() {
    let team = Team::new(1).await;

    assert_eq!(team.ask_all(8, 0..10).await, 8, "marketing has eight of ten places");
    assert_eq!(team.ask_all(10, 20..30).await, 2, "the others have what is left");
}

#[tokio::test]
async fn what_redis_has_forgotten_is_read_from_the_rows_before_anybody_sends() {
    let team = Team::new(3).await;
    assert_eq!(team.ask_all(40, 0..30).await, 30);

    flush(&team.redis).await;

    team.ask_until(40, 100, 10).await;
    assert_eq!(team.ask_all(40, 200..220).await, 0);
    assert_eq!(team.rows.people("p"), 40);
}

#[tokio::test]
async fn a_place_that_was_forgotten_before_its_attempt_began_stays_taken() {
    let team = Team::new(2).await;
    team.ask(0, Some(10), 1).await.unwrap();
    let mut under_way = Vec::new();
    for to in 2..6 {
        under_way.push(team.reserve(0, Some(10), to).await.unwrap());
    }
    for (_, recipient) in &under_way {
        team.rows.claim("p", recipient, wall());
    }

    flush(&team.redis).await;
    team.ask_until(10, 100, 5).await;
    assert_eq!(team.ask_all(10, 200..220).await, 0);
    for (turn, recipient) in under_way {
        team.rows.note("p", &recipient, wall());
        turn.come().await.unwrap();
    }

    assert_eq!(team.rows.people("p"), 10);
}

#[tokio::test]
async fn a_place_that_is_about_to_be_used_is_kept_when_the_rows_are_read_again() {
    let team = Team::new(1).await;
    team.ask(0, Some(3), 1).await.unwrap();
    let (_turn, _) = team.reserve(0, Some(3), 2).await.unwrap();
    let (_, gone) = team.reserve(0, Some(3), 3).await.unwrap();
    team.rows.give_up("p", &gone);
    team.ask(0, Some(3), 9).await.unwrap_err();

    team.make_stale().await;

    team.ask(0, Some(3), 10).await.expect("the place that was given up is free");
    team.ask(0, Some(3), 11).await.expect_err("the one that is under way is not");
}

#[tokio::test]
async fn what_a_redis_that_began_again_has_read_from_its_disk_is_not_believed() {
    let team = Team::new(2).await;
    assert_eq!(team.ask_all(30, 0..20).await, 20);
    let client = redis::Client::open(team.redis.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let prefix = &team.redis.prefix;

    // An older state: fewer people, and another run of the server.
    let mut older = redis::cmd("ZREMRANGEBYRANK");
    older.arg(format!("{prefix}people:p")).arg(0).arg(9);
    older.query_async::<()>(&mut connection).await.unwrap();
    let mut run = redis::cmd("HSET");
    run.arg(format!("{prefix}memory")).arg("run").arg("the one before");
    run.query_async::<()>(&mut connection).await.unwrap();
    team.workers[0].beat().await;

    team.ask_until(30, 100, 10).await;
    assert_eq!(team.ask_all(30, 500..510).await, 0);
}

#[tokio::test]
async fn while_nobody_can_read_the_rows_nobody_sends() {
    let team = Team::new(1).await;
    team.rows.are_away.store(true, Ordering::Relaxed);

    let wait = team.ask(0, Some(10), 1).await.unwrap_err();

    assert!(wait < TimeDelta::seconds(30), "{wait}");
}

#[tokio::test]
async fn without_redis_the_workers_share_what_is_left_and_with_it_again_too() {
    let proxy = proxy().await;
    let team = Team::of(2, behind(&proxy).await).await;
    assert_eq!(team.ask_all(30, 0..10).await, 10);

    proxy.cut().await;
    let alone = team.ask_all(30, 100..140).await;
    team.ask(0, Some(30), 1).await.expect("who was reached may be written to");
    proxy.restore().await;
    team.ask_until(30, 200, 20 - alone).await;

    assert!((1..=20).contains(&alone), "{alone}");
    assert_eq!(team.ask_all(30, 300..310).await, 0);
    assert_eq!(team.rows.people("p"), 30);
}

#[tokio::test]
async fn portfolios_that_may_reach_everybody_are_not_counted_until_they_may_not() {
    let team = Team::new(2).await;
    for to in 0..20 {
        team.ask(to, None, to).await.unwrap();
    }

    assert_eq!(team.ask_all(25, 50..60).await, 5, "those of before count too");
}
