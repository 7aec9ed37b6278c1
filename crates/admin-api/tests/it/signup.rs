//! Embedded Signup against the simulator: what Meta says counts, what a browser says does not.

use std::time::Duration;

use domain::ids::ConnectionId;
use graph_sim::{CodeSpec, Control, ProfileSpec};
use reqwest::Method;
use runtime::Stop;
use serde_json::{Value, json};
use store::audit::{self, Filter};
use store::connections::{self, Status};
use tokio::task::JoinSet;

use crate::world::{APP_ID, APP_SECRET, Answer, World};

/// The platform's app, and two accounts: 100 with the connected number 200 and the new one 201,
/// 110 with the number 210.
fn scenario() -> Value {
    json!({
        "open": false,
        "numbers": [
            {"phone_number_id": "200", "waba_id": "100", "portfolio_id": "300"},
            {"phone_number_id": "201", "waba_id": "100", "portfolio_id": "300"},
            {"phone_number_id": "210", "waba_id": "110"},
        ],
        "accounts": {
            "apps": [
                {"app_id": APP_ID, "app_secret": APP_SECRET, "name": "Platform"},
                {"app_id": "401", "app_secret": "other secret", "name": "Other"},
            ],
            "wabas": [{"waba_id": "100", "name": "Acme"}],
            "profiles": [{"phone_number_id": "201", "registered": false, "pin": "111111"}],
        },
    })
}

struct Meta {
    sim: Control,
    world: World,
    running: JoinSet<anyhow::Result<()>>,
}

impl Meta {
    async fn new() -> Self {
        let local = graph_sim::Config::local("app secret", None);
        let sim = graph_sim::start(local, Stop::new()).await.unwrap();
        let world = World::asking(&sim.base_url()).await;
        sim.control.set_scenario(serde_json::from_value(scenario()).unwrap()).unwrap();
        let mut running = JoinSet::new();
        running.spawn(sim.service.task);
        Self { sim: sim.control, world, running }
    }

    /// A code of the platform's overlay, with changes.
    fn code(&self, changes: &Value) -> String {
        let mut code = json!({"app_id": APP_ID, "waba_ids": ["100"]});
        for (name, part) in changes.as_object().unwrap() {
            code[name] = part.clone();
        }
        let code: CodeSpec = serde_json::from_value(code).unwrap();
        self.sim.issue_code(code).unwrap()
    }

    async fn start(&self, code: &str, data: Value) -> Answer {
        let info = json!({"type": "WA_EMBEDDED_SIGNUP", "event": "FINISH", "data": data});
        self.world.post("/v1/signups", &json!({"code": code, "session_info": info})).await
    }

    async fn connection(&self, signup: &Value) -> connections::Connection {
        let id: ConnectionId = signup["connection_id"].as_str().unwrap().parse().unwrap();
        let client = self.world.db.client().await.unwrap();
        let tenant_id = self.world.acme.tenant_id;
        connections::find(&client, tenant_id, id).await.unwrap().unwrap()
    }

    async fn end(mut self) {
        self.world.end().await;
        self.running.shutdown().await;
    }
}

