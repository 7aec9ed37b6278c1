//! The `/_sim` pages about the account side.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path, ServiceConfig, post};
use serde::Deserialize;
use serde_json::json;

use crate::account_control::{AccountWebhook, TokenEnd};
use crate::control::Control;
use crate::number_change::NumberChange;
use crate::pages::{done, wrong};
use crate::scenario::{CodeSpec, ProfileSpec, TokenSpec, read};
use crate::template_change::TemplateChange;

/// By how much the clock is set forward.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leap {
    advance_ms: u64,
}

/// Mounts the pages.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/_sim/webhooks", post().to(webhook))
        .route("/_sim/codes", post().to(code))
        .route("/_sim/tokens", post().to(token))
        .route("/_sim/tokens/end", post().to(end_token))
        .route("/_sim/profiles", post().to(profile))
        .route("/_sim/numbers/{phone_number_id}", post().to(number))
        .route("/_sim/templates", post().to(template))
        .route("/_sim/clock", post().to(clock));
}

async fn webhook(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<AccountWebhook>(&body).map(|webhook| control.emit(webhook)))
}

async fn code(control: Data<Control>, body: Bytes) -> HttpResponse {
    match read::<CodeSpec>(&body).and_then(|code| control.issue_code(code)) {
        Ok(code) => HttpResponse::Ok().json(json!({ "code": code })),
        Err(error) => wrong(&error),
    }
}

async fn token(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<TokenSpec>(&body).and_then(|token| control.add_token(&token)))
}

async fn end_token(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<TokenEnd>(&body).and_then(|end| control.end_token(&end)))
}

async fn profile(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<ProfileSpec>(&body).map(|profile| control.set_profile(profile)))
}

async fn number(control: Data<Control>, path: Path<String>, body: Bytes) -> HttpResponse {
    done(read::<NumberChange>(&body).and_then(|change| control.change_number(&path, &change)))
}

async fn template(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(read::<TemplateChange>(&body).and_then(|change| control.change_template(&change)))
}

async fn clock(control: Data<Control>, body: Bytes) -> HttpResponse {
    done(
        read::<Leap>(&body)
            .map(|leap| control.advance_clock(Duration::from_millis(leap.advance_ms))),
    )
}
