//! Who is calling, for whom, and may they.

mod people;
mod remembered;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use domain::ids::{ApiKeyId, TenantId};
use domain::role::Role;
use identity::Person;
use serde_json::json;
use store::acting_for;
use store::api_keys::{self, ApiKey};
use store::audit::Actor;
use store::members::Member;
use store::tenants;

use self::remembered::Remembered;
use crate::api::Api;
use crate::error::ApiError;
use crate::keys::{self, Presented, Scope};

/// The header by which somebody who may act for several tenants says for which: name or id.
pub(crate) const TENANT_HEADER: &str = "X-Waypost-Tenant";

/// Who is calling, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The only tenant that the request may touch: give it to [`store::acting_for`].
    pub(crate) tenant_id: TenantId,
    /// For the audit log.
    pub(crate) actor: Actor,
    /// What a member is for the tenant; `None`: an API key, which has scopes and no role.
    pub(crate) role: Option<Role>,
    /// All that the caller may do.
    pub(crate) scopes: Vec<Scope>,
}

impl Identity {
    fn of_key(api_key_id: ApiKeyId, key: &ApiKey) -> Self {
        // A scope that this version does not know opens nothing.
        let scopes = key.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
        let actor = Actor::ApiKey(api_key_id);
        Self { tenant_id: key.tenant_id, actor, role: None, scopes }
    }

    /// # Errors
    /// `Forbidden`.
    pub(crate) fn must_hold(&self, scope: Scope) -> Result<(), ApiError> {
        let holds = self.scopes.contains(&scope);
        if holds { Ok(()) } else { Err(ApiError::Forbidden { scope }) }
    }
}

/// How long a key's use is not noted again.
const USE_NOTED_FOR: Duration = Duration::from_secs(60);

/// What the API knows of its callers.
pub(crate) struct Callers {
    keys: Remembered<ApiKeyId, ApiKey>,
    used: Remembered<ApiKeyId, ()>,
    people: Remembered<Person, Vec<Member>>,
}

impl Callers {
    /// `life`: how long what was looked up is taken as it was.
    pub(crate) fn new(life: Duration) -> Self {
        Self {
            keys: Remembered::new(life),
            used: Remembered::new(USE_NOTED_FOR),
            people: Remembered::new(life),
        }
    }
}

impl Api {
    /// Who made the request, if they hold `scope`. To be asked before anything else of the request
    /// is read.
    ///
    /// # Errors
    /// `Forbidden`, and as [`Api::identify`].
    pub(crate) async fn authorize(
        &self,
        request: &HttpRequest,
        scope: Scope,
    ) -> Result<Identity, ApiError> {
        let identity = self.identify(request).await?;
        identity.must_hold(scope)?;
        Ok(identity)
    }

    /// Who made the request, and for the one tenant for whom it is meant.
    ///
    /// # Errors
    /// As [`Api::identities`], and `WhichTenant`.
    pub(crate) async fn identify(&self, request: &HttpRequest) -> Result<Identity, ApiError> {
        let mut identities = self.identities(request).await?;
        match (identities.pop(), identities.is_empty()) {
            (Some(identity), true) => Ok(identity),
            _ => Err(ApiError::WhichTenant),
        }
    }

    /// Who made the request, once for each tenant for whom they may act: for that tenant alone that
    /// the request names, if it names one.
    ///
    /// # Errors
    /// `Unauthenticated`, `WrongKey`, `InvalidToken`, `ProviderAway`, `NotAMember`, `NotTheirTenant`,
    /// `Unavailable`.
    pub(crate) async fn identities(
        &self,
        request: &HttpRequest,
    ) -> Result<Vec<Identity>, ApiError> {
        let bearer = bearer(request).ok_or(ApiError::Unauthenticated)?;
        let mut identities = match (Presented::read(bearer), &self.tokens) {
            (Some(presented), _) => vec![self.holder_of(&presented).await?],
            (None, Some(tokens)) if !bearer.starts_with(keys::BEGIN) => {
                self.memberships(tokens, bearer).await?
            }
            (None, _) => return Err(ApiError::WrongKey),
        };
        if let Some(named) = self.named_tenant(request).await? {
            identities.retain(|identity| Some(identity.tenant_id) == named);
            if identities.is_empty() {
                return Err(ApiError::NotTheirTenant);
            }
        }
        Ok(identities)
    }

    async fn holder_of(&self, presented: &Presented<'_>) -> Result<Identity, ApiError> {
        let known = self.key(presented.api_key_id).await?.ok_or(ApiError::WrongKey)?;
        if !presented.matches(&known.secret_hash) {
            return Err(ApiError::WrongKey);
        }
        let identity = Identity::of_key(presented.api_key_id, &known);
        self.note_use(presented.api_key_id, &identity).await?;
        Ok(identity)
    }

    /// Notes that a key is used: once in a minute in its row, and once a day in the audit log.
    async fn note_use(&self, api_key_id: ApiKeyId, identity: &Identity) -> Result<(), ApiError> {
        if self.callers.used.get(&api_key_id).is_some() {
            return Ok(());
        }
        let mut client = self.db.client().await?;
        let acting = acting_for(&mut client, identity.tenant_id).await?;
        if api_keys::note_use(&acting, api_key_id, runtime::now()).await? {
            identity.by().note(&acting, "api_key.used", api_key_id, json!({})).await?;
        }
        acting.commit().await.map_err(store::Error::from)?;
        self.callers.used.put(api_key_id, Arc::new(()));
        Ok(())
    }

    /// The tenant that the request names, if it names one, and there is one of that name or id.
    async fn named_tenant(
        &self,
        request: &HttpRequest,
    ) -> Result<Option<Option<TenantId>>, ApiError> {
        let Some(value) = request.headers().get(TENANT_HEADER) else { return Ok(None) };
        let Ok(name) = std::str::from_utf8(value.as_bytes()) else { return Ok(Some(None)) };
        let client = self.db.client().await?;
        Ok(Some(tenants::find(&client, name.trim()).await?))
    }

    /// Whose key it is, is not known yet: this is looked up for no tenant.
    async fn key(&self, api_key_id: ApiKeyId) -> Result<Option<Arc<ApiKey>>, ApiError> {
        if let Some(key) = self.callers.keys.get(&api_key_id) {
            return Ok(Some(key));
        }
        let client = self.db.client().await?;
        let found = api_keys::find(&client, api_key_id).await?.map(Arc::new);
        if let Some(key) = &found {
            self.callers.keys.put(api_key_id, Arc::clone(key));
        }
        Ok(found)
    }
}

/// The credentials of the `Authorization` header, whose scheme is in any case of letters
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-11.1>).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_scheme_may_be_in_any_case_of_letters() {
        for value in ["Bearer k", "bearer k", "BEARER  k "] {
            let request = TestRequest::default().insert_header((AUTHORIZATION, value));
            assert_eq!(bearer(&request.to_http_request()), Some("k"));
        }
        for value in ["k", "Basic k", "Bearer"] {
            let request = TestRequest::default().insert_header((AUTHORIZATION, value));
            assert_eq!(bearer(&request.to_http_request()), None);
        }
    }
}