fn outcomes(signup: &Value) -> Vec<(&str, &str)> {
    let steps = signup["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["step"].as_str().unwrap(), step["outcome"].as_str().unwrap())).collect()
}

fn last(signup: &Value) -> &Value {
    signup["steps"].as_array().unwrap().last().unwrap()
}

#[tokio::test]
async fn a_code_becomes_a_connection_that_sends_and_hears() {
    let meta = Meta::new().await;
    let code = meta.code(&json!({}));

    let answer = meta.start(&code, json!({"waba_id": "100", "phone_number_id": "200"})).await;

    let signup = &answer.body;
    assert_eq!((answer.status, &signup["state"]), (200, &json!("finished")), "{signup}");
    let done = |step| (step, "done");
    let mut expected: Vec<_> =
        ["exchange", "inspect", "assets", "subscribe"].into_iter().map(done).collect();
    expected.push(("register", "skipped"));
    assert_eq!(outcomes(signup), expected);
    let connection = meta.connection(signup).await;
    assert_eq!(connection.status, Status::Active);
    assert_eq!(connection.app_id.unwrap().as_str(), APP_ID);
    let client = meta.world.db.client().await.unwrap();
    let owned = "SELECT count(*) FROM phone_numbers n JOIN wabas w USING (waba_id)
                 WHERE  n.connection_id = $1 AND w.subscribed_at IS NOT NULL
                   AND  w.portfolio_id = '300' AND w.name = 'Acme'";
    let id = connection.connection_id.as_uuid();
    assert_eq!(client.query_one(owned, &[&id]).await.unwrap().get::<_, i64>(0), 2);
    let lines = audit::list(&client, meta.world.acme.tenant_id, &Filter::default(), 50).await;
    let actions: Vec<_> = lines.unwrap().into_iter().map(|line| line.action).collect();
    for action in ["signup.started", "signup.connected", "signup.assets", "signup.finished"] {
        assert!(actions.iter().any(|written| written == action), "{action}: {actions:?}");
    }
    meta.end().await;
}

#[tokio::test]
async fn a_new_number_is_registered_with_a_pin_that_is_kept() {
    let meta = Meta::new().await;
    meta.sim.set_profile(ProfileSpec {
        phone_number_id: "201".into(),
        registered: false,
        pin: None,
        ..ProfileSpec::default()
    });
    let code = meta.code(&json!({}));

    let answer = meta.start(&code, json!({"waba_id": "100", "phone_number_id": "201"})).await;

    assert_eq!(last(&answer.body)["outcome"], "done", "{}", answer.body);
    assert_eq!(meta.sim.profile("201").status(), "CONNECTED");
    let client = meta.world.db.client().await.unwrap();
    let row = client
        .query_one("SELECT pin, registered_at IS NOT NULL FROM phone_numbers WHERE phone_number_id = '201'", &[])
        .await
        .unwrap();
    assert!(row.get::<_, Option<Vec<u8>>>(0).is_some() && row.get::<_, bool>(1));
    meta.end().await;
}

#[tokio::test]
async fn a_number_with_a_pin_of_its_own_waits_for_it_and_is_resumed() {
    let meta = Meta::new().await;
    let code = meta.code(&json!({}));

    let first = meta.start(&code, json!({"waba_id": "100", "phone_number_id": "201"})).await;

    let signup = &first.body;
    assert_eq!(
        (&signup["state"], &signup["next_step"]),
        (&json!("unfinished"), &json!("register"))
    );
    assert!(last(signup)["remedy"].as_str().unwrap().contains("PIN"), "{signup}");
    let connection = meta.connection(signup).await;
    assert_eq!(connection.status, Status::NeedsAttention);
    let path = format!("/v1/signups/{}/resume", signup["signup_id"].as_str().unwrap());
    let wrong = meta.world.post(&path, &json!({"pin": "222222"})).await;
    assert_eq!(
        (&wrong.body["state"], &last(&wrong.body)["tries"]),
        (&json!("unfinished"), &json!(2))
    );
    let right = meta.world.post(&path, &json!({"pin": "111111"})).await;
    assert_eq!(right.body["state"], "finished", "{}", right.body);
    assert_eq!(meta.connection(signup).await.status, Status::Active);
    meta.end().await;
}

#[tokio::test]
async fn an_expired_or_used_code_fails_with_what_to_do_and_a_new_one_resumes() {
    let meta = Meta::new().await;
    let late = meta.code(&json!({}));
    meta.sim.advance_clock(Duration::from_secs(31));

    let answer = meta.start(&late, json!({"waba_id": "100", "phone_number_id": "200"})).await;

    assert_eq!(outcomes(&answer.body), [("exchange", "failed")]);
    assert_eq!(last(&answer.body)["cause"], "The sign-up code has expired.");
    let path = format!("/v1/signups/{}/resume", answer.body["signup_id"].as_str().unwrap());
    let without = meta.world.post(&path, &json!({})).await;
    assert_eq!(outcomes(&without.body), [("exchange", "failed")]);
    let fresh = meta.code(&json!({}));
    let resumed = meta.world.post(&path, &json!({"code": fresh})).await;
    assert_eq!(resumed.body["state"], "finished", "{}", resumed.body);
    meta.end().await;
}

#[tokio::test]
async fn the_same_code_sent_twice_is_one_signup() {
    let meta = Meta::new().await;
    let code = meta.code(&json!({}));
    let data = json!({"waba_id": "100", "phone_number_id": "200"});

    let first = meta.start(&code, data.clone()).await;
    let again = meta.start(&code, data).await;

    assert_eq!(first.body["signup_id"], again.body["signup_id"]);
    assert_eq!(again.body["state"], "finished");
    let listed = meta.world.get("/v1/signups").await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1);
    meta.end().await;
}

