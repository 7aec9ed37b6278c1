use chrono::{DateTime, TimeDelta, Utc};
use domain::delivery::{Facts, Failure};
use domain::lane::{Lane, WaitingReason};
use domain::scope::Scope;
use domain::tier::{COUNTS_FOR, Tier};
use runtime::now;
use store::budget::{self, full, let_ask, reached};
use store::messages::{
    AttemptOutcome, Claim, Claimed, Finished, Job, NewMessage, Next, begin_attempts, claim, record,
    resolve_unknown,
};
use store::service_windows::{self, Inbound};
use store::statuses::{News, Origin, merge};
use store::{Client, connections};
use test_support::{Sender, TestDb, own_app, sender, vault};

use crate::rows::{insert, origin};

const LEASE: TimeDelta = TimeDelta::minutes(1);

/// What one test does with messages of one tenant.
struct World {
    client: Client,
    acme: Sender,
    _db: TestDb,
}

impl World {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let client = db.client().await.unwrap();
        let acme = sender(&client, "acme", 1).await;
        client.batch_execute("UPDATE wabas SET tier = '1000'").await.unwrap();
        Self { client, acme, _db: db }
    }

    async fn claimed(&self, to: &str) -> Claimed {
        let at = now();
        let message = NewMessage { recipient: to.into(), ..self.acme.message(at) };
        let job = insert(&self.client, message, at).await;
        match claim(&self.client, &[job], LEASE, at).await.unwrap().remove(&job) {
            Some(Claim::Ready(claimed)) => *claimed,
            other => panic!("not ready: {other:?}"),
        }
    }

    /// Sends a message at this instant, so far as anybody knows.
    async fn begun(&self, to: &str, at: DateTime<Utc>) -> Claimed {
        let claimed = self.claimed(to).await;
        let long = now() - at + LEASE;
        self.execute(&format!(
            "UPDATE messages SET lease_until = now() + interval '1 day', expires_at = now() + interval '1 day'
             WHERE message_id = '{}'",
            claimed.message_id
        ))
        .await;
        let begun = begin_attempts(&self.client, &[claimed.begin()], long, at).await.unwrap();
        assert!(begun.contains(&claimed.message_id));
        claimed
    }

    async fn ended(&self, claimed: &Claimed, outcome: &'static str, next: Next) {
        let attempt = Some(AttemptOutcome { outcome, ..AttemptOutcome::default() });
        let (message_id, claim_no) = (claimed.message_id, claimed.claim_no);
        let finished = Finished { message_id, claim_no, at: now(), attempt, next };
        record(&self.client, &[finished]).await.unwrap();
    }

    async fn told(&self, claimed: &Claimed, facts: Facts) {
        let news = News {
            message_id: claimed.message_id,
            origin: origin(&self.acme),
            wamid: "wamid.A".parse().unwrap(),
            wa_id: None,
            facts,
        };
        assert_eq!(merge(&self.client, &[news]).await.unwrap().len(), 1);
    }

    async fn reached(&self) -> Vec<String> {
        let reached = reached(&self.client, self.acme.waba_id.as_str(), now()).await.unwrap();
        let mut people: Vec<_> = reached.into_keys().collect();
        people.sort();
        let usage = budget::usage(&self.client, now()).await.unwrap();
        // Under a portfolio of its own name, if a test gives it none.
        let waba_id = self.acme.waba_id.as_str();
        if let Some(counted) = usage.iter().find(|usage| usage.portfolio == waba_id) {
            assert_eq!(counted.people as usize, people.len(), "both count the same people");
        }
        people
    }

    async fn may_be_reached(&self) -> Vec<String> {
        let portfolio = self.acme.waba_id.as_str();
        let claimed = budget::claimed(&self.client, portfolio).await.unwrap();
        let mut people: Vec<_> = claimed.into_keys().collect();
        people.sort();
        people
    }

    async fn execute(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }
}

fn accepted() -> Next {
    Next::Accepted { wamid: "wamid.A".parse().unwrap(), wa_id: None, held: false }
}

fn failure() -> Failure {
    Failure { at: now(), code: 131_026, detail: "undeliverable".into() }
}

#[tokio::test]
async fn whoever_may_have_been_reached_counts_and_whoever_was_not_does_not() {
    let world = World::new().await;
    world.claimed("+11").await;
    let begun = world.begun("+12", now()).await;
    let taken = world.begun("+13", now()).await;
    world.ended(&taken, "accepted", accepted()).await;
    let doubtful = world.begun("+14", now()).await;
    world.ended(&doubtful, "ambiguous", Next::Unknown).await;
    let refused = world.begun("+15", now()).await;
    world.ended(&refused, "rejected", Next::Failed(failure())).await;
    let unsent = world.begun("+16", now()).await;
    let wait = Next::Wait { until: now(), reason: WaitingReason::Retry };
    world.ended(&unsent, "not_sent", wait).await;

    assert_eq!(world.may_be_reached().await, ["+11"]);
    assert_eq!(world.reached().await, ["+12", "+13", "+14"]);

    // What fails later has reached nobody, unless it was delivered all the same.
    for message in [&begun, &taken] {
        world.told(message, Facts { failed: Some(failure()), ..Facts::default() }).await;
    }
    world.told(&begun, Facts { delivered_at: Some(now()), ..Facts::default() }).await;
    assert_eq!(world.reached().await, ["+12", "+14"]);
}

