//! A forged body through real HTTP: nothing of another tenant moves.

use domain::ids::{PhoneNumberId, WabaId};
use store::Client;
use test_support::{Sender, TestBus, TestDb, eventually, own_app, sender};

use crate::world::{Way, rows};

/// Everything that stands of the tenants' messages, accounts and people, but for one tenant.
async fn snapshot(client: &Client, but: &Sender) -> Vec<String> {
    let mut rows = Vec::new();
    for table in [
        "messages",
        "attempts",
        "waits",
        "orphan_statuses",
        "connections",
        "wabas",
        "phone_numbers",
        "app_secrets",
        "notifications",
        "members",
        "api_keys",
    ] {
        let sql = format!(
            "SELECT '{table}' || t::text AS row FROM {table} t
             WHERE t::text NOT LIKE '%' || $1 || '%' ORDER BY 1"
        );
        rows.extend(
            client
                .query(&sql, &[&but.tenant_id.to_string()])
                .await
                .unwrap()
                .iter()
                .map(|row| row.get("row")),
        );
    }
    rows
}

const FORGER: &str = "secret-of-the-forger";

/// The webhook that says that a message has failed.
fn failed(waba: &WabaId, number: &PhoneNumberId, wamid: &str, echo: &str) -> String {
    format!(
        r#"{{"entry":[{{"id":"{waba}","changes":[{{"field":"messages","value":{{
            "metadata":{{"phone_number_id":"{number}"}},"statuses":[{{"id":"{wamid}",
            "status":"failed","timestamp":"1790000000","recipient_id":"1",
            "biz_opaque_callback_data":"{echo}","errors":[{{"code":131026}}]}}]}}}}]}}]}}"#
    )
}

#[tokio::test]
async fn a_tenants_own_valid_secret_moves_nothing_of_another_tenant() {
    let (db, bus) = (TestDb::new().await, TestBus::new().await);
    let client = db.client().await.unwrap();
    // What a status cannot be mapped to is parked, and that is not what this is about.
    bus.allow_parked();
    let victims = [sender(&client, "platform", 1).await, own_app(&client, "own", 2).await.sender];
    let forger = own_app(&client, "forger", 3).await;
    forger.put_secret(&client, FORGER).await;
    let control = sender(&client, "control", 9).await;
    let mut bodies = Vec::new();
    for victim in &victims {
        let message = victim.message(runtime::now());
        let message_id = message.message_id;
        store::messages::insert(&client, &[message], runtime::now()).await.unwrap();
        let sql = "UPDATE messages SET wamid = 'wamid.of-' || tenant_id WHERE message_id = $1";
        client.execute(sql, &[&message_id.as_uuid()]).await.unwrap();
        let wamid = format!("wamid.of-{}", victim.tenant_id);
        let (waba, number) = (&victim.waba_id, &victim.phone_number_id);
        for (waba, echo, wamid) in [
            // By our own id, by Meta's id, by an unknown one (an orphan), under the forger's account.
            (waba, message_id.to_string(), wamid.clone()),
            (waba, String::new(), wamid.clone()),
            (waba, String::new(), "wamid.unknown".to_owned()),
            (&forger.sender.waba_id, message_id.to_string(), wamid.clone()),
        ] {
            bodies.push(failed(waba, number, &wamid, &echo));
        }
        for (field, value) in [
            ("account_update", r#"{"event":"DISABLED_UPDATE"}"#.to_owned()),
            ("phone_number_quality_update", r#"{"event":"FLAGGED"}"#.to_owned()),
            (
                "message_template_status_update",
                r#"{"event":"REJECTED","message_template_id":1}"#.to_owned(),
            ),
            (
                "messages",
                format!(
                    r#"{{"metadata":{{"phone_number_id":"{number}"}},"messages":[{{"id":"{wamid}","from":"14155550101","timestamp":"1790000000","type":"text","text":{{"body":"STOP"}}}}]}}"#
                ),
            ),
        ] {
            bodies.push(format!(
                r#"{{"entry":[{{"id":"{waba}","changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
            ));
        }
    }
    let before = snapshot(&client, &control).await;

    let way = Way::start(&db, &bus);
    let tenant = format!("/webhooks/whatsapp/{}", forger.webhook_token);
    way.knows(FORGER, &tenant).await;

    for body in &bodies {
        assert_eq!(way.post(FORGER, &tenant, body).await, 200);
        assert_eq!(way.post(FORGER, "/api/webhooks/whatsapp", body).await, 200);
    }
    let posted = 2 * bodies.len();

    eventually("all are logged", async || rows(&db).await.len() > posted).await;
    eventually("all are mapped", async || bus.depth(amqp::Queue::StatusMapper).await.unwrap() == 0)
        .await;
    way.end().await;
    assert_eq!(snapshot(&client, &control).await, before);
    let of_others = "SELECT count(*) FROM audit_log WHERE tenant_id NOT IN ($1, $2)";
    let allowed = [forger.sender.tenant_id.as_uuid(), control.tenant_id.as_uuid()];
    let told = client.query_one(of_others, &[&allowed[0], &allowed[1]]).await.unwrap();
    assert_eq!(told.get::<_, i64>(0), 0, "no log of another tenant has a word of it");
}
