//! `/{version}/{waba_id}/subscribed_apps`.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use url::Url;

use crate::dice::{key, mix};
use crate::errors::GraphError;
use crate::world::World;

use super::{Visit, success};

/// Lists the apps that are subscribed to an account.
pub(super) async fn list(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (version, waba_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = visit.waba(&waba_id).map(|_| {
        let accounts = &visit.standing.scenario.accounts;
        let tell = |(app_id, callback): (String, Option<String>)| {
            let name = accounts.app(&app_id).map_or("Waypost Test App", |app| app.name.as_str());
            let link = format!("https://www.facebook.com/games/?app_id={app_id}");
            let mut told = json!({ "whatsapp_business_api_data":
                { "link": link, "name": name, "id": app_id } });
            if let Some(uri) = callback {
                told["override_callback_uri"] = json!(uri);
            }
            told
        };
        // Where no apps are listed, whoever is called back hears of every account.
        let subscribed = if World::has_apps(&visit.standing) {
            visit.world.accounts.subscribed(&waba_id)
        } else {
            vec![("0".to_owned(), None)]
        };
        let data: Vec<Value> = subscribed.into_iter().map(tell).collect();
        json!({ "data": data })
    });
    visit.answer(told)
}

/// Subscribes the token's app; an override is taken only if it answers its challenge.
pub(super) async fn subscribe(
    world: Data<World>,
    client: Data<reqwest::Client>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (version, waba_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = subscribed(&mut visit, &client, &waba_id, &body).await;
    visit.answer(told)
}

async fn subscribed(
    visit: &mut Visit,
    client: &reqwest::Client,
    waba_id: &str,
    body: &[u8],
) -> Result<Value, GraphError> {
    let access = visit.waba(waba_id)?;
    let body: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body)
            .map_err(|_| GraphError::parameter("The request body is not JSON"))?
    };
    let callback = Callback::read(&body)?;
    if let Some(callback) = &callback {
        verify(client, callback).await?;
    }
    let uri = callback.map(|callback| callback.uri);
    visit.world.accounts.subscribe(waba_id, &access.app_id, uri);
    Ok(success())
}

/// Ends the subscription of the token's app.
pub(super) async fn unsubscribe(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (version, waba_id) = path.into_inner();
    let mut visit = Visit::of(world, &version, &request);
    let told = visit.waba(&waba_id).map(|access| {
        visit.world.accounts.unsubscribe(&waba_id, &access.app_id);
        success()
    });
    visit.answer(told)
}

/// An address that webhooks are to go to.
pub(super) struct Callback {
    pub(super) uri: String,
    verify_token: String,
}

impl Callback {
    /// Reads an override; an empty one, and none, take it away.
    pub(super) fn read(value: &Value) -> Result<Option<Self>, GraphError> {
        const LONGEST: usize = 200;
        let Some(uri) = value["override_callback_uri"].as_str().filter(|uri| !uri.is_empty())
        else {
            return Ok(None);
        };
        if uri.len() > LONGEST {
            return Err(GraphError::too_long("override_callback_uri", LONGEST));
        }
        let verify_token = value["verify_token"].as_str().filter(|token| !token.is_empty());
        let missing = || GraphError::parameter("The parameter verify_token is required.");
        let verify_token = verify_token.ok_or_else(missing)?.to_owned();
        Ok(Some(Self { uri: uri.to_owned(), verify_token }))
    }
}

/// Asks an address for its challenge, as Meta does whenever a callback is set.
///
/// Source: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>.
pub(super) async fn verify(
    client: &reqwest::Client,
    callback: &Callback,
) -> Result<(), GraphError> {
    let url = Url::parse(&callback.uri).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let mut url = url.ok_or_else(|| GraphError::unverified("Invalid URL"))?;
    let challenge = (mix(key(&[&callback.uri])) >> 32).to_string();
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", &callback.verify_token);
    let broken = |_| GraphError::unverified("The URL couldn't be reached");
    let answer = client.get(url).send().await.map_err(broken)?;
    let status = answer.status();
    let text = answer.text().await.map_err(broken)?;
    if status != reqwest::StatusCode::OK {
        return Err(GraphError::unverified(&format!("HTTP Status Code = {}", status.as_u16())));
    }
    if text != challenge {
        let what = "The URL couldn't be validated. Response does not match challenge";
        return Err(GraphError::unverified(what));
    }
    Ok(())
}
