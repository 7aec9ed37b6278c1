//! The table of the service.

use std::num::NonZeroU32;

use actix_web::HttpResponse;
use actix_web::http::header::ALLOW;
use actix_web::web::{ServiceConfig, get, post, resource, to};
use backbone::Backbone;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::challenge;
use crate::codes::{Code, Coder};
use crate::config::Config;
use crate::flood::Flood;
use crate::forward::Forward;
use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::receive;
use crate::signatures::Secrets;

/// The URL of the platform's own app.
pub(crate) const PLATFORM: &str = "/webhooks/whatsapp";

/// The URL of one connection.
const TENANT: &str = "/webhooks/whatsapp/{webhook_token}";

/// The URL that all share.
const SHARED: &str = "/api/webhooks/whatsapp";

/// The routing key of a POST whose signature proves nothing.
pub(crate) const REJECTED: &str = "rejected";

/// How many POSTs a second to the shared URL are held against every secret there is; those that
/// name an account of their secret need none of it.
const SCANS: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// What the handlers share.
pub(crate) struct Ingress {
    pub(crate) secrets: Secrets,
    pub(crate) coder: Coder,
    pub(crate) verify_token: Code,
    pub(crate) keyring: Keyring,
    pub(crate) scans: DefaultDirectRateLimiter,
    pub(crate) config: Config,
    pub(crate) forward: Forward,
    pub(crate) flood: Flood,
    pub(crate) metrics: Metrics,
}

impl Ingress {
    pub(crate) fn new(config: Config, backbone: &Backbone) -> Self {
        let (metrics, coder) = (Metrics::new(), Coder::new());
        Self {
            secrets: Secrets::new(&config.app_secrets),
            verify_token: coder.code_of(&config.verify_token),
            keyring: Keyring::new(backbone, coder.clone()),
            coder,
            scans: RateLimiter::direct(Quota::per_second(SCANS)),
            forward: Forward::new(&config, backbone, metrics.publish.clone()),
            flood: Flood::new(config.rejected_per_minute),
            metrics,
            config,
        }
    }
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            resource(PLATFORM)
                .route(get().to(challenge::platform))
                .route(post().to(receive::platform))
                .default_service(to(other_method)),
        )
        .service(
            resource(TENANT)
                .route(get().to(challenge::tenant))
                .route(post().to(receive::tenant))
                .default_service(to(other_method)),
        )
        .service(
            resource(SHARED)
                .route(get().to(challenge::shared))
                .route(post().to(receive::shared))
                .default_service(to(other_method)),
        );
}

async fn other_method() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, POST")).force_close().finish()
}
