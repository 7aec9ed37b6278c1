//! Every fault with the diagnosis that its owner gets.

use contracts::{Rejection, SignatureState, WebhookReceived};
use domain::diagnosis::Diagnosis;
use graph_api::signature::sign;
use runtime::Stop;
use test_support::{OwnApp, Sender, TestBus, TestDb, eventually, own_app, sender};

use crate::world::{Way, publish, received, rows, start};

/// As Meta writes it.
const SIGNED: &str = r#"{"entry":[{"id":"30001","u":"https:\/\/x.y","t":"caf\u00e9"}]}"#;

const LATIN: &[u8] = b"{\"t\":\"caf\xe9\"}";

/// A POST to the URL of `app`, of whose signature ingress could make nothing.
fn refused(app: &OwnApp, body: &[u8], header: Option<String>) -> WebhookReceived {
    let state = match &header {
        None => SignatureState::Missing,
        Some(text) if text.len() == 71 => SignatureState::Mismatch,
        Some(_) => SignatureState::Malformed,
    };
    WebhookReceived {
        path: "tenant".into(),
        body: body.to_vec().into(),
        rejection: Rejection {
            addressed: Some(app.sender.connection_id),
            presented: header,
            body_is_cut: false,
        },
        ..received("", state)
    }
}

fn signed_with(secret: &str, body: &str) -> Option<String> {
    Some(sign(&secret.into(), body.as_bytes()))
}

#[tokio::test]
async fn every_fault_has_its_diagnosis() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    app.put_secret(&client, "the-old-secret").await;
    app.put_secret(&client, "the-secret").await;
    let other = own_app(&client, "ours", 2).await;
    other.put_secret(&client, "secret-of-our-other-app").await;
    let theirs = own_app(&client, "theirs", 3).await;
    theirs.put_secret(&client, "secret-of-another-tenant").await;
    let pasted_token = own_app(&client, "pasted", 4).await;
    pasted_token.put_secret(&client, &pasted_token.access_token).await;
    let pasted_verify = own_app(&client, "pasted-too", 5).await;
    pasted_verify.put_secret(&client, &pasted_verify.verify_token).await;
    let with = |secret: &str| signed_with(secret, SIGNED);
    let altered = |body: &str| refused(&app, body.as_bytes(), with("the-secret"));
    // To the platform's URL; only the body says whom it concerns.
    let claimed = refused(&app, SIGNED.as_bytes(), with("the-secret"));
    let claimed = WebhookReceived {
        path: "platform".into(),
        rejection: Rejection { addressed: None, ..claimed.rejection },
        ..claimed
    };

    let cases = [
        (refused(&app, SIGNED.as_bytes(), None), Diagnosis::Missing),
        (refused(&app, SIGNED.as_bytes(), Some("sha1=00".into())), Diagnosis::Malformed),
        (refused(&app, SIGNED.as_bytes(), Some("sha256=12".into())), Diagnosis::Malformed),
        (refused(&app, b"", with("the-secret")), Diagnosis::Empty),
        (claimed, Diagnosis::OwnApp),
        (refused(&app, SIGNED.as_bytes(), with("the-secret")), Diagnosis::Late),
        (altered(&format!("{SIGNED}\n")), Diagnosis::AlteredLineEnds),
        (refused(&app, SIGNED.as_bytes(), with("the-old-secret")), Diagnosis::RetiredSecret),
        (
            refused(&app, SIGNED.as_bytes(), with("secret-of-our-other-app")),
            Diagnosis::OtherConnection,
        ),
        (refused(&app, SIGNED.as_bytes(), with("secret-of-another-tenant")), Diagnosis::Mismatch),
        (refused(&app, SIGNED.as_bytes(), with("of nobody")), Diagnosis::Mismatch),
        (refused(&app, SIGNED.as_bytes(), with(&app.access_token)), Diagnosis::AccessTokenAsSecret),
        (refused(&app, SIGNED.as_bytes(), with(&app.verify_token)), Diagnosis::VerifyTokenAsSecret),
        (
            refused(&pasted_token, SIGNED.as_bytes(), with("the real one")),
            Diagnosis::AccessTokenAsSecret,
        ),
        (
            refused(&pasted_verify, SIGNED.as_bytes(), with("the real one")),
            Diagnosis::VerifyTokenAsSecret,
        ),
        (refused(&app, SIGNED.as_bytes(), with("secret-of-the-platform")), Diagnosis::PlatformApp),
        (altered(&SIGNED.replace(r"\u00e9", "é")), Diagnosis::AlteredUnicode),
        (altered(&SIGNED.replace(r"\/", "/")), Diagnosis::AlteredSlashes),
        (altered(&SIGNED.replace(',', ", ").replace("\":", "\": ")), Diagnosis::AlteredWhitespace),
        (altered(&format!("{SIGNED}\r\n")), Diagnosis::AlteredLineEnds),
        (
            refused(&app, LATIN, signed_with("the-secret", "{\"t\":\"café\"}")),
            Diagnosis::AlteredCharset,
        ),
        (altered(&SIGNED.replace(r"\/", "/").replace(r"\u00e9", "é")), Diagnosis::Altered),
        (altered(&SIGNED.replace("caf", "cof")), Diagnosis::Mismatch),
    ];
    for (post, _) in &cases {
        publish(&bus, "rejected", post.encode()).await;
    }
    let running = start(&db, &bus, &stop);
    eventually("all are logged", async || rows(&db).await.len() == cases.len()).await;
    stop.stop();
    running.await.unwrap().unwrap();

    let logged = rows(&db).await;
    for (nth, (post, diagnosis)) in cases.iter().enumerate() {
        let is_its = |row: &&tokio_postgres::Row| {
            row.get::<_, uuid::Uuid>("event_id") == post.event_id.as_uuid()
        };
        let row = logged.iter().find(is_its).unwrap();
        assert_eq!(row.get::<_, Option<&str>>("diagnosis"), Some(diagnosis.as_str()), "case {nth}");
        assert!(!row.get::<_, bool>("signature_valid"));
    }
    for table in ["audit_log", "notifications"] {
        let sql = format!("SELECT t::text AS told FROM {table} t");
        for row in client.query(&sql, &[]).await.unwrap() {
            let told: &str = row.get("told");
            let Sender { tenant_id, connection_id, waba_id, .. } = &theirs.sender;
            for id in [tenant_id.to_string(), connection_id.to_string(), waba_id.to_string()] {
                assert!(!told.contains(&id), "{told}");
            }
        }
    }
    let told = "SELECT cause, remedy FROM notifications WHERE subject = $1";
    let told = client.query(told, &[&app.sender.connection_id.to_string()]).await.unwrap();
    let known = |row: &tokio_postgres::Row| {
        let words = (row.get::<_, &str>("cause"), row.get::<_, &str>("remedy"));
        cases.iter().any(|(_, diagnosis)| words == (diagnosis.cause(), diagnosis.remedy()))
    };
    assert!(told.len() == 1 && known(&told[0]), "one notification in the words of a diagnosis");
}

