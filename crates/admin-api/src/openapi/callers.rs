//! What the document says of callers. A route names the scope that it needs once, for API keys; that
//! a member's token does as well is added here, for all of them.

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Type};

use crate::auth::TENANT_HEADER;

const API_KEY: &str = "api_key";
const TOKEN: &str = "token";

/// The two kinds of bearer.
pub(super) struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |format: &str, description: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
            SecurityScheme::Http(scheme.description(Some(description)).build())
        };
        let components = document.components.get_or_insert_default();
        let key = "An API key of the tenant: `Authorization: Bearer wp_…`. Each route names the \
                   scope that the key must hold.";
        components.add_security_scheme(API_KEY, bearer("wp_<id>_<secret>", key));
        let token = "A token of the identity provider whose holder is a member of the tenant. The \
                     member's role stands for scopes: an owner's for all, an admin's for all but \
                     `members:write`, an agent's for `messages:*`, `notifications:read` and \
                     `connections:read`, a service's for `messages:*`.";
        components.add_security_scheme(TOKEN, bearer("JWT", token));
    }
}

/// Adds to every operation for an API key that a token does as well, and how a member of several
/// tenants says for which one.
pub(super) fn members_too(item: &mut PathItem) {
    let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch];
    for operation in operations.into_iter().chain([&mut item.delete]).flatten() {
        if let Some(scopes) = scopes(operation) {
            let security = operation.security.get_or_insert_default();
            security.push(SecurityRequirement::new(TOKEN, scopes));
            let text = ObjectBuilder::new().schema_type(Type::String).build();
            let header = ParameterBuilder::new()
                .name(TENANT_HEADER)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "Name or id of the tenant to act for. Needed from members of several.",
                ))
                .schema(Some(text));
            operation.parameters.get_or_insert_default().push(RefOr::T(header.build()));
        }
    }
}

/// The scopes that an API key needs. The library shows them to nobody but the document.
fn scopes(operation: &Operation) -> Option<Vec<String>> {
    let security = serde_json::to_value(&operation.security).ok()?;
    let requirements = security.as_array()?.iter();
    let scopes = requirements.filter_map(|requirement| requirement.get(API_KEY)).next()?;
    let words = scopes.as_array()?.iter().filter_map(Value::as_str);
    Some(words.map(str::to_owned).collect())
}
