//! Members: people of an identity provider, and their role for a tenant.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::ids::{MemberId, TenantId};
use domain::role::Role;
use tokio_postgres::Row;

use crate::{Error, Result};

/// A member as the row holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their id.
    pub member_id: MemberId,
    /// For whom they act.
    pub tenant_id: TenantId,
    /// `iss` of their tokens.
    pub issuer: String,
    /// `sub` of their tokens; `None` until the first call of one who was invited by address.
    pub subject: Option<String>,
    /// The address they were invited by.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// When they were added.
    pub created_at: DateTime<Utc>,
}

/// Adds a member.
///
/// # Errors
/// `Duplicate` when the tenant has one with that subject or address.
pub async fn add(client: &impl GenericClient, member: &Member, now: DateTime<Utc>) -> Result<()> {
    let statement = client
        .prepare_cached(
            "-- members::add
             INSERT INTO members (member_id, tenant_id, issuer, subject, email, role,
                                  created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        )
        .await?;
    client
        .execute(
            &statement,
            &[
                /* member_id  */ &member.member_id.as_uuid(),
                /* tenant_id  */ &member.tenant_id.as_uuid(),
                /* issuer     */ &member.issuer,
                /* subject    */ &member.subject,
                /* email      */ &member.email,
                /* role       */ &member.role.as_str(),
                /* now        */ &now,
            ],
        )
        .await?;
    Ok(())
}

/// Everything that the holder of a verified token is a member of: by subject, or, on their first
/// call, by an address that the provider has verified, which then is bound to the subject. Of a
/// tenant that knows the subject already, an invitation of the same person stays as it is.
///
/// # Errors
/// `Unavailable`; `Duplicate` when two first calls met, then ask again.
pub async fn of_subject(
    client: &impl GenericClient,
    issuer: &str,
    subject: &str,
    verified_email: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<Member>> {
    let statement = client
        .prepare_cached(
            "-- members::of_subject
             WITH bound AS (
                 UPDATE members
                 SET    subject = $2, updated_at = $4
                 WHERE  issuer = $1 AND subject IS NULL AND lower(email) = lower($3)
                   AND  NOT EXISTS (SELECT FROM members known
                                    WHERE  known.tenant_id = members.tenant_id
                                      AND  known.issuer = $1 AND known.subject = $2)
                 RETURNING *
             )
             SELECT * FROM bound
             UNION ALL
             SELECT * FROM members WHERE issuer = $1 AND subject = $2
             ORDER BY created_at, member_id",
        )
        .await?;
    let rows = client.query(&statement, &[&issuer, &subject, &verified_email, &now]).await?;
    rows.iter().map(read).collect()
}

/// A tenant's members, the oldest first.
///
/// # Errors
/// `Unavailable`.
pub async fn list(client: &impl GenericClient, tenant_id: TenantId) -> Result<Vec<Member>> {
    let statement = client
        .prepare_cached(
            "-- members::list
             SELECT * FROM members WHERE tenant_id = $1 ORDER BY created_at, member_id",
        )
        .await?;
    client.query(&statement, &[&tenant_id.as_uuid()]).await?.iter().map(read).collect()
}

/// One member of a tenant.
///
/// # Errors
/// `Unavailable`.
pub async fn find(
    client: &impl GenericClient,
    tenant_id: TenantId,
    member_id: MemberId,
) -> Result<Option<Member>> {
    let statement = client
        .prepare_cached(
            "-- members::find
             SELECT * FROM members WHERE tenant_id = $1 AND member_id = $2",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&tenant_id.as_uuid(), &member_id.as_uuid()];
    client.query_opt(&statement, &parameters).await?.as_ref().map(read).transpose()
}

/// What a change of a member came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was made; their role was this one.
    Done(Role),
    /// The tenant has no such member.
    Missing,
    /// They are the tenant's last owner; nothing was changed.
    LastOwner,
}

/// Gives a member another role, or with `None` removes them; never takes a tenant its last owner.
/// Run it in a transaction.
///
/// # Errors
/// `Unavailable`.
pub async fn change(
    transaction: &impl GenericClient,
    tenant_id: TenantId,
    member_id: MemberId,
    role: Option<Role>,
    now: DateTime<Utc>,
) -> Result<Changed> {
    let statement = transaction
        .prepare_cached(
            "-- members::change: look
             SELECT member_id, role
             FROM   members
             WHERE  tenant_id = $1 AND (member_id = $2 OR role = 'owner')
             ORDER BY member_id
             FOR UPDATE",
        )
        .await?;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&tenant_id.as_uuid(), &member_id.as_uuid()];
    let rows = transaction.query(&statement, &parameters).await?;
    let is_it = |row: &&Row| row.get::<_, uuid::Uuid>("member_id") == member_id.as_uuid();
    let Some(row) = rows.iter().find(is_it) else { return Ok(Changed::Missing) };
    let before = role_of(row)?;
    let owners = rows.iter().filter(|row| row.get::<_, &str>("role") == Role::Owner.as_str());
    if before == Role::Owner && role != Some(Role::Owner) && owners.count() == 1 {
        return Ok(Changed::LastOwner);
    }
    let statement = transaction
        .prepare_cached(
            "-- members::change
             WITH removed AS (
                 DELETE FROM members
                 WHERE  tenant_id = $1 AND member_id = $2 AND $3::text IS NULL
             )
             UPDATE members
             SET    role = $3, updated_at = $4
             WHERE  tenant_id = $1 AND member_id = $2 AND $3::text IS NOT NULL",
        )
        .await?;
    let role = role.map(Role::as_str);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&tenant_id.as_uuid(), &member_id.as_uuid(), &role, &now];
    transaction.execute(&statement, &parameters).await?;
    Ok(Changed::Done(before))
}

fn read(row: &Row) -> Result<Member> {
    Ok(Member {
        member_id: MemberId::from_uuid(row.get("member_id")),
        tenant_id: TenantId::from_uuid(row.get("tenant_id")),
        issuer: row.get("issuer"),
        subject: row.get("subject"),
        email: row.get("email"),
        role: role_of(row)?,
        created_at: row.get("created_at"),
    })
}

fn role_of(row: &Row) -> Result<Role> {
    let role: &str = row.get("role");
    role.parse().map_err(|_| Error::Corrupt { table: "members", column: "role" })
}