#[tokio::test]
async fn what_the_app_of_another_number_has_signed_is_taken_nowhere_and_the_log_says_so() {
    let (db, bus) = (TestDb::new().await, TestBus::new().await);
    let client = db.client().await.unwrap();
    let app = own_app(&client, "ours", 1).await;
    app.put_secret(&client, "the-secret").await;
    let other = own_app(&client, "ours", 2).await;
    other.put_secret(&client, "secret-of-our-other-app").await;
    let way = Way::start(&db, &bus);
    way.knows("the-secret", "/api/webhooks/whatsapp").await;
    let body = r#"{"entry":[{"id":"30001","changes":[{"field":"messages","value":{
        "metadata":{"phone_number_id":"40001"}}}]}]}"#;

    assert_eq!(way.post("secret-of-our-other-app", "/api/webhooks/whatsapp", body).await, 200);
    assert_eq!(way.post("the-secret", "/api/webhooks/whatsapp", body).await, 200);

    // What was posted before has no item.
    let with_item = async || {
        let rows = rows(&db).await;
        rows.into_iter().filter(|row| row.get::<_, i32>("item_count") == 1).collect::<Vec<_>>()
    };
    eventually("both are logged", async || with_item().await.len() == 2).await;
    way.end().await;
    let logged = with_item().await;
    let poison = |row: &tokio_postgres::Row| row.get::<_, serde_json::Value>("poison");
    let of = |app: &OwnApp| {
        let id = app.sender.connection_id.as_uuid();
        logged.iter().find(|row| row.get::<_, Option<uuid::Uuid>>("connection_id") == Some(id))
    };
    let (of_other, own) = (of(&other).unwrap(), of(&app).unwrap());
    let told = poison(of_other);
    assert_eq!(told[0]["pointer"], "/entry/0/changes/0");
    assert!(told[0]["detail"].as_str().unwrap().contains("does not reach"), "{told}");
    let is_told = |poison: &serde_json::Value| poison.to_string().contains("does not reach");
    assert!(!is_told(&poison(own)));
}

#[tokio::test]
async fn what_a_body_claims_is_told_to_whom_it_names_as_a_claim_and_to_each_their_own_diagnosis() {
    let (db, bus, stop) = (TestDb::new().await, TestBus::new().await, Stop::new());
    let client = db.client().await.unwrap();
    let ours = own_app(&client, "ours", 1).await;
    ours.put_secret(&client, "our-secret").await;
    let theirs = own_app(&client, "theirs", 2).await;
    theirs.put_secret(&client, "their-secret").await;
    let through_platform = sender(&client, "platform", 7).await;
    let body = r#"{"entry":[{"id":"30001"},{"id":"30002"},{"id":"10007"},{"id":"999"}]}"#;
    let post = WebhookReceived {
        rejection: Rejection { presented: signed_with("our-secret", body), ..Rejection::default() },
        ..received(body, SignatureState::Mismatch)
    };
    publish(&bus, "rejected", post.encode()).await;

    let running = start(&db, &bus, &stop);

    eventually("it is logged", async || rows(&db).await.len() == 1).await;
    stop.stop();
    running.await.unwrap().unwrap();
    let found = client
        .query("SELECT tenant_id, action, detail FROM audit_log ORDER BY tenant_id", &[])
        .await
        .unwrap();
    let mut expected = [
        (ours.sender.tenant_id, "own_app"),
        (theirs.sender.tenant_id, "mismatch"),
        (through_platform.tenant_id, "mismatch"),
    ];
    expected.sort_unstable();
    assert_eq!(found.len(), expected.len());
    for (row, (tenant_id, diagnosis)) in found.iter().zip(expected) {
        let detail: serde_json::Value = row.get("detail");
        assert_eq!(row.get::<_, uuid::Uuid>("tenant_id"), tenant_id.as_uuid());
        assert_eq!(row.get::<_, &str>("action"), "webhook.inbound.rejected");
        assert_eq!((&detail["diagnosis"], &detail["claimed"]), (&diagnosis.into(), &true.into()));
    }
    assert_eq!(rows(&db).await[0].get::<_, Option<&str>>("diagnosis"), Some("mismatch"));
}
