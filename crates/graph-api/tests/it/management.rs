//! The calls that set up and watch an account: what is asked, and what is made of the answer.

use graph_api::client::{App, CallbackOverride, GraphClient, GraphConfig, GraphPath};
use graph_api::error::explain;
use graph_api::wire::Expiry;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::fixture;
use crate::server::{Act, Server};

pub(crate) const TOKEN: &str = "EAAB-a-token";
pub(crate) const SECRET: &str = "5ec2e7app";

pub(crate) fn client(server: &Server) -> GraphClient {
    GraphClient::new(&GraphConfig::new(&server.url, "v25.0").unwrap()).unwrap()
}

pub(crate) fn token() -> SecretString {
    SecretString::from(TOKEN)
}

fn answer(status: u16, name: &str) -> Act {
    Act::Answer(status, fixture::read(&format!("responses/{name}")))
}

fn done() -> Act {
    Act::Answer(200, br#"{"success":true}"#.to_vec())
}

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap()
}

fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_code_becomes_a_token_and_the_app_asks_with_its_secret() {
    let server =
        Server::start([answer(200, "access_token"), answer(400, "error_code_expired")]).await;
    let (app_id, app_secret) = ("400".parse().unwrap(), SecretString::from(SECRET));
    let app = App { app_id: &app_id, app_secret: &app_secret };

    let issued = client(&server).exchange_code(app, &"c0/de".into()).await.unwrap();
    let refused = client(&server).exchange_code(app, &"c0/de".into()).await.unwrap_err();

    assert_eq!(issued.access_token.expose_secret(), "EAAB0examplebusinesstoken");
    assert_eq!(issued.expires_in, Some(5_183_944));
    assert!(!format!("{issued:?} {app:?}").contains("EAAB0"));
    assert_eq!((refused.code, refused.subcode), (Some(100), Some(36_007)));
    assert_eq!(explain(&refused).cause, "The sign-up code has expired.");
    let line = "GET /v25.0/oauth/access_token?client_id=400&client_secret=5ec2e7app&code=c0%2Fde \
                HTTP/1.1";
    assert_eq!(first_line(&server.heard()[0]), line);
    assert!(!server.heard()[0].to_lowercase().contains("authorization:"));
}

#[tokio::test]
async fn an_answer_without_a_token_is_unreadable() {
    let server = Server::start([Act::Answer(200, b"{}".to_vec())]).await;
    let (app_id, app_secret) = ("400".parse().unwrap(), SecretString::from(SECRET));
    let app = App { app_id: &app_id, app_secret: &app_secret };

    let refused = client(&server).exchange_code(app, &"code".into()).await.unwrap_err();

    assert_eq!(refused.title, "unreadable answer");
}

#[tokio::test]
async fn a_token_tells_what_it_may_do_and_why_it_no_longer_may() {
    let server =
        Server::start([answer(200, "debug_token"), answer(200, "debug_token_expired")]).await;
    let (app_id, app_secret) = ("400".parse().unwrap(), SecretString::from(SECRET));
    let app = App { app_id: &app_id, app_secret: &app_secret };

    let valid = client(&server).debug_token(app, &token()).await.unwrap();
    let expired = client(&server).debug_token(app, &token()).await.unwrap();

    assert!(valid.is_valid && valid.expiry() == Expiry::Never);
    assert!(valid.reaches("whatsapp_business_management", "100"));
    assert!(!valid.reaches("whatsapp_business_management", "102"));
    assert!(valid.reaches("whatsapp_business_messaging", "102"), "absent targets are all");
    assert!(!expired.is_valid);
    let failure = expired.failure().unwrap();
    assert_eq!(failure.subcode, Some(463));
    assert_eq!(explain(&failure).cause, "Token expired — you used a temporary 24-hour token.");
    let request = &server.heard()[0];
    assert_eq!(first_line(request), format!("GET /v25.0/debug_token?input_token={TOKEN} HTTP/1.1"));
    assert!(request.contains("authorization: Bearer 400|5ec2e7app"), "{request}");
}

