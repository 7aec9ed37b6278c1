//! `/{version}/{phone_number_id}/register` and `/deregister`.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::accounts::Need;
use crate::errors::GraphError;
use crate::world::World;

use super::{Visit, success};

/// Registers a number with its PIN.
pub(super) async fn register(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (version, phone_number_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = visit.number(&phone_number_id, Need::Management).and_then(|_| {
        let body = product(&body)?;
        let pin = pin(&body["pin"])?;
        visit.world.accounts.register(&phone_number_id, pin, visit.now_us)?;
        Ok(success())
    });
    visit.answer(told)
}

/// Takes a number off the Cloud API.
pub(super) async fn deregister(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (version, phone_number_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = visit.number(&phone_number_id, Need::Management).and_then(|_| {
        visit.world.accounts.deregister(&phone_number_id, visit.now_us)?;
        Ok(success())
    });
    visit.answer(told)
}

fn product(body: &[u8]) -> Result<Value, GraphError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| GraphError::parameter("The request body is not JSON"))?;
    if body["messaging_product"] == "whatsapp" {
        Ok(body)
    } else {
        Err(GraphError::parameter("The parameter messaging_product is required."))
    }
}

/// The six digits of a PIN.
pub(super) fn pin(value: &Value) -> Result<&str, GraphError> {
    let is_pin = |pin: &&str| pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || GraphError::parameter("Invalid PIN format. PIN must be exactly 6 digits");
    value.as_str().filter(is_pin).ok_or_else(wrong)
}
