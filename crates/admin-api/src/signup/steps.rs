//! What is asked of Meta, step by step; each writes what it found.

use domain::ids::{PhoneNumberId, WabaId};
use graph_api::client::Pin;
use graph_api::error::Explanation;
use rand::Rng;
use serde_json::json;
use store::connections::{self, NewPlatform};
use store::signups::{self, Outcome, Step};
use store::{acting_for, registration};

use crate::error::ApiError;
use crate::graph::own;

use super::inspect::inspect;
use super::request::COEXISTENCE;
use super::run::{Run, Taken, failed, refused};

/// Why the connection does not send yet.
const UNFINISHED: &str = "The signup is not finished: see its steps.";

impl Run<'_> {
    /// The code becomes a token, which is stored at once: the code cannot be used again.
    pub(super) async fn exchange(&mut self) -> Taken {
        let (api, tenant_id) = (self.api, self.tenant_id);
        let Some(code) = self.code.take() else {
            return Ok((failed(NO_CODE), json!({})));
        };
        let issued = match api.graph.exchange_code(self.platform.app(), &code).await {
            Ok(issued) => issued,
            Err(error) => return Ok(refused(&error)),
        };
        let mut client = api.db.client().await?;
        let acting = acting_for(&mut client, tenant_id).await?;
        let platform = NewPlatform {
            tenant_id,
            app_id: &self.platform.app_id,
            access_token: &issued.access_token,
            reason: UNFINISHED,
        };
        let now = runtime::now();
        let made = connections::create_platform(&acting, &api.vault, &platform, now).await?;
        signups::connected(&acting, tenant_id, self.signup.signup_id, made).await?;
        let detail = json!({"connection_id": made});
        self.audit(&acting, "signup.connected", detail.clone()).await?;
        acting.commit().await.map_err(store::Error::from)?;
        self.signup.connection_id = Some(made);
        Ok((Outcome::Done, detail))
    }

    /// Meta says what the token may do.
    pub(super) async fn inspect(&mut self) -> Taken {
        let api = self.api;
        let (_, token) = self.connection().await?;
        let app = self.platform.app();
        let info = match api.graph.debug_token(app, &token).await {
            Ok(info) => info,
            Err(error) => return Ok(refused(&error)),
        };
        let grant = match inspect(&info, &self.platform.app_id) {
            Ok(grant) => grant,
            Err(why) => return Ok((failed(why), json!({"scopes": info.scopes}))),
        };
        let detail = json!({"waba_ids": grant.waba_ids, "expires_at": grant.expires_at});
        Ok((Outcome::Done, detail))
    }

    /// Without a subscription of our app Meta sends no webhook of the account.
    pub(super) async fn subscribe(&mut self) -> Taken {
        let api = self.api;
        let (_, token) = self.connection().await?;
        let wabas: Vec<WabaId> = self.found(Step::Assets, "waba_ids");
        for waba_id in &wabas {
            if let Err(error) = api.graph.subscribe(waba_id, None, &token).await {
                let (outcome, mut detail) = refused(&error);
                detail["waba_id"] = json!(waba_id);
                return Ok((outcome, detail));
            }
            let client = api.db.client().await?;
            connections::subscribed(&client, waba_id, Some(runtime::now())).await?;
        }
        Ok((Outcome::Done, json!({"waba_ids": wabas})))
    }

    /// The number that was chosen in the overlay is registered, unless it is or must not be.
    pub(super) async fn register(&mut self) -> Taken {
        let skipped = |why: &str| Ok((Outcome::Skipped(why.to_owned()), json!({})));
        if self.signup.event == COEXISTENCE {
            return skipped(
                "The number stays in the WhatsApp Business app, which has it registered.",
            );
        }
        let chosen: Option<PhoneNumberId> =
            self.signup.session["phone_number_id"].as_str().and_then(|id| id.parse().ok());
        let unregistered: Vec<PhoneNumberId> = self.found(Step::Assets, "unregistered");
        let number = match (chosen, unregistered.as_slice()) {
            (_, []) => return skipped("Every number of the account is registered."),
            (Some(chosen), numbers) if numbers.contains(&chosen) => chosen,
            (None, [only]) => only.clone(),
            (Some(_), _) => return skipped("The number that was chosen is registered."),
            (None, _) => {
                return skipped("The overlay named no number; each can be registered by itself.");
            }
        };
        self.register_number(&number).await
    }

    async fn register_number(&mut self, number: &PhoneNumberId) -> Taken {
        let (api, tenant_id) = (self.api, self.tenant_id);
        let (_, token) = self.connection().await?;
        let pin = self.pin(number).await?;
        let detail = json!({"phone_number_id": number});
        let reach = own(api, tenant_id, number.as_str()).await?.ok_or(ApiError::NoSuchNode)?;
        if let Err(error) = api.graph.register(&reach.waba_id, number, &pin, &token).await {
            let (outcome, mut told) = refused(&error);
            told["phone_number_id"] = json!(number);
            return Ok((outcome, told));
        }
        let client = api.db.client().await?;
        registration::registered(&client, tenant_id, number, runtime::now()).await?;
        Ok((Outcome::Done, detail))
    }

    /// The PIN that a person gave, or that an earlier try has kept, or a new one.
    async fn pin(&mut self, number: &PhoneNumberId) -> Result<Pin, ApiError> {
        let (api, tenant_id) = (self.api, self.tenant_id);
        let client = api.db.client().await?;
        let given = self.pin.take();
        if given.is_none()
            && let Some(kept) = registration::pin(&client, &api.vault, tenant_id, number).await?
            && let Ok(pin) = secrecy::ExposeSecret::expose_secret(&kept).parse()
        {
            return Ok(pin);
        }
        let pin = given.unwrap_or_else(new_pin);
        registration::keep_pin(&client, &api.vault, tenant_id, number, pin.as_secret()).await?;
        Ok(pin)
    }
}

const NO_CODE: Explanation = Explanation {
    cause: std::borrow::Cow::Borrowed("The code of this signup was not exchanged while it lived."),
    remedy: std::borrow::Cow::Borrowed("Open the signup again; a code lives for 30 seconds."),
};

fn new_pin() -> Pin {
    let digits = rand::rng().random_range(0..1_000_000_u32);
    format!("{digits:06}").parse().expect("six digits are a PIN")
}
