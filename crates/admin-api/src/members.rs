//! Who acts for a tenant: added, changed and removed over the API or at the command line, each with
//! its line in the audit log.

use chrono::{DateTime, Utc};
use domain::ids::MemberId;
use domain::role::Role;
use serde_json::json;
use store::members::{self, Changed, Member};
use store::{Error, GenericClient};

use crate::connections::By;

pub use crate::callers::Refused;

/// A subject or an address is not longer than that
/// (<https://openid.net/specs/openid-connect-core-1_0.html#IDToken>, RFC 5321).
const LONGEST: usize = 255;

/// Somebody who shall act for a tenant.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// `iss` of their tokens.
    pub issuer: String,
    /// `sub` of their tokens.
    pub subject: Option<String>,
    /// An address that their provider has verified; binds whoever first comes with it.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
}

impl NewMember {
    /// Whether they are somebody.
    ///
    /// # Errors
    /// The field that is wrong, and what is allowed there.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let is_word =
            |text: &str| (1..=LONGEST).contains(&text.len()) && !text.contains(char::is_control);
        let words = [("issuer", Some(&self.issuer)), ("subject", self.subject.as_ref())];
        for (field, text) in words {
            if text.is_some_and(|text| !is_word(text)) {
                return Err((field, format!("must have 1 to {LONGEST} characters")));
            }
        }
        match &self.email {
            None if self.subject.is_none() => {
                Err(("subject", "is required, unless `email` is given".to_owned()))
            }
            Some(email) if !is_word(email) || !is_address(email) => {
                Err(("email", "must be an e-mail address".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Whether it can be one; the provider knows whether it is.
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
        && !text.contains(char::is_whitespace)
}

/// Adds a member, with the line of the audit log; call it in a transaction.
///
/// # Errors
/// `AlreadyAMember`, `Store`.
pub async fn add(
    transaction: &impl GenericClient,
    by: By,
    new: NewMember,
    now: DateTime<Utc>,
) -> Result<Member, Refused> {
    let member = Member {
        member_id: MemberId::at(now),
        tenant_id: by.tenant_id,
        issuer: new.issuer,
        subject: new.subject,
        email: new.email,
        role: new.role,
        created_at: now,
    };
    match members::add(transaction, &member, now).await {
        Err(Error::Duplicate { .. }) => return Err(Refused::AlreadyAMember),
        added => added?,
    }
    let detail = json!({ "issuer": member.issuer, "role": member.role.as_str() });
    by.note(transaction, "member.added", member.member_id, detail).await?;
    Ok(member)
}

/// Gives a member another role, or with `None` removes them, with the line of the audit log; call
/// it in a transaction.
///
/// # Errors
/// `NoSuchMember`, `LastOwner`, `Store`.
pub async fn change(
    transaction: &impl GenericClient,
    by: By,
    member_id: MemberId,
    role: Option<Role>,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let changed = members::change(transaction, by.tenant_id, member_id, role, now).await?;
    let (action, detail) = match (changed, role) {
        (Changed::Missing, _) => return Err(Refused::NoSuchMember),
        (Changed::LastOwner, _) => return Err(Refused::LastOwner),
        (Changed::Done(before), Some(role)) if before == role => return Ok(()),
        (Changed::Done(before), Some(role)) => {
            ("member.role_changed", json!({ "from": before.as_str(), "to": role.as_str() }))
        }
        (Changed::Done(before), None) => ("member.removed", json!({ "role": before.as_str() })),
    };
    by.note(transaction, action, member_id, detail).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_member_is_somebody() {
        let wrong = |subject: Option<&str>, email: Option<&str>| {
            let (subject, email) = (subject.map(str::to_owned), email.map(str::to_owned));
            let new = NewMember { issuer: "i".into(), subject, email, role: Role::Agent };
            new.check().err().map(|(field, _)| field)
        };

        assert_eq!(wrong(Some("ana"), None), None);
        assert_eq!(wrong(None, Some("ana@example.com")), None);
        assert_eq!(wrong(None, None), Some("subject"));
        assert_eq!(wrong(Some(""), None), Some("subject"));
        for address in ["ana", "@example.com", "ana@host", "a na@example.com", "a@b.c\n"] {
            assert_eq!(wrong(None, Some(address)), Some("email"), "{address}");
        }
    }
}
