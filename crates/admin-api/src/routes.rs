//! The table of this service.

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::handlers::connections::{
    access_token, app_secret, assets, create as create_connection, diagnosis, disconnect,
    list as list_connections, refresh, rename, show, test, verify_token, webhook_url,
};
use crate::handlers::{
    api_keys, audit_log, cancel, docs, enqueue, enqueue_batch, get, graph_media, graph_messages,
    graph_read, list, me, members, notifications, notify, resolve, signups, webhook_events,
};

/// What needs an API key or a token; each names its scope, and the API document lists it.
pub(crate) fn guarded(config: &mut ServiceConfig<'_>) {
    config
        .service(enqueue::enqueue)
        .service(enqueue_batch::enqueue_batch)
        .service(list::list)
        .service(get::get)
        .service(cancel::cancel)
        .service(resolve::resolve)
        .service(notify::notify)
        .service(me::me)
        .service(audit_log::audit_log)
        .service(notifications::list)
        .service(notifications::mark_all_read)
        .service(notifications::mark_read)
        .service(notifications::dismiss)
        .service(api_keys::list)
        .service(api_keys::create)
        .service(api_keys::revoke)
        .service(members::list)
        .service(members::add)
        .service(members::change)
        .service(members::remove)
        .service(list_connections::list)
        .service(create_connection::create)
        .service(show::show)
        .service(rename::rename)
        .service(disconnect::disconnect)
        .service(access_token::put_access_token)
        .service(app_secret::put_app_secret)
        .service(verify_token::put_verify_token)
        .service(webhook_url::webhook_url)
        .service(test::test)
        .service(assets::assets)
        .service(refresh::refresh)
        .service(diagnosis::diagnosis)
        .service(graph_messages::graph_messages)
        .service(graph_media::graph_media)
        .service(graph_read::graph_node)
        .service(graph_read::graph_templates)
        .service(graph_read::graph_phone_numbers)
        .service(signups::settings)
        .service(signups::start)
        .service(signups::resume)
        .service(signups::list)
        .service(signups::get)
        .service(webhook_events::list)
        .service(webhook_events::get)
        .service(webhook_events::replay_one)
        .service(webhook_events::replay_stretch);
}

/// What is open to everybody: the description of the API, and no data of anyone. The probe pages
/// stand beside it.
pub(crate) fn open(config: &mut web::ServiceConfig) {
    config
        .service(docs::openapi_json)
        .service(docs::page)
        .service(docs::page_with_slash)
        .service(docs::asset);
}

/// The paths of [`open`] and of the probe pages, all of them `GET`.
pub(crate) const OPEN_PATHS: [&str; 7] =
    ["/openapi.json", "/docs", "/docs/", "/docs/{file}", "/healthz", "/readyz", "/metrics"];
