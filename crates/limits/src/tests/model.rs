//! The scripts against a plain model: whatever is asked, forgotten, failed and received in whatever
//! order, and whatever the clock does, nothing goes that Meta does not allow; and what may go, goes.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::*;

const SECOND: u64 = 1_000_000;
const DAY: u64 = 24 * 3600 * SECOND;
const RATES: [u32; 2] = [4, 80];
const PEOPLE: u16 = 9;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// Time passes, microseconds.
    Pass(u64),
    /// The clock is set back, microseconds.
    SetBack(u64),
    /// Somebody is to be written to, within a service window or not, as often.
    Send { number: usize, person: usize, window: bool, times: usize },
    /// What was sent so many messages ago has failed: it has reached nobody.
    Fail(usize),
    /// Meta sets another limit.
    Limit(u32),
    /// A number receives messages.
    Receive { number: usize, count: u32 },
    /// Meta says that a number is too fast.
    Throttle(usize),
    /// Redis forgets everything.
    Forget,
    /// A worker tells that it lives.
    Beat,
}

fn event() -> impl Strategy<Value = Event> {
    let send = (0..RATES.len(), 0..usize::from(PEOPLE), any::<bool>(), 1..60_usize);
    prop_oneof![
        12 => send.prop_map(|(number, person, window, times)| {
            Event::Send { number, person, window, times: if times > 50 { 50 } else { times % 4 + 1 } }
        }),
        4 => (0..3 * SECOND).prop_map(Event::Pass),
        2 => (0..600 * SECOND).prop_map(Event::Pass),
        1 => (DAY / 4..2 * DAY).prop_map(Event::Pass),
        1 => (0..2 * SECOND).prop_map(Event::SetBack),
        3 => (0..20_usize).prop_map(Event::Fail),
        1 => (1..u32::from(PEOPLE)).prop_map(Event::Limit),
        1 => (0..RATES.len(), 1..200_u32).prop_map(|(number, count)| Event::Receive { number, count }),
        1 => (0..RATES.len()).prop_map(Event::Throttle),
        1 => Just(Event::Forget),
        1 => Just(Event::Beat),
    ]
}

/// A message that went, as Meta sees it.
#[derive(Clone, Debug)]
struct Sent {
    number: usize,
    person: usize,
    /// Whether it counts against the portfolio's limit.
    counts: bool,
    /// When it was let go, and when its slot was.
    at: u64,
    slot: u64,
    has_failed: bool,
}

/// How much a pair may still borrow, as Meta counts it.
#[derive(Clone, Copy, Debug)]
struct Pair {
    left: f64,
    at: u64,
}

/// The scripts under test, and what is true.
struct World {
    shared: Shared,
    redis: RedisConfig,
    connection: redis::aio::MultiplexedConnection,
    now: u64,
    room: u32,
    sent: Vec<Sent>,
    pairs: BTreeMap<(usize, usize), Pair>,
}

fn name(person: usize) -> String {
    format!("+1415555{person:04}")
}

impl World {
    async fn new() -> Self {
        let redis = redis();
        let client = redis::Client::open(redis.url.as_str()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let shared = Shared::at_the_clock_of_a_test(&redis);
        let now = 1_790_000_000 * SECOND;
        let (sent, pairs) = (Vec::new(), BTreeMap::new());
        let mut world = Self { shared, redis, connection, now, room: 4, sent, pairs };
        world.set_clock().await;
        world.shared.beat(false).await.unwrap();
        world
    }

    async fn set_clock(&mut self) {
        let mut set = redis::cmd("HSET");
        set.arg(format!("{}clock", self.redis.prefix));
        set.arg("s").arg(self.now / SECOND).arg("us").arg(self.now % SECOND);
        set.query_async::<()>(&mut self.connection).await.unwrap();
    }

    async fn happen(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Pass(time) => self.now += time,
            Event::SetBack(time) => self.now -= time,
            Event::Send { number, person, window, times } => {
                for _ in 0..times {
                    self.send(number, person, window).await?;
                }
            }
            Event::Fail(back) => {
                let nth = self.sent.len().checked_sub(back + 1);
                if let Some(sent) = nth.and_then(|nth| self.sent.get_mut(nth)) {
                    sent.has_failed = true;
                }
            }
            Event::Limit(room) => self.room = room,
            Event::Receive { number, count } => {
                let key = self.key(number);
                self.shared.received(&key, count).await.unwrap();
            }
            Event::Throttle(number) => {
                let key = self.key(number);
                self.shared.throttled(&key).await.unwrap();
            }
            Event::Forget => {
                // An epoch is known by its instant.
                self.now += 1;
                super::shared::flush(&self.redis).await;
                self.set_clock().await;
            }
            Event::Beat => drop(self.shared.beat(false).await.unwrap()),
        }
        self.set_clock().await;
        Ok(())
    }

