//! The table of the simulator's pages.

use actix_web::web::{Data, ServiceConfig, get, post, put, resource};
use actix_web::{HttpRequest, HttpResponse};

use crate::answer::{self, Trace};
use crate::errors::GraphError;
use crate::world::World;
use crate::{account_pages, management, pages, send};

/// Mounts Meta's pages and the simulator's own.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource("/_sim/scenario")
                .route(get().to(pages::scenario))
                .route(put().to(pages::put_scenario)),
        )
        .route("/_sim/numbers", post().to(pages::add_number))
        .service(
            resource("/_sim/faults")
                .route(post().to(pages::add_faults))
                .route(actix_web::web::delete().to(pages::clear_faults)),
        )
        .route("/_sim/inbound", post().to(pages::inbound))
        .route("/_sim/changes", post().to(pages::change))
        .service(
            resource("/_sim/sends")
                .route(get().to(pages::sends))
                .route(actix_web::web::delete().to(pages::reset)),
        )
        .route("/_sim/doubled", get().to(pages::doubled))
        .route("/_sim/stats", get().to(pages::stats))
        .route("/_sim/webhooks/pause", post().to(pages::pause))
        .route("/_sim/webhooks/resume", post().to(pages::resume))
        .configure(account_pages::routes)
        .route("/{version}/{phone_number_id}/messages", post().to(send::send))
        .configure(management::routes);
}

/// Every other path is none of this API.
pub(crate) async fn unknown(world: Data<World>, request: HttpRequest) -> HttpResponse {
    let trace = Trace::new("v25.0", world.next_request());
    answer::error(&trace, &GraphError::unknown_path(request.path()))
}
