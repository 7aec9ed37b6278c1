//! What still has to be posted, ordered by when it is due. It outlives a stop of the simulator.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use crate::sync::lock;
use crate::update::Update;

/// Updates and POSTs that wait for their time.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    /// Wakes whoever posts, when something is due earlier than before.
    wake: Notify,
    paused: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    updates: BinaryHeap<Reverse<Due<Queued>>>,
    posts: BinaryHeap<Reverse<Due<Post>>>,
    added: u64,
    in_flight: usize,
}

/// An update that has not been put into a POST yet.
#[derive(Debug)]
pub(crate) struct Queued {
    /// What it tells.
    pub(crate) update: Update,
    /// Told when the POST that carries it has been tried.
    pub(crate) posted: Option<oneshot::Sender<()>>,
}

/// One POST, the same bytes at every try.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    /// Where it goes, each with its body and signature. All of them get it again when one did not answer 200.
    pub(crate) targets: Vec<Target>,
    /// How many updates it carries.
    pub(crate) updates: usize,
    /// When it was first due, in microseconds of the simulator's clock.
    pub(crate) since_us: u64,
    /// How often it has failed.
    pub(crate) attempts: u32,
    /// Whether it is the second of a doubled POST.
    pub(crate) again: bool,
}

/// One subscriber's copy of a POST.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where it goes.
    pub(crate) url: String,
    /// What is posted.
    pub(crate) body: Bytes,
    /// The value of `X-Hub-Signature-256`.
    pub(crate) signature: String,
}

/// What is due: the next thing to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// A POST that failed before.
    Again(Post),
    /// Updates for a new POST, and when the oldest of them was due.
    Fresh(Vec<Queued>, u64),
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pending {
    /// Updates without a POST.
    pub(crate) updates: usize,
    /// POSTs that wait for another try.
    pub(crate) posts: usize,
    /// POSTs under way.
    pub(crate) in_flight: usize,
}

impl Outbox {
    /// Adds updates, each with the time at which it is due.
    pub(crate) fn add(&self, updates: impl IntoIterator<Item = (u64, Queued)>) {
        let mut waiting = lock(&self.waiting);
        let before = waiting.next_due();
        for (due_us, queued) in updates {
            let place = waiting.place();
            waiting.updates.push(Reverse(Due { due_us, place, thing: queued }));
        }
        let earlier = waiting.next_due() != before;
        drop(waiting);
        if earlier {
            self.wake.notify_one();
        }
    }

    /// Takes what is due, unless posting is paused; counted as under way until [`Outbox::done`].
    pub(crate) fn take(&self, now_us: u64, most: usize) -> Option<Work> {
        if self.is_paused() {
            return None;
        }
        let mut waiting = lock(&self.waiting);
        let work = match waiting.posts.peek() {
            Some(Reverse(post)) if post.due_us <= now_us => {
                waiting.posts.pop().map(|Reverse(due)| Work::Again(due.thing))
            }
            _ => waiting.take_updates(now_us, most),
        };
        waiting.in_flight += usize::from(work.is_some());
        work
    }

    /// A POST that was taken is done.
    pub(crate) fn done(&self) {
        lock(&self.waiting).in_flight -= 1;
    }

    /// A POST that was taken has to be tried again.
    pub(crate) fn put_back(&self, due_us: u64, post: Post) {
        let mut waiting = lock(&self.waiting);
        let place = waiting.place();
        waiting.posts.push(Reverse(Due { due_us, place, thing: post }));
        waiting.in_flight -= 1;
        drop(waiting);
        self.wake.notify_one();
    }

    /// When the next thing is due; `None` while nothing waits or posting is paused.
    pub(crate) fn next_due(&self) -> Option<u64> {
        if self.is_paused() { None } else { lock(&self.waiting).next_due() }
    }

    /// Waits until something may be due earlier than before.
    pub(crate) async fn changed(&self) {
        self.wake.notified().await;
    }

