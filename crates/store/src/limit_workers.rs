//! Which dispatchers hear Redis: what they tell each other where all of them look.
//!
//! Times are by the database's clock, which all of them share. A statement that a crash of the database
//! forgets is repeated within a second, so none waits for the disk.

use deadpool_postgres::GenericClient;
use uuid::Uuid;

use crate::Result;

/// For how long the word of a worker counts.
macro_rules! counts_for {
    () => {
        "interval '2 seconds'"
    };
}

/// Notes that the worker hears Redis. Answers whether any other one has been sending by its share since
/// somebody last asked: it still does, or nobody has told Redis of it.
///
/// # Errors
/// `Unavailable`.
pub async fn hears(client: &impl GenericClient, worker: Uuid) -> Result<bool> {
    let statement = client
        .prepare_cached(concat!(
            "-- limit_workers::hears
             WITH told AS (
                 INSERT INTO limit_workers (worker_id, told_at, hears_redis)
                 VALUES ($1, now(), true)
                 ON CONFLICT (worker_id) DO UPDATE SET told_at = now(), hears_redis = true
             ),
             gone AS (
                 DELETE FROM limit_workers
                 WHERE  worker_id <> $1
                   AND  told_at   <= now() - CASE WHEN hears_redis THEN interval '1 day'
                                                  ELSE ",
            counts_for!(),
            " END
             )
             SELECT EXISTS (SELECT
                            FROM   limit_workers
                            WHERE  worker_id <> $1 AND NOT hears_redis),
                    set_config('synchronous_commit', 'off', true)"
        ))
        .await?;
    Ok(client.query_one(&statement, &[&worker]).await?.get(0))
}

/// Notes that the worker does not hear Redis; answers whether anybody else does. Where nobody does and
/// it `may_go_on`, all are told that it sends by its share.
///
/// # Errors
/// `Unavailable`.
pub async fn hears_not(client: &impl GenericClient, worker: Uuid, may_go_on: bool) -> Result<bool> {
    let statement = client
        .prepare_cached(concat!(
            "-- limit_workers::hears_not
             WITH others AS (
                 SELECT EXISTS (SELECT
                                FROM   limit_workers
                                WHERE  worker_id <> $1
                                  AND  hears_redis
                                  AND  told_at > now() - ",
            counts_for!(),
            ") AS hear
             ),
             gone AS (
                 DELETE FROM limit_workers
                 USING  others
                 WHERE  worker_id = $1 AND (hear OR NOT $2)
             ),
             told AS (
                 INSERT INTO limit_workers (worker_id, told_at, hears_redis)
                 SELECT $1, now(), false
                 FROM   others
                 WHERE  NOT hear AND $2
                 ON CONFLICT (worker_id) DO UPDATE SET told_at = now(), hears_redis = false
             )
             SELECT hear, set_config('synchronous_commit', 'off', true)
             FROM   others"
        ))
        .await?;
    Ok(client.query_one(&statement, &[&worker, &may_go_on]).await?.get(0))
}