#[tokio::test]
async fn an_account_and_its_number_are_read() {
    let server = Server::start([answer(200, "waba"), answer(200, "phone_number_whole")]).await;

    let waba = client(&server).waba(&"100".parse().unwrap(), &token()).await.unwrap();
    let number = client(&server)
        .phone_number(&"100".parse().unwrap(), &"200".parse().unwrap(), &token())
        .await
        .unwrap();

    assert_eq!(waba.owner_business_info.unwrap().id.as_deref(), Some("300"));
    let health = number.health_status.unwrap();
    assert_eq!(health.entities[0].errors[0].error_code, Some(141_000));
    let requests = server.heard();
    assert!(requests[0].starts_with("GET /v25.0/100?fields=id%2Cname%2Cowner_business_info"));
    assert!(requests[1].starts_with("GET /v25.0/200?fields=id%2Cdisplay_phone_number"));
    assert!(
        requests[1].contains("health_status") && requests[1].contains(&format!("Bearer {TOKEN}"))
    );
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let page = |id: u32, next: bool| {
        let mut page = json!({"data": [{"id": id}, "odd"],
            "paging": {"cursors": {"before": "b", "after": format!("after {id}")}}});
        if next {
            page["paging"]["next"] =
                json!(format!("https://graph.facebook.com/?access_token={TOKEN}"));
        }
        Act::Answer(200, page.to_string().into())
    };
    let server = Server::start([page(1, true), page(2, true), page(3, false)]).await;

    let numbers = client(&server).phone_numbers(&"100".parse().unwrap(), &token()).await.unwrap();

    let ids: Vec<_> = numbers.into_iter().filter_map(|number| number.id).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(first_line(&server.heard()[2]).contains("after=after+2"));
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let endless = json!({"data": [], "paging": {"next": "x", "cursors": {"after": "same"}}});
    let endless = Act::Answer(200, endless.to_string().into());
    let server = Server::start([
        Act::Answer(200, br#"{"data":[]}"#.to_vec()),
        Act::Answer(200, b"{}".to_vec()),
        endless.clone(),
        endless.clone(),
        endless,
        answer(401, "error_token_expired"),
    ])
    .await;
    let (client, waba_id, token) = (client(&server), "100".parse().unwrap(), token());
    let list = || client.message_templates(&waba_id, &token);

    assert!(list().await.unwrap().is_empty());
    assert_eq!(list().await.unwrap_err().detail, "a page of a list without data");
    assert_eq!(list().await.unwrap_err().detail, "a list whose pages do not end");
    assert_eq!(list().await.unwrap_err().code, Some(190), "the second page is refused");
    assert_eq!(server.requests(), 6);
}

#[tokio::test]
async fn a_template_keeps_its_components_as_meta_wrote_them() {
    let server = Server::start([answer(200, "templates_page")]).await;

    let templates =
        client(&server).message_templates(&"100".parse().unwrap(), &token()).await.unwrap();

    assert_eq!(
        templates[0].components[0]["example"]["body_text_named_params"][0]["example"],
        "Ada"
    );
    assert!(!format!("{templates:?}").contains("Hello"));
}

#[tokio::test]
async fn a_number_is_registered_with_its_pin_and_a_wrong_one_is_told() {
    let server = Server::start([
        done(),
        answer(400, "error_wrong_pin"),
        done(),
        Act::Answer(200, br#"{"success":false}"#.to_vec()),
    ])
    .await;
    let (waba_id, id) = ("100".parse().unwrap(), "200".parse().unwrap());
    let (client, pin) = (client(&server), "483921".parse().unwrap());

    client.register(&waba_id, &id, &pin, &token()).await.unwrap();
    let refused = client.register(&waba_id, &id, &pin, &token()).await.unwrap_err();
    client.deregister(&waba_id, &id, &token()).await.unwrap();
    let undone = client.deregister(&waba_id, &id, &token()).await.unwrap_err();

    assert_eq!(explain(&refused).cause, "The PIN is not the one of this number.");
    assert_eq!(undone.title, "not done");
    let requests = server.heard();
    assert_eq!(first_line(&requests[0]), "POST /v25.0/200/register HTTP/1.1");
    assert_eq!(body(&requests[0]), json!({"messaging_product": "whatsapp", "pin": "483921"}));
    assert_eq!(first_line(&requests[2]), "POST /v25.0/200/deregister HTTP/1.1");
}

#[tokio::test]
async fn an_app_is_subscribed_with_and_without_an_override_listed_and_unsubscribed() {
    let server = Server::start([done(), done(), answer(200, "subscribed_apps"), done()]).await;
    let (client, waba_id) = (client(&server), "100".parse().unwrap());
    let uri = "https://hooks.acme.test/w/1".parse().unwrap();
    let callback = CallbackOverride { uri: &uri, verify_token: &"vt".into() };

    client.subscribe(&waba_id, None, &token()).await.unwrap();
    client.subscribe(&waba_id, Some(callback), &token()).await.unwrap();
    let apps = client.subscribed_apps(&waba_id, &token()).await.unwrap();
    client.unsubscribe(&waba_id, &token()).await.unwrap();

    assert_eq!(apps[0].override_callback_uri.as_deref(), Some("https://hooks.acme.test/waba"));
    assert_eq!(apps[1].whatsapp_business_api_data.as_ref().unwrap().id.as_deref(), Some("401"));
    let requests = server.heard();
    assert_eq!(body(&requests[0]), json!({}));
    let expected =
        json!({"override_callback_uri": "https://hooks.acme.test/w/1", "verify_token": "vt"});
    assert_eq!(body(&requests[1]), expected);
    assert_eq!(first_line(&requests[3]), "DELETE /v25.0/100/subscribed_apps HTTP/1.1");
}

#[tokio::test]
async fn a_read_is_handed_on_as_meta_answered_it_but_for_the_token() {
    let next = format!(r#"{{"data":[],"paging":{{"next":"https://x/?access_token={TOKEN}"}}}}"#);
    let server = Server::start([
        Act::Answer(200, next.into()),
        answer(400, "error_unknown_object"),
        Act::Close,
    ])
    .await;
    let path: GraphPath = "100/message_templates".parse().unwrap();
    let query = [("limit", "5"), ("access_token", "another"), ("name", "a&b")];
    let client = client(&server);

    let page = client.get(None, &path, query, &token()).await.unwrap();
    let refused = client.get(None, &path, [], &token()).await.unwrap();
    let broken = client.get(None, &path, [], &token()).await.unwrap_err();

    let text = r#"{"data":[],"paging":{"next":"https://x/?access_token=[token]"}}"#;
    assert_eq!((page.status, page.body.as_ref()), (200, text.as_bytes()));
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body, fixture::read("responses/error_unknown_object"));
    assert_eq!((broken.http_status, broken.code), (None, None));
    let line = "GET /v25.0/100/message_templates?limit=5&name=a%26b HTTP/1.1";
    assert_eq!(first_line(&server.heard()[0]), line);
}

#[tokio::test]
async fn the_health_of_a_node_is_read() {
    let health = br#"{"health_status":{"can_send_message":"LIMITED","entities":[7]},"id":"100"}"#;
    let server = Server::start([Act::Answer(200, health.to_vec())]).await;

    let waba_id: domain::ids::WabaId = "100".parse().unwrap();
    let health =
        client(&server).health_status(&waba_id, &(&waba_id).into(), &token()).await.unwrap();

    assert_eq!(health.can_send_message.as_deref(), Some("LIMITED"));
    assert!(health.entities.is_empty());
    assert!(server.heard()[0].starts_with("GET /v25.0/100?fields=health_status "));
}
