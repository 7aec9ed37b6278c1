//! What is open made what was found.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{NotificationId, TenantId};

use super::Trouble;
use crate::Result;

/// Makes the open notifications of a tenant that are of one of `kinds` and about one of `subjects`
/// exactly those that were found: raises what is new, renews the words of what is another, and
/// clears what has healed. Answers how many are new.
///
/// # Errors
/// `Unavailable`; `Unstorable` when a text cannot be stored.
pub async fn reconcile(
    client: &impl GenericClient,
    tenant_id: TenantId,
    kinds: &[&str],
    subjects: &[&str],
    found: &[Trouble<'_>],
    now: DateTime<Utc>,
) -> Result<u64> {
    fn column<'a, T>(found: &'a [Trouble<'a>], part: impl Fn(&'a Trouble<'a>) -> T) -> Vec<T> {
        found.iter().map(part).collect()
    }
    let ids: Vec<_> = found.iter().map(|_| NotificationId::at(now).as_uuid()).collect();
    let roles = |trouble: &Trouble<'_>| {
        let words: Vec<&str> = trouble.roles.iter().map(|role| role.as_str()).collect();
        words.join(",")
    };
    let statement = client.prepare_cached(RECONCILE).await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 11] = [
        /* tenant_id        */ &tenant_id.as_uuid(),
        /* kinds            */ &kinds,
        /* subjects         */ &subjects,
        /* notification_ids */ &ids,
        /* found kinds      */ &column(found, |trouble| trouble.kind),
        /* found subjects   */ &column(found, |trouble| trouble.subject),
        /* severities       */ &column(found, |trouble| trouble.severity.as_str()),
        /* roles            */ &column(found, roles),
        /* causes           */ &column(found, |trouble| trouble.cause),
        /* remedies         */ &column(found, |trouble| trouble.remedy),
        /* now              */ &now,
    ];
    let row = client.query_one(&statement, &parameters).await?;
    Ok(row.get::<_, i64>("new").unsigned_abs())
}

const RECONCILE: &str = "-- notifications::reconcile
    WITH found AS (
        SELECT *
        FROM   UNNEST($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                      $10::text[])
               AS u (notification_id, kind, subject, severity, roles, cause, remedy)
    ),
    healed AS (
        SELECT n.notification_id
        FROM   notifications n
        WHERE  n.tenant_id = $1
          AND  n.cleared_at IS NULL
          AND  n.kind    = ANY ($2)
          AND  n.subject = ANY ($3)
          AND  NOT EXISTS (SELECT FROM found u WHERE u.kind = n.kind AND u.subject = n.subject)
        ORDER BY n.notification_id
        FOR NO KEY UPDATE
    ),
    cleared AS (
        UPDATE notifications n
        SET    cleared_at = $11
        FROM   healed
        WHERE  n.notification_id = healed.notification_id
    ),
    raised AS (
        INSERT INTO notifications AS n (notification_id, tenant_id, kind, subject, severity, roles,
                                        cause, remedy, raised_at, last_seen_at)
        SELECT notification_id, $1, kind, subject, severity, string_to_array(roles, ','),
               cause, remedy, $11, $11
        FROM   found
        ORDER BY kind, subject
        ON CONFLICT (tenant_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE
        SET    severity     = EXCLUDED.severity,
               cause        = EXCLUDED.cause,
               remedy       = EXCLUDED.remedy,
               last_seen_at = EXCLUDED.last_seen_at,
               dismissed_until = CASE WHEN severity_rank(EXCLUDED.severity)
                                           <= severity_rank(n.severity)
                                      THEN n.dismissed_until END
        WHERE  (n.severity, n.cause, n.remedy)
               IS DISTINCT FROM (EXCLUDED.severity, EXCLUDED.cause, EXCLUDED.remedy)
           OR  n.last_seen_at < EXCLUDED.last_seen_at - interval '1 hour'
        RETURNING n.notification_id
    )
    SELECT count(*) AS new FROM raised WHERE notification_id = ANY ($4)";