    fn key(&self, number: usize) -> crate::shared::NumberKey {
        self.shared.number(&super::number(&(number + 1).to_string()), RATES[number])
    }

    /// Asks once; what goes must be allowed.
    async fn send(
        &mut self,
        number: usize,
        person: usize,
        window: bool,
    ) -> Result<Option<Granted>, TestCaseError> {
        let key = self.key(number);
        let budget = Budget { portfolio: "p", room: Some(self.room) };
        let budget = (!window).then_some(budget);
        let recipient = name(person);
        let mut granted = self.shared.reserve(&key, &recipient, budget).await.unwrap();
        if let Granted::TellPeople(token) = granted {
            let told = self.shared.tell_people("p", token, &self.rows(), LEASE).await.unwrap();
            prop_assert_eq!(told, Filled::Yes);
            granted = self.shared.reserve(&key, &recipient, budget).await.unwrap();
        }
        if let Granted::Slot(wait) = granted {
            let slot = self.now + u64::try_from(wait.as_micros()).unwrap();
            self.went(Sent {
                number,
                person,
                counts: !window,
                at: self.now,
                slot,
                has_failed: false,
            })?;
        }
        Ok(Some(granted))
    }

    /// Whom the rows say was reached.
    fn rows(&self) -> Reached {
        let at = |micros: u64| DateTime::from_timestamp_micros(micros.try_into().unwrap()).unwrap();
        let counted = self.sent.iter().filter(|sent| sent.counts && !sent.has_failed);
        let recent = counted.filter(|sent| sent.at + DAY + 300 * SECOND > self.now);
        let mut people = People::new();
        for sent in recent {
            let latest = people.entry(name(sent.person)).or_insert(at(sent.at));
            *latest = at(sent.at).max(*latest);
        }
        Reached { people, claimed: People::new() }
    }

    fn went(&mut self, sent: Sent) -> Result<(), TestCaseError> {
        let slots = self.sent.iter().filter(|other| other.number == sent.number);
        let second = slots.filter(|other| {
            other.slot > sent.slot.saturating_sub(SECOND) && other.slot <= sent.slot
        });
        let in_a_second = second.count() + 1;
        prop_assert!(in_a_second <= RATES[sent.number] as usize, "{} in a second", in_a_second);

        let new = Pair { left: 45.0, at: sent.at };
        let pair = self.pairs.entry((sent.number, sent.person)).or_insert(new);
        let earned = sent.at.saturating_sub(pair.at) as f64 / (6 * SECOND) as f64;
        *pair = Pair { left: (pair.left + earned).min(45.0) - 1.0, at: pair.at.max(sent.at) };
        prop_assert!(pair.left >= -1e-6, "a pair has borrowed too much: {}", pair.left);

        if sent.counts {
            let day = self.sent.iter().filter(|it| it.counts && it.at + DAY > self.now);
            // That a message has failed is heard late: who was written to counts until then.
            let is_new = day.clone().all(|it| it.person != sent.person);
            let people: HashSet<usize> =
                day.filter(|it| !it.has_failed).map(|it| it.person).collect();
            prop_assert!(
                !is_new || people.len() < self.room as usize,
                "{} people were reached of {}",
                people.len() + 1,
                self.room
            );
        }
        self.sent.push(sent);
        Ok(())
    }

    /// After two quiet days everything may go: as many people as the limit has, one after the other.
    async fn is_alive(&mut self) -> Result<(), TestCaseError> {
        self.now += 2 * DAY;
        for person in 0..self.room as usize {
            for number in 0..RATES.len() {
                self.now += 2 * SECOND;
                self.set_clock().await;
                let mut went = self.send(number, 100 + person, false).await?;
                // After a loss it takes a second until all have come back, and 6 until a pair may.
                for _ in 0..8 {
                    if matches!(went, Some(Granted::Slot(_))) {
                        break;
                    }
                    self.now += SECOND;
                    self.set_clock().await;
                    went = self.send(number, 100 + person, false).await?;
                }
                prop_assert!(matches!(went, Some(Granted::Slot(_))), "{:?}", went);
            }
        }
        Ok(())
    }
}

#[test]
fn whatever_happens_no_limit_is_broken_and_what_may_go_goes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config =
        ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let events = proptest::collection::vec(event(), 1..120);
    let played = TestRunner::new(config).run(&events, |events| {
        runtime.block_on(async {
            let mut world = World::new().await;
            for event in events {
                world.happen(event).await?;
            }
            world.is_alive().await
        })
    });
    if let Err(failure) = played {
        panic!("{failure}");
    }
}
