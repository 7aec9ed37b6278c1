use std::time::Duration;

use domain::delivery::DeliveryStatus;
use serde_json::json;
use store::messages::{Filter, Summary};
use test_support::{eventually, eventually_within};

use crate::process::Up;
use crate::world::{Meta, World, free_address};

const MESSAGES: usize = 300;

async fn rows(world: &World) -> Vec<Summary> {
    let client = world.db.client().await.unwrap();
    let tenant_id = store::tenants::find(&client, "default").await.unwrap().unwrap();
    let limit = i64::try_from(MESSAGES).unwrap() * 2;
    store::messages::list(&client, tenant_id, &Filter::default(), limit).await.unwrap()
}

/// What has been read, or stands as an honest doubt that no echo resolves.
fn is_settled(row: &Summary) -> bool {
    row.opened_at.is_some() || row.status == DeliveryStatus::Unknown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_mid_work_loses_and_doubles_nothing() {
    let ingress = free_address();
    let meta = Meta::new(&ingress, json!({})).await;
    let mut world = World::with_number().await;
    for (name, value) in [
        ("WAYPOST_INGRESS_ADDR", ingress.as_str()),
        ("GRAPH_API_BASE_URL", &meta.base_url),
        ("WAYPOST_SEND_TIMEOUT_S", "2"),
        ("WAYPOST_CLAIM_LEASE_S", "3"),
    ] {
        world.set(name, value);
    }
    let mut first = Up::start(&world, &[]).await;
    first.enqueue(MESSAGES).await;
    eventually("it is in mid-work", async || meta.control.stats().accepted >= 60).await;

    first.kill().await;
    assert!(meta.control.stats().accepted < MESSAGES as u64, "killed too late to show anything");
    let mut second = Up::spawn(&world, &[]);
    second.ready().await;

    eventually_within(Duration::from_secs(180), "everything is settled", async || {
        let rows = rows(&world).await;
        rows.len() == MESSAGES
            && rows.iter().all(is_settled)
            && meta.control.stats().webhooks.is_idle()
    })
    .await;
    let rows = rows(&world).await;
    let sends = meta.control.sends(0, usize::MAX);
    let went = |row: &Summary| {
        let id = row.message_id.to_string();
        sends.iter().filter(|send| send.opaque.as_deref() == Some(&id)).count()
    };
    for row in &rows {
        let read = row.opened_at.is_some();
        assert_eq!(went(row), usize::from(read), "{} is {}", row.message_id, row.status);
    }
    let unknown = rows.iter().filter(|row| row.opened_at.is_none()).count();
    assert_eq!(sends.len(), MESSAGES - unknown);
    let (status, _, log) = second.terminate().await;
    assert!(status.success(), "{log}");
}