#[tokio::test]
async fn what_we_gave_up_without_metas_word_may_have_been_reached_and_counts() {
    let world = World::new().await;
    let doubtful = world.begun("+11", now()).await;
    world.ended(&doubtful, "ambiguous", Next::Unknown).await;
    world.execute("UPDATE messages SET on_unknown = 'fail'").await;

    let resolved = resolve_unknown(&world.client, TimeDelta::zero(), 10, now()).await.unwrap();

    assert_eq!(resolved, (0, 1));
    assert_eq!(world.reached().await, ["+11"]);
}

#[tokio::test]
async fn a_refusal_of_the_second_attempt_proves_nothing_of_the_first() {
    let world = World::new().await;
    let doubtful = world.begun("+11", now()).await;
    world.ended(&doubtful, "ambiguous", Next::Unknown).await;
    world.execute("UPDATE messages SET on_unknown = 'retry'").await;
    resolve_unknown(&world.client, TimeDelta::zero(), 10, now()).await.unwrap();
    let job = Job { message_id: doubtful.message_id, tenant_id: doubtful.tenant_id };
    let claims = claim(&world.client, &[job], LEASE, now()).await.unwrap();
    let Some(Claim::Ready(again)) = claims.get(&job) else { panic!("{claims:?}") };
    begin_attempts(&world.client, &[again.begin()], LEASE, now()).await.unwrap();

    world.ended(again, "rejected", Next::Failed(failure())).await;

    assert_eq!(world.reached().await, ["+11"]);
}

#[tokio::test]
async fn a_day_counts_from_the_latest_attempt_or_delivery() {
    let world = World::new().await;
    let long_ago = now() - COUNTS_FOR - TimeDelta::minutes(1);
    let gone = world.begun("+11", long_ago).await;
    world.ended(&gone, "accepted", accepted()).await;
    let late = world.begun("+12", long_ago).await;
    world.ended(&late, "accepted", accepted()).await;
    world.told(&late, Facts { delivered_at: Some(now()), ..Facts::default() }).await;
    for at in [long_ago, now()] {
        let again = world.begun("+13", at).await;
        world.ended(&again, "accepted", accepted()).await;
    }

    assert_eq!(world.reached().await, ["+12", "+13"]);
}

#[tokio::test]
async fn accounts_of_one_portfolio_count_together() {
    let world = World::new().await;
    let other = sender(&world.client, "other", 2).await;
    world.begun("+11", now()).await;
    let message = NewMessage { recipient: "+12".into(), ..other.message(now()) };
    let job = insert(&world.client, message, now()).await;
    let claims = claim(&world.client, &[job], LEASE, now()).await.unwrap();
    let Some(Claim::Ready(claimed)) = claims.get(&job) else { panic!("not ready") };
    begin_attempts(&world.client, &[claimed.begin()], LEASE, now()).await.unwrap();
    assert_eq!(world.reached().await, ["+11"]);

    world.execute("UPDATE wabas SET portfolio_id = '777'").await;

    let people = reached(&world.client, "777", now()).await.unwrap();
    assert_eq!(people.len(), 2, "what was counted before the portfolio was known counts too");
    assert!(world.reached().await.is_empty());
    let claimed = world.claimed("+13").await;
    assert_eq!((claimed.portfolio.as_str(), claimed.tier), ("777", "1000".parse().unwrap()));
    world.execute("UPDATE wabas SET tier = NULL").await;
    assert_eq!(world.claimed("+14").await.tier, Tier::UNTOLD);
}

#[tokio::test]
async fn a_service_window_opens_for_a_day_and_counts_nobody() {
    let world = World::new().await;
    let inbound = |at| Inbound { origin: origin(&world.acme), contact: "+11".into(), at };
    let opened = service_windows::open(&world.client, &[inbound(now())], now()).await.unwrap();
    assert_eq!(opened.len(), 1);
    // One that comes late, and twice, closes nothing.
    let late = vec![inbound(now() - TimeDelta::days(2)); 2];
    service_windows::open(&world.client, &late, now()).await.unwrap();

    assert!(world.claimed("+11").await.in_service_window);
    assert!(!world.claimed("+12").await.in_service_window);
    let answer = world.begun("+11", now()).await;
    assert_eq!(answer.begin().counted, None);
    assert!(world.reached().await.is_empty());

    let day = TimeDelta::hours(24);
    assert_eq!(service_windows::forget_closed(&world.client, 10, now() + day).await.unwrap(), 0);
    let later = now() + day * 3;
    assert_eq!(service_windows::forget_closed(&world.client, 10, later).await.unwrap(), 1);
}

