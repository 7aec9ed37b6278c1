//! Posting webhooks: updates that are due are posted together, signed, and again until they get 200.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use graph_api::signature;
use rand::Rng;
use rand::seq::SliceRandom;
use reqwest::header::CONTENT_TYPE;
use runtime::Stop;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::accounts::Heard;
use crate::dice::{Purpose, dice};
use crate::outbox::{Post, Queued, Target, Work};
use crate::payload;
use crate::update::Update;
use crate::world::{Standing, Subscribed, World};

/// Posts what is due until stopped. A POST that is under way then is taken back and not lost.
pub(crate) async fn run(world: Arc<World>, client: reqwest::Client, stop: Stop) {
    let mut under_way = JoinSet::new();
    let mut posts = 0;
    while !stop.is_stopped() {
        let standing = world.standing();
        let room = standing.scenario.webhooks.concurrency;
        while under_way.len() < room
            && let Some(work) =
                world.outbox.take(world.now_us(), standing.scenario.webhooks.max_batch)
        {
            posts += 1;
            let task = handle(
                Arc::clone(&world),
                Arc::clone(&standing),
                client.clone(),
                stop.clone(),
                work,
                posts,
            );
            under_way.spawn(task);
        }
        let next = world.outbox.next_due().filter(|_| under_way.len() < room);
        tokio::select! {
            () = stop.stopped() => {}
            () = world.outbox.changed() => {}
            Some(ended) = under_way.join_next() => report(ended),
            () = sleep_until(world.instant(next.unwrap_or_default())), if next.is_some() => {}
        }
    }
    while let Some(ended) = under_way.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a webhook was lost");
    }
}

async fn handle(
    world: Arc<World>,
    standing: Arc<Standing>,
    client: reqwest::Client,
    stop: Stop,
    work: Work,
    number: u64,
) {
    let (post, waiting) = match work {
        Work::Again(post) => {
            if post.attempts > 0 {
                world.counters.redelivered.one();
            }
            (post, Vec::new())
        }
        Work::Fresh(queued, since_us) => prepare(&world, &standing, queued, since_us, number),
    };
    if post.targets.is_empty() {
        world.outbox.done();
    } else {
        let timeout = Duration::from_millis(standing.scenario.webhooks.timeout_ms);
        let taken = stop.until(post_to_all(&client, &post, timeout)).await;
        settle(&world, &standing, post, taken, number);
    }
    for sender in waiting {
        // Whoever waited may have gone.
        let _ = sender.send(());
    }
}

/// Makes one POST of updates, with a body for each subscriber that wants some of them.
fn prepare(
    world: &World,
    standing: &Standing,
    queued: Vec<Queued>,
    since_us: u64,
    number: u64,
) -> (Post, Vec<tokio::sync::oneshot::Sender<()>>) {
    let options = &standing.scenario.webhooks;
    let (mut updates, mut waiting) = (Vec::with_capacity(queued.len()), Vec::new());
    for Queued { update, posted } in queued {
        updates.push(update);
        waiting.extend(posted);
    }
    if options.shuffle {
        updates.shuffle(&mut dice(standing.seed, Purpose::Post, number));
    }
    let heard: Vec<Vec<Heard>> =
        updates.iter().map(|update| world.accounts.heard(&standing.apps, update)).collect();
    let wants = |(update, heard): (&Update, &Vec<Heard>)| {
        let wants = |subscriber: &Subscribed| subscriber.wants(update.waba_id());
        !heard.is_empty() || standing.subscribers.iter().any(wants)
    };
    let wanted = updates.iter().zip(&heard).filter(|pair| wants(*pair)).count();
    world.counters.unsubscribed.many(updates.len() - wanted);
    world
        .counters
        .statuses
        .many(updates.iter().filter(|update| matches!(update, Update::Status { .. })).count());
    let mut targets = for_subscribers(standing, &updates);
    targets.extend(for_apps(standing, &updates, &heard));
    (Post { targets, updates: updates.len(), since_us, attempts: 0, again: false }, waiting)
}

/// A body for each subscriber that wants some of the updates.
fn for_subscribers(standing: &Standing, updates: &[Update]) -> Vec<Target> {
    let per_change = standing.scenario.webhooks.statuses_per_change;
    let target = |subscriber: &Subscribed| {
        let mut own = updates.iter().filter(|update| subscriber.wants(update.waba_id())).peekable();
        own.peek()?;
        let body = Bytes::from(payload::body(own, per_change));
        Some(Target { url: subscriber.url.clone(), signature: subscriber.key.sign(&body), body })
    };
    standing.subscribers.iter().filter_map(target).collect()
}

/// A body for each place at which an app hears some of the updates.
fn for_apps(standing: &Standing, updates: &[Update], heard: &[Vec<Heard>]) -> Vec<Target> {
    let per_change = standing.scenario.webhooks.statuses_per_change;
    let mut places: Vec<&Heard> = Vec::new();
    for place in heard.iter().flatten() {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let target = |place: &Heard| {
        let hearing = standing.apps.get(place.app)?;
        let own = updates.iter().zip(heard).filter(|(_, heard)| heard.contains(place));
        let body = Bytes::from(payload::body(own.map(|(update, _)| update), per_change));
        Some(Target { url: place.url.clone(), signature: hearing.sign(&body), body })
    };
    places.into_iter().filter_map(target).collect()
}

/// Posts to every subscriber at once; whether all of them answered 200.
async fn post_to_all(client: &reqwest::Client, post: &Post, timeout: Duration) -> bool {
    let tries = post.targets.iter().map(|target| async move {
        let request = client
            .post(&target.url)
            .timeout(timeout)
            .header(CONTENT_TYPE, "application/json")
            .header(signature::HEADER, &target.signature)
            .body(target.body.clone());
        match request.send().await {
            Ok(answer) => {
                let taken = answer.status() == reqwest::StatusCode::OK;
                // The body is read so that the connection can be used again.
                drop(answer.bytes().await);
                taken
            }
            Err(_) => false,
        }
    });
    join_all(tries).await.into_iter().all(|taken| taken)
}

/// Decides what becomes of a POST that was tried; `None` when the stop came first.
fn settle(world: &World, standing: &Standing, post: Post, taken: Option<bool>, number: u64) {
    let options = &standing.scenario.webhooks;
    let now_us = world.now_us();
    match taken {
        None => world.outbox.put_back(now_us, post),
        Some(true) => {
            world.counters.delivered.one();
            let twice = !post.again
                && options.doubled.hits(dice(standing.seed, Purpose::Post, !number).random());
            if twice {
                world.counters.doubled.one();
                world.outbox.put_back(now_us, Post { again: true, attempts: 0, ..post });
            } else {
                world.outbox.done();
            }
        }
        Some(false) => {
            world.counters.failed.one();
            let attempts = post.attempts + 1;
            let due_us = now_us + options.redelivery.delay_ms(attempts) * 1_000;
            if due_us.saturating_sub(post.since_us)
                > options.redelivery.give_up_after_ms().saturating_mul(1_000)
            {
                world.counters.given_up.one();
                world.outbox.done();
                tracing::warn!(updates = post.updates, attempts, "a webhook was given up");
            } else {
                tracing::debug!(
                    updates = post.updates,
                    attempts,
                    "a webhook did not get 200 and is posted again"
                );
                world.outbox.put_back(due_us, Post { attempts, ..post });
            }
        }
    }
}
