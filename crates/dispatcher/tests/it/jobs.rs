//! Jobs about many messages.

use amqp::Queue;
use chrono::TimeDelta;
use contracts::DispatchJob;
use domain::delivery::DeliveryStatus::{Accepted, Expired, Queued};
use domain::ids::{MessageId, TenantId};
use domain::lane::Lane;
use graph_sim::{Fault, FaultKind};
use runtime::Stop;
use test_support::{backbone, eventually, sender};

use crate::world::{Draft, World};

impl World {
    async fn publish_job(&self, tenant_id: TenantId, message_ids: Vec<MessageId>) {
        let id = message_ids[0];
        let job = self.outgoing(Lane::Normal, id, DispatchJob { tenant_id, message_ids }.encode());
        self.bus.publisher().publish(job).await.unwrap();
    }
}

#[tokio::test]
async fn a_job_is_done_when_each_of_its_messages_is_and_each_is_judged_by_itself() {
    let mut world = World::new().await;
    let mut drafts: Vec<_> = (0..6).map(|nth| world.draft(nth)).collect();
    drafts[1].expires_at = runtime::now() + TimeDelta::milliseconds(1);
    drafts[2] = Draft { from: world.number("30001", 1).await, ..world.draft(2) };
    drafts[3] = Draft { to: world.draft(2).to, from: drafts[2].from.clone(), ..world.draft(3) };
    let ids = world.insert(&drafts).await;
    let nobody = MessageId::at(runtime::now());
    let stop = Stop::new();
    world.start_on(&backbone(&world.db, &world.bus), stop.clone());

    // One that is there twice, and one that is not there.
    let job = [&ids[..], &ids[..1], &[nobody]].concat();
    world.publish_job(world.sender.tenant_id, job).await;

    for nth in [0, 2, 3, 4, 5] {
        world.until_swept(ids[nth], Accepted).await;
        assert_eq!(world.sends_of(ids[nth]), 1);
    }
    assert_eq!(world.status(ids[1]).await, Expired);
    stop.stop();
    world.ended().await;
    assert_eq!(world.bus.depth(Queue::DispatchNormal).await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_that_names_another_tenant_moves_none_of_its_messages() {
    let mut world = World::new().await;
    let ids = world.insert(&[world.draft(0), world.draft(1)]).await;
    world.start();

    let other = sender(&world.db.client().await.unwrap(), "other", 2).await;
    world.publish_job(other.tenant_id, ids.clone()).await;
    let witness = world.enqueue_one(2).await;

    world.until(witness, Accepted).await;
    for id in ids {
        assert_eq!(world.status(id).await, Queued);
    }
}

#[tokio::test]
async fn a_job_of_a_worker_that_died_comes_back_whole_and_what_was_done_of_it_stays_done() {
    let mut world = World::new().await;
    let slow = world.number("30001", 1_000).await;
    let mut drafts: Vec<_> = (0..8).map(|nth| world.draft(nth)).collect();
    drafts[7].from = slow.clone();
    let ids = world.insert(&drafts).await;
    world.fault(Fault {
        kind: Some(FaultKind::Slow { ms: 15_000 }),
        phone_number_id: Some(slow.to_string()),
        ..Fault::default()
    });
    let dispatcher = world.start();
    world.publish_job(world.sender.tenant_id, ids.clone()).await;
    eventually("all but the slow one are accepted, which Meta has", async || {
        world.count(Accepted).await == 7 && world.sends_of(ids[7]) == 1
    })
    .await;

    dispatcher.abort();
    world.ended().await;
    world.start();
    let witness = world.enqueue_one(9).await;

    world.until(witness, Accepted).await;
    for id in ids {
        assert_eq!(world.sends_of(id), 1);
    }
    assert!(world.sim.doubled().is_empty());
}