    /// Stops or continues posting; what is under way goes on.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused.store(paused, Memory::SeqCst);
        self.wake.notify_one();
    }

    /// Looks again at what is due: the clock has leapt.
    pub(crate) fn look_again(&self) {
        self.wake.notify_one();
    }

    /// Whether posting is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.load(Memory::SeqCst)
    }

    /// How much waits.
    pub(crate) fn pending(&self) -> Pending {
        let waiting = lock(&self.waiting);
        Pending {
            updates: waiting.updates.len(),
            posts: waiting.posts.len(),
            in_flight: waiting.in_flight,
        }
    }
}

impl Waiting {
    fn place(&mut self) -> u64 {
        self.added += 1;
        self.added
    }

    fn next_due(&self) -> Option<u64> {
        let update = self.updates.peek().map(|Reverse(due)| due.due_us);
        let post = self.posts.peek().map(|Reverse(due)| due.due_us);
        update.into_iter().chain(post).min()
    }

    fn take_updates(&mut self, now_us: u64, most: usize) -> Option<Work> {
        let since_us = self
            .updates
            .peek()
            .map(|Reverse(due)| due.due_us)
            .filter(|due_us| *due_us <= now_us)?;
        let mut taken = Vec::new();
        while taken.len() < most
            && self.updates.peek().is_some_and(|Reverse(due)| due.due_us <= now_us)
        {
            taken.extend(self.updates.pop().map(|Reverse(due)| due.thing));
        }
        Some(Work::Fresh(taken, since_us))
    }
}

/// A thing and when it is due; of two due at once, the one added first comes first.
#[derive(Debug)]
struct Due<T> {
    due_us: u64,
    place: u64,
    thing: T,
}

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due_us, self.place).cmp(&(other.due_us, other.place))
    }
}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Due<T> {}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::update::EntryHead;

    fn queued(field: &str) -> Queued {
        let update = Update::Change {
            waba_id: "1".to_owned(),
            entry: EntryHead::default(),
            app_id: None,
            field: field.to_owned(),
            value: Value::Null,
        };
        Queued { update, posted: None }
    }

    fn fields(work: Option<Work>) -> Vec<String> {
        let Some(Work::Fresh(queued, _)) = work else { return Vec::new() };
        let field = |queued: Queued| match queued.update {
            Update::Change { field, .. } => field,
            Update::Status { .. } => String::new(),
        };
        queued.into_iter().map(field).collect()
    }

    #[test]
    fn updates_come_when_they_are_due_in_batches_that_are_not_overfull() {
        let outbox = Outbox::default();
        outbox.add([(30, queued("c")), (10, queued("a")), (20, queued("b")), (20, queued("b2"))]);

        assert!(outbox.take(9, 10).is_none());
        assert_eq!(fields(outbox.take(20, 2)), ["a", "b"]);
        assert_eq!(fields(outbox.take(20, 2)), ["b2"]);
        assert_eq!(outbox.next_due(), Some(30));
        assert_eq!(outbox.pending().in_flight, 2);
    }

    #[test]
    fn nothing_is_taken_while_paused_and_nothing_is_lost() {
        let outbox = Outbox::default();
        outbox.add([(10, queued("a"))]);
        outbox.pause(true);

        assert!(outbox.take(10, 1).is_none() && outbox.next_due().is_none());
        outbox.pause(false);
        assert_eq!(fields(outbox.take(10, 1)), ["a"]);
    }

    #[test]
    fn a_post_that_failed_comes_again_before_fresh_updates() {
        let outbox = Outbox::default();
        outbox.add([(10, queued("a"))]);
        assert_eq!(fields(outbox.take(10, 1)), ["a"]);
        let post =
            Post { targets: Vec::new(), updates: 1, since_us: 10, attempts: 1, again: false };

        outbox.put_back(50, post);
        outbox.add([(20, queued("b"))]);

        assert_eq!(fields(outbox.take(49, 9)), ["b"]);
        outbox.add([(20, queued("c"))]);
        assert!(matches!(outbox.take(50, 9), Some(Work::Again(_))));
    }
}
