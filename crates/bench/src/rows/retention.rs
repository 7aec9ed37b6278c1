//! What it costs that a month is dropped, for it and for those who enqueue meanwhile, beside deleting
//! as many rows.

use std::time::Duration;

use anyhow::ensure;
use chrono::{DateTime, Months, Utc};
use store::{messages, partitions};
use tokio::time::{Instant, sleep};

use super::RATIO;
use crate::report::Sample;
use crate::world::World;

const MESSAGES: u64 = 1_000_000;
/// Of each insert by those who enqueue meanwhile.
const BATCH: usize = 100;
/// How long they are watched without anything beside them.
const ALONE: Duration = Duration::from_secs(5);

pub(super) async fn measure() -> anyhow::Result<Sample> {
    let world = World::new().await;
    let client = world.db.client().await?;
    let ago = |months| runtime::now() - Months::new(months);
    let (dropped, deleted) = (ago(5), ago(3));
    for month in [dropped, deleted] {
        fill(&world, month).await?;
    }
    client.batch_execute("CHECKPOINT").await?;

    let nothing = async {
        sleep(ALONE).await;
        Ok(())
    };
    let (_, longest_alone) = beside_inserts(&world, nothing).await?;
    let (deleting, longest_at_delete) = beside_inserts(&world, async {
        for table in ["attempts", "messages"] {
            let sql = format!("DELETE FROM {table}_{}", deleted.format("%Y%m"));
            let gone = client.execute(&sql, &[]).await?;
            ensure!(gone == MESSAGES, "{gone} rows of {table} were deleted");
        }
        Ok(())
    })
    .await?;
    let (dropping, longest_at_drop) = beside_inserts(&world, async {
        let months = partitions::drop_messages(&client, ago(4)).await?;
        ensure!(months.len() == 1 && months[0].unfinished == 0, "{months:?}");
        Ok(())
    })
    .await?;
    world.end().await?;
    Ok(vec![
        ("deleting a million, ms", deleting),
        ("dropping a million, ms", dropping),
        (RATIO, dropping / deleting),
        ("longest insert alone, ms", longest_alone),
        ("longest insert beside the deletion, ms", longest_at_delete),
        ("longest insert beside the drop, ms", longest_at_drop),
    ])
}

/// Read messages of a month with their attempts, evenly over its first days.
async fn fill(world: &World, month: DateTime<Utc>) -> anyhow::Result<()> {
    let client = world.db.client().await?;
    partitions::ensure(&client, month, 0).await?;
    let like = world.message(0);
    messages::insert(&client, std::slice::from_ref(&like), runtime::now()).await?;
    let sql = format!(
        "WITH made AS (
             INSERT INTO messages (message_id, tenant_id, phone_number_id, recipient, message_type,
                                   content, lane, on_unknown, expires_at, created_at, stage,
                                   stage_at, due_at, claim_no, begun_claim_no, attempt_count, wamid,
                                   accepted_at, sent_at, delivered_at, opened_at)
             SELECT (substr(uuid_v7_floor(at)::text, 1, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
                    tenant_id, phone_number_id, '+1415' || (2000000 + nth), message_type,
                    content, lane, on_unknown, at, at, 'accepted',
                    at, at, 1, 1, 1, 'wamid.' || at || nth,
                    at, at, at, at
             FROM   messages,
                    generate_series(1, {MESSAGES}) AS nth,
                    LATERAL (SELECT date_trunc('month', $2::timestamptz, 'UTC')
                                    + nth * interval '1 second' AS at) AS instant
             WHERE  message_id = $1
             RETURNING message_id, created_at, wamid
         )
         INSERT INTO attempts (message_id, attempt_no, begun_at, finished_at, outcome, http_status, wamid)
         SELECT message_id, 1, created_at, created_at, 'accepted', 200, wamid
         FROM   made"
    );
    let made = client.execute(&sql, &[&like.message_id.as_uuid(), &month]).await?;
    ensure!(made == MESSAGES, "{made} messages were made");
    Ok(())
}

/// How long `work` takes, and the longest that any insert took meanwhile, milliseconds.
async fn beside_inserts(
    world: &World,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<(f64, f64)> {
    let client = world.db.client().await?;
    let mut longest = Duration::ZERO;
    let inserts = async {
        loop {
            let batch: Vec<_> = (0..BATCH).map(|nth| world.message(nth)).collect();
            let begun = Instant::now();
            messages::insert(&client, &batch, runtime::now()).await?;
            longest = longest.max(begun.elapsed());
        }
    };
    let begun = Instant::now();
    let took = tokio::select! {
        done = work => done.map(|()| begun.elapsed())?,
        ended = inserts => return ended,
    };
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    Ok((ms(took), ms(longest)))
}
