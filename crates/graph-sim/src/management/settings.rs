//! `POST /{version}/{phone_number_id}`: the number's own override, and its PIN.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::accounts::Need;
use crate::errors::GraphError;
use crate::world::World;

use super::subscriptions::{Callback, verify};
use super::{Visit, registration, success};

/// Changes what is named in the body.
pub(super) async fn change(
    world: Data<World>,
    client: Data<reqwest::Client>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (version, phone_number_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = changed(&mut visit, &client, &phone_number_id, &body).await;
    visit.answer(told)
}

async fn changed(
    visit: &mut Visit,
    client: &reqwest::Client,
    phone_number_id: &str,
    body: &[u8],
) -> Result<Value, GraphError> {
    let (number, access) = visit.number(phone_number_id, Need::Management)?;
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| GraphError::parameter("The request body is not JSON"))?;
    let configuration = &body["webhook_configuration"];
    if !configuration.is_null() {
        let callback = Callback::read(configuration)?;
        if let Some(callback) = &callback {
            verify(client, callback).await?;
        }
        let uri = callback.map(|callback| callback.uri);
        visit.world.accounts.set_override(phone_number_id, &access.app_id, uri);
    } else if !body["pin"].is_null() {
        let pin = registration::pin(&body["pin"])?.to_owned();
        visit.world.accounts.amend(phone_number_id, |profile| profile.pin = Some(pin));
        let value = json!({ "display_phone_number": number.spec.display_phone_number,
            "event": "PIN_CHANGED" });
        visit.world.tell(&access.waba_id, "security", value);
    } else {
        return Err(GraphError::parameter("Nothing that can be changed is named."));
    }
    Ok(success())
}
