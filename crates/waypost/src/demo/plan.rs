//! Every message of the demo, before anything happens.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::fate::Fate;
use super::kinds;
use super::people;
use super::scenario::{CHAT, FAST, Number, ORDINARY};

/// A message that will be enqueued.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// Its place, by which its row is found again.
    pub(super) index: usize,
    /// The number it is sent from.
    pub(super) from: Number,
    /// Whom it goes to.
    pub(super) recipient: String,
    /// What becomes of it.
    pub(super) fate: Fate,
    /// How it comes in.
    pub(super) entrance: Entrance,
    /// What it says.
    content: Content,
}

/// How a message comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entrance {
    /// With others in `POST /v1/messages/batch`.
    Batch,
    /// Alone in `POST /v1/messages`, twice with the same idempotency key.
    Single,
    /// Over the exchange `waypost.notify`.
    Bus,
}

impl Entrance {
    /// A word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Single => "single",
            Self::Bus => "bus",
        }
    }
}

/// What a message says.
#[derive(Clone, Debug)]
enum Content {
    Notification(Value),
    /// An answer to what the recipient wrote, which has no id yet.
    Answer(Answer),
}

/// Makes an answer to the message with that id.
type Answer = fn(&str) -> Value;

impl Planned {
    /// Whether its recipient has to write first.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self.content, Content::Answer(_))
    }

    /// The body of the request, as an answer to `wamid` where it is one.
    pub(super) fn body(&self, wamid: &str) -> Value {
        let mut body = match &self.content {
            Content::Notification(body) => body.clone(),
            Content::Answer(answer) => answer(wamid),
        };
        body["from"] = json!(self.from.phone_number_id);
        body["to"] = json!(self.recipient);
        body["biz_opaque_callback_data"] = json!(opaque(self.index));
        body
    }
}

/// What the demo's caller calls its `index`-th message.
fn opaque(index: usize) -> String {
    format!("demo-{index}")
}

/// The place of a message, from what its caller called it.
pub(super) fn index_of(opaque: &str) -> Option<usize> {
    opaque.strip_prefix("demo-")?.parse().ok()
}

/// The messages: the same number and seed give the same ones.
pub(super) fn plan(messages: usize, seed: u64) -> Vec<Planned> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    // Few enough for what people write to fit into their number's second beside the answers.
    let people = (messages / 50).clamp(1, 20);
    let mut fates = fates(messages - 2 * people);
    fates.shuffle(&mut dice);
    let drawn = fates.into_iter().enumerate().map(|(index, fate)| drawn(index, fate, &mut dice));
    let mut plan: Vec<Planned> = drawn.collect();
    for person in 0..people {
        let recipient = people::number(Fate::Read, messages + person);
        let answers: [(Fate, Answer); 2] =
            [(Fate::Read, kinds::reply), (Fate::Reaction, kinds::reaction)];
        for (fate, answer) in answers {
            plan.push(Planned {
                index: plan.len(),
                from: CHAT,
                recipient: recipient.clone(),
                fate,
                entrance: Entrance::Single,
                content: Content::Answer(answer),
            });
        }
    }
    plan
}

fn fates(count: usize) -> Vec<Fate> {
    let drawn = Fate::DRAWN.into_iter().flat_map(|(fate, per_mille)| {
        std::iter::repeat_n(fate, (count * per_mille / 1_000).max(1))
    });
    drawn.chain(std::iter::repeat(Fate::Read)).take(count).collect()
}

fn drawn(index: usize, fate: Fate, dice: &mut impl Rng) -> Planned {
    let content = match fate {
        Fate::Refused => kinds::unknown_template(),
        Fate::Retried => kinds::one_time_password(index),
        _ => kinds::notification(dice.random_range(0..12_000)),
    };
    // A number that was too fast is slowed for a while: the one that can best afford it.
    let is_fast = fate == Fate::Throttled || dice.random_ratio(7, 10);
    Planned {
        index,
        from: if is_fast { FAST } else { ORDINARY },
        recipient: people::number(fate, index),
        fate,
        entrance: match dice.random_range(0..20) {
            // All within the first second: one excess, for which the number is slowed once.
            _ if fate == Fate::Throttled => Entrance::Single,
            0 => Entrance::Single,
            1 | 2 => Entrance::Bus,
            _ => Entrance::Batch,
        },
        content: Content::Notification(content),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_repeats_its_messages_and_another_has_others() {
        let bodies = |seed| plan(200, seed).iter().map(|p| p.body("w")).collect::<Vec<_>>();

        assert_eq!(bodies(1), bodies(1));
        assert_ne!(bodies(1), bodies(2));
    }

    #[test]
    fn every_fate_happens_and_no_two_messages_are_one() {
        for messages in [50, 200, 1_000] {
            let plan = plan(messages, 1);

            let fates: BTreeSet<Fate> = plan.iter().map(|planned| planned.fate).collect();
            let indexes: BTreeSet<usize> = plan.iter().map(|planned| planned.index).collect();
            assert_eq!(fates.len(), Fate::DRAWN.len() + 2, "{messages}");
            assert_eq!((plan.len(), indexes.len()), (messages, messages));
        }
    }

    #[test]
    fn every_message_is_one_that_waypost_takes() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();

        for planned in plan(1_000, 1) {
            let parsed = domain::enqueue::Enqueue::parse(&planned.body("wamid.x"), now);
            assert!(parsed.is_ok(), "{:?}", parsed.unwrap_err());
        }
    }

    #[test]
    fn a_row_is_found_again_by_what_its_caller_called_it() {
        assert_eq!(index_of(&opaque(42)), Some(42));
        assert_eq!(index_of("42"), None);
    }
}