#[tokio::test]
async fn ids_from_a_browser_reach_nothing_that_meta_did_not_grant() {
    let meta = Meta::new().await;
    let code = meta.code(&json!({}));

    let answer = meta.start(&code, json!({"waba_id": "110", "phone_number_id": "210"})).await;

    assert_eq!(answer.body["state"], "finished", "{}", answer.body);
    let client = meta.world.db.client().await.unwrap();
    let claimed = "SELECT count(*) FROM wabas WHERE waba_id = '110'";
    assert_eq!(client.query_one(claimed, &[]).await.unwrap().get::<_, i64>(0), 0);
    meta.end().await;
}

#[tokio::test]
async fn another_tenants_account_is_not_taken_and_nobody_is_named() {
    let meta = Meta::new().await;
    let (_, stranger) = meta.world.stranger().await;
    let data = json!({"waba_id": "100", "phone_number_id": "200"});
    let ours = meta.start(&meta.code(&json!({})), data.clone()).await;
    assert_eq!(ours.body["state"], "finished");

    let info = json!({"event": "FINISH", "data": data});
    let body = json!({"code": meta.code(&json!({})), "session_info": info});
    let request = meta.world.bare(Method::POST, "/v1/signups").bearer_auth(&stranger).json(&body);
    let theirs = Answer::of(request).await;

    assert_eq!(last(&theirs.body)["outcome"], "failed", "{}", theirs.body);
    assert!(last(&theirs.body)["cause"].as_str().unwrap().contains("connected elsewhere"));
    assert!(!theirs.body.to_string().contains(&meta.world.acme.tenant_id.to_string()));
    let path = format!("/v1/signups/{}", theirs.body["signup_id"].as_str().unwrap());
    assert_eq!(meta.world.get(&path).await.status, 404, "a signup is its tenant's alone");
    meta.end().await;
}

#[tokio::test]
async fn a_second_signup_renews_the_first_and_finds_new_numbers() {
    let meta = Meta::new().await;
    let data = json!({"waba_id": "100", "phone_number_id": "200"});
    let first = meta.start(&meta.code(&json!({})), data.clone()).await;

    let second = meta.start(&meta.code(&json!({})), data).await;

    assert_eq!(second.body["state"], "finished", "{}", second.body);
    assert_eq!(meta.connection(&first.body).await.status, Status::Disconnected);
    let renewed = meta.connection(&second.body).await;
    assert_eq!(renewed.status, Status::Active);
    let client = meta.world.db.client().await.unwrap();
    let moved = "SELECT count(*) FROM phone_numbers WHERE waba_id = '100' AND connection_id = $1";
    let id = renewed.connection_id.as_uuid();
    assert_eq!(client.query_one(moved, &[&id]).await.unwrap().get::<_, i64>(0), 2);
    meta.end().await;
}

#[tokio::test]
async fn a_permission_that_was_left_out_is_named() {
    let meta = Meta::new().await;
    let code = meta.code(&json!({"scopes": ["whatsapp_business_messaging"]}));

    let answer = meta.start(&code, json!({"waba_id": "100"})).await;

    assert_eq!(outcomes(&answer.body), [("exchange", "done"), ("inspect", "failed")]);
    let cause = last(&answer.body)["cause"].as_str().unwrap();
    assert!(cause.contains("whatsapp_business_management"), "{cause}");
    meta.end().await;
}

#[tokio::test]
async fn an_overlay_that_was_left_is_kept_with_its_step() {
    let meta = Meta::new().await;
    let info = json!({"event": "CANCEL", "data": {"current_step": "PHONE_NUMBER_SETUP"}});

    let answer = meta.world.post("/v1/signups", &json!({"session_info": info})).await;

    assert_eq!((answer.status, &answer.body["state"]), (200, &json!("abandoned")));
    assert_eq!(answer.body["session"]["current_step"], "PHONE_NUMBER_SETUP");
    assert_eq!(answer.body["next_step"], Value::Null);
    meta.end().await;
}

#[tokio::test]
async fn neither_code_token_nor_pin_comes_back() {
    let meta = Meta::new().await;
    let code = meta.code(&json!({"token": "EAAsecret"}));

    let answer = meta.start(&code, json!({"waba_id": "100", "phone_number_id": "200"})).await;

    let told = answer.body.to_string();
    assert!(!told.contains(&code) && !told.contains("EAAsecret"), "{told}");
    let settings = meta.world.get("/v1/signup-settings").await.body;
    assert_eq!(settings["app_id"], APP_ID);
    assert!(!settings.to_string().contains(APP_SECRET));
    meta.end().await;
}
