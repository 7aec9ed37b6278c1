//! A person says what became of a message whose fate is unknown: over the API, or at the command
//! line.

use domain::delivery::Resolution;
use domain::ids::MessageId;
use serde_json::json;
use store::messages::{self, Resolve, Resolved};
use store::{Db, acting_for};

use crate::connections::By;

/// How somebody knows what became of a message, in their own words.
#[derive(Clone, Debug)]
pub struct Reason(String);

impl Reason {
    const LONGEST: usize = 500;

    /// Reads a reason, without the blanks around it.
    ///
    /// # Errors
    /// What is allowed.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let is_fit = (1..=Self::LONGEST).contains(&text.chars().count());
        if !is_fit || text.contains('\0') {
            return Err("must have 1 to 500 characters, and none of them NUL");
        }
        Ok(Self(text.to_owned()))
    }
}

/// Resolves a message, with a line of the audit log in the same transaction. The reason stands in
/// the message's timeline alone: the audit log holds nobody's own words.
///
/// # Errors
/// `Unavailable`; then nothing was done.
pub async fn say(
    db: &Db,
    by: By,
    message_id: MessageId,
    resolution: Resolution,
    reason: Option<Reason>,
) -> store::Result<Resolve> {
    let said = Resolved {
        at: runtime::now(),
        resolution,
        actor_kind: by.actor.kind().to_owned(),
        reason: reason.map(|Reason(text)| text),
    };
    let mut client = db.client().await?;
    let acting = acting_for(&mut client, by.tenant_id).await?;
    let outcome = messages::resolve(&acting, by.tenant_id, message_id, &said).await?;
    if let Resolve::Resolved(status) = outcome {
        let detail = json!({ "as": resolution, "delivery_status": status });
        by.note(&acting, "message.resolved", message_id, detail).await?;
        acting.commit().await?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_words_and_not_too_many() {
        assert_eq!(Reason::parse(" seen on the phone \n").unwrap().0, "seen on the phone");
        for wrong in ["", "  ", "a\0b", &"x".repeat(501)] {
            assert!(Reason::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
