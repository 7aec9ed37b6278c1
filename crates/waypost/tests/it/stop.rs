use std::time::Duration;

use domain::delivery::DeliveryStatus;
use serde_json::json;
use store::messages::count_by_status;
use test_support::{eventually, eventually_within};

use crate::process::Up;
use crate::world::{Meta, World, free_address};

const MESSAGES: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_finishes_what_was_begun_and_a_new_start_does_the_rest() {
    let ingress = free_address();
    let slow = json!({ "faults": [{ "kind": { "slow": { "ms": 300 } } }] });
    let meta = Meta::new(&ingress, slow).await;
    let mut world = World::with_number().await;
    world.set("WAYPOST_INGRESS_ADDR", &ingress);
    world.set("GRAPH_API_BASE_URL", &meta.base_url);
    let up = Up::start(&world, &[]).await;
    up.enqueue(MESSAGES).await;
    eventually("it is in mid-work", async || meta.control.stats().accepted >= 20).await;

    let (status, stdout, log) = up.terminate().await;

    assert_eq!((status.code(), stdout.as_str()), (Some(0), ""), "{log}");
    let accepted = usize::try_from(meta.control.stats().accepted).unwrap();
    assert!(accepted < MESSAGES, "stopped too late to show anything");
    let counts = counts(&world).await;
    let in_doubt = [DeliveryStatus::Sending, DeliveryStatus::Unknown];
    assert!(in_doubt.iter().all(|status| !counts.contains_key(status)), "{counts:?}");
    let queued = counts.get(&DeliveryStatus::Queued).copied().unwrap_or_default();
    assert_eq!(usize::try_from(queued).unwrap(), MESSAGES - accepted, "{counts:?}");

    let mut again = Up::spawn(&world, &[]);
    again.ready().await;
    eventually_within(Duration::from_secs(180), "the rest is delivered", async || {
        let delivered = self::counts(&world).await.get(&DeliveryStatus::Delivered).copied();
        delivered == i64::try_from(MESSAGES).ok()
    })
    .await;
    assert_eq!(meta.control.doubled(), []);
}

async fn counts(world: &World) -> std::collections::BTreeMap<DeliveryStatus, i64> {
    let client = world.db.client().await.unwrap();
    let tenant_id = store::tenants::find(&client, "default").await.unwrap().unwrap();
    count_by_status(&client, tenant_id).await.unwrap()
}