#[tokio::test]
async fn nobody_opens_a_window_of_a_number_outside_the_scope() {
    let world = World::new().await;
    let forger = own_app(&world.client, "forger", 3).await;
    let own = Scope::Connection(forger.sender.connection_id);
    let numbers = [&world.acme, &forger.sender];
    let mut inbound = Vec::new();
    for waba in numbers {
        for number in numbers {
            let (waba_id, phone_number_id) = (waba.waba_id.clone(), number.phone_number_id.clone());
            let origin = Origin { scope: own, waba_id, phone_number_id };
            inbound.push(Inbound { origin, contact: "+11".into(), at: now() });
        }
    }

    let opened = service_windows::open(&world.client, &inbound, now()).await.unwrap();

    // The owner's own word about the same number, in the same batch, vouches for no other.
    let truth = Inbound { origin: origin(&world.acme), contact: "+12".into(), at: now() };
    inbound.push(truth.clone());
    let with_truth = service_windows::open(&world.client, &inbound, now()).await.unwrap();

    let own =
        |opened: Vec<(Origin, u32)>| -> Vec<_> { opened.into_iter().map(|it| it.0).collect() };
    let (opened, with_truth) = (own(opened), own(with_truth));
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].phone_number_id, forger.sender.phone_number_id);
    assert_eq!(with_truth.len(), 2, "{with_truth:?}");
    assert!(with_truth.contains(&truth.origin) && with_truth.contains(&opened[0]));
    assert!(!world.claimed("+11").await.in_service_window);
}

#[tokio::test]
async fn as_many_waiting_messages_ask_again_as_there_is_room_for_the_urgent_and_old_first() {
    let world = World::new().await;
    let hour = now() + TimeDelta::hours(1);
    let mut jobs = Vec::new();
    for (nth, lane) in [Lane::Normal, Lane::Normal, Lane::Urgent, Lane::Bulk].iter().enumerate() {
        let message = NewMessage {
            recipient: format!("+1{nth}"),
            lane: *lane,
            expires_at: now() + TimeDelta::days(1),
            ..world.acme.message(now())
        };
        let job = insert(&world.client, message, now()).await;
        let claims = claim(&world.client, &[job], LEASE, now()).await.unwrap();
        let Some(Claim::Ready(claimed)) = claims.get(&job) else { panic!("not ready") };
        let next = Next::Wait { until: hour, reason: WaitingReason::PortfolioBudget };
        let (message_id, claim_no) = (claimed.message_id, claimed.claim_no);
        let finished = Finished { message_id, claim_no, at: now(), attempt: None, next };
        record(&world.client, &[finished]).await.unwrap();
        jobs.push(job);
    }
    let portfolios = full(&world.client).await.unwrap();
    let [portfolio] = &portfolios[..] else { panic!("{portfolios:?}") };
    let ask = async |room| {
        let lanes = [Lane::Urgent, Lane::Normal];
        let asked = let_ask(&world.client, &portfolio.portfolio, &lanes, room, now()).await;
        asked.unwrap()
    };

    assert_eq!(ask(2).await, 2);
    assert_eq!(ask(2).await, 0, "those may ask already");
    let may: Vec<Job> = due(&world.client, &jobs).await;
    assert_eq!(may, [jobs[0], jobs[2]]);
    assert_eq!(ask(10).await, 1);
    assert_eq!(due(&world.client, &jobs).await, [jobs[0], jobs[1], jobs[2]]);
}

async fn due(client: &Client, jobs: &[Job]) -> Vec<Job> {
    let mut due = Vec::new();
    for job in jobs {
        let sql =
            "SELECT due_at <= now() AND not_before <= now() FROM messages WHERE message_id = $1";
        let row = client.query_one(sql, &[&job.message_id.as_uuid()]).await.unwrap();
        if row.get(0) {
            due.push(*job);
        }
    }
    due
}

#[tokio::test]
async fn a_tier_is_kept_as_an_operator_gives_it() {
    let world = World::new().await;
    let number = connections::NewNumber {
        tenant_id: world.acme.tenant_id,
        waba_id: world.acme.waba_id.clone(),
        phone_number_id: world.acme.phone_number_id.clone(),
        portfolio_id: None,
        messages_per_second: 80,
        tier: Some("2000".parse().unwrap()),
        access_token: "token-1".into(),
    };
    connections::add_number(&world.client, &vault(), &number, now()).await.unwrap();

    assert_eq!(world.claimed("+11").await.tier.to_string(), "2000");
}
