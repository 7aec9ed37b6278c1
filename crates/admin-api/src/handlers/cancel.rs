use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, post};
use domain::delivery::DeliveryStatus;
use store::acting_for;
use store::messages::{self, Cancel};

use super::message_id;
use crate::api::Api;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::openapi::ReadProblems;
use crate::problem::Problem;
use crate::view::Accepted;

/// Cancel a message that waits
///
/// A message that is being sent or was sent stays as it is: 409 says where it stands. Cancelling
/// twice is answered as once.
#[utoipa::path(
    tag = "messages",
    operation_id = "cancelMessage",
    security(("api_key" = ["messages:write"])),
    params(("message_id" = Uuid, Path, description = "The id that the enqueue answered.")),
    responses(
        (status = 200, description = "It is cancelled and will not be sent.", body = Accepted),
        (status = 404, description = "The tenant has no such message.", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "It waits no more; `delivery_status` says where it stands.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/messages/{message_id}/cancel")]
pub(crate) async fn cancel(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<Json<Accepted>, ApiError> {
    let Identity { tenant_id, .. } = api.authorize(&request, Scope::MessagesWrite).await?;
    let message_id = message_id(&request)?;

    let mut client = api.db.client().await?;
    let acting = acting_for(&mut client, tenant_id).await?;
    let cancel = messages::cancel(&acting, tenant_id, message_id, runtime::now()).await?;
    acting.commit().await.map_err(store::Error::from)?;
    match cancel {
        Cancel::Cancelled | Cancel::Stands(DeliveryStatus::Cancelled) => {
            Ok(Json(Accepted { message_id, delivery_status: DeliveryStatus::Cancelled }))
        }
        Cancel::Stands(status) => Err(ApiError::Stands(status)),
        Cancel::Missing => Err(ApiError::NoSuchMessage),
    }
}
