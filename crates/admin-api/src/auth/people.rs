//! Members: who holds a token of the identity provider, and for whom they act.

use std::sync::Arc;

use identity::{Person, Refused, Verifier};
use store::audit::Actor;
use store::members::{self, Member};

use super::Identity;
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::Scope;

impl Identity {
    fn of_member(member: &Member) -> Self {
        Self {
            tenant_id: member.tenant_id,
            actor: Actor::Member(member.member_id),
            role: Some(member.role),
            scopes: Scope::of_role(member.role),
        }
    }
}

impl Api {
    /// Everything that the holder of a token is a member of.
    pub(super) async fn memberships(
        &self,
        tokens: &Verifier,
        token: &str,
    ) -> Result<Vec<Identity>, ApiError> {
        let verified = tokens.verify(token, runtime::now()).await;
        let person = verified.map_err(|refused| match refused {
            Refused::ProviderAway => ApiError::ProviderAway,
            refused => ApiError::InvalidToken(refused),
        })?;
        let members = self.members(tokens.issuer(), person).await?;
        if members.is_empty() {
            return Err(ApiError::NotAMember);
        }
        Ok(members.iter().map(Identity::of_member).collect())
    }

    /// Of which tenants they are members, is not known yet: this is looked up for no tenant.
    async fn members(&self, issuer: &str, person: Person) -> Result<Arc<Vec<Member>>, ApiError> {
        if let Some(members) = self.callers.people.get(&person) {
            return Ok(members);
        }
        let found = match self.look_up(issuer, &person).await {
            // Two first calls of an invited person met; by now one of them has bound the address.
            Err(store::Error::Duplicate { .. }) => self.look_up(issuer, &person).await?,
            found => found?,
        };
        let found = Arc::new(found);
        if !found.is_empty() {
            self.callers.people.put(person, Arc::clone(&found));
        }
        Ok(found)
    }

    async fn look_up(&self, issuer: &str, person: &Person) -> store::Result<Vec<Member>> {
        let client = self.db.client().await?;
        let email = person.verified_email.as_deref();
        members::of_subject(&client, issuer, &person.subject, email, runtime::now()).await
    }
}
