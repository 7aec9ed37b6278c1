//! Every route of the document, called by a stranger: it shows and changes nothing of another tenant.
//! That none is open, and that each wants its scope, is walked in `auth`.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const FORM: &str = "multipart/form-data; boundary=x";

/// An operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
    takes_a_body: bool,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(admin_api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: path.clone(),
                takes_a_body: operation["requestBody"].is_object(),
            });
        }
    }
    // What a control takes away, it takes away last.
    operations.sort_by_key(|operation| operation.method == Method::DELETE);
    operations
}

/// A tenant that has one of everything.
struct Walk {
    world: World,
    stranger: String,
    /// Its ids, by the name that a path has for them.
    ids: BTreeMap<&'static str, String>,
}

impl Walk {
    async fn new() -> Self {
        let world = World::new().await;
        let (_, stranger) = world.stranger().await;
        let text = |answer: &Answer, field: &str| answer.body[field].as_str().unwrap().to_owned();
        let owner = json!({"issuer": "i", "subject": "owner", "role": "owner"});
        world.post("/v1/members", &owner).await;
        let agent = json!({"issuer": "i", "subject": "agent", "role": "agent"});
        let member = world.post("/v1/members", &agent).await;
        let key = world.post("/v1/api-keys", &json!({"name": "x"})).await;
        let left = json!({"type": "WA_EMBEDDED_SIGNUP", "event": "CANCEL", "data": {}});
        let signup = world.post("/v1/signups", &json!({"session_info": left})).await;
        crate::notifications::trouble(&world, 0, "1").await;
        let open = world.get("/v1/notifications").await.body["data"][0].clone();
        let event_id = crate::webhook_events::posted(&world).await;
        let message_id = world.enqueued().await;
        let ids = BTreeMap::from([
            ("member_id", text(&member, "member_id")),
            ("api_key_id", text(&key, "api_key_id")),
            ("signup_id", text(&signup, "signup_id")),
            ("notification_id", open["notification_id"].as_str().unwrap().to_owned()),
            ("event_id", event_id.to_string()),
            ("message_id", message_id.to_string()),
            ("connection_id", world.acme.connection_id.to_string()),
            ("tenant_id", world.acme.tenant_id.to_string()),
        ]);
        Self { world, stranger, ids }
    }

    /// The path with the tenant's own ids.
    fn path(&self, operation: &Operation) -> String {
        let acme = &self.world.acme;
        let part = |part: &str| match part.strip_prefix('{').map(|name| name.trim_end_matches('}'))
        {
            None => part.to_owned(),
            Some("version") => "v25.0".to_owned(),
            Some("phone_number_id") => acme.phone_number_id.to_string(),
            Some("node_id") if operation.id == "graphNode" => acme.phone_number_id.to_string(),
            Some("node_id") => acme.waba_id.to_string(),
            Some(name) => self.ids.get(name).cloned().unwrap_or_else(|| {
                panic!(
                    "{}: nothing of the tenant's has a {name}: add one to the walk",
                    operation.id
                )
            }),
        };
        operation.path.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// A body that the tenant itself could send.
    fn body(&self, operation: &Operation) -> Value {
        let text = self.world.text();
        let graph = json!({"messaging_product": "whatsapp", "to": "+14155552671",
                           "type": "text", "text": {"body": "Hello"}});
        let (number, waba) = (&self.world.acme.phone_number_id, &self.world.acme.waba_id);
        match operation.id.as_str() {
            "enqueueMessage" => text,
            "enqueueBatch" => json!({"messages": [text]}),
            "graphMessages" => graph,
            "notify" => json!({"phoneNumber": "+14155552671", "templateName": "hello_world",
                               "languageCode": "en_US", "from": number}),
            "resolveMessage" => json!({"as": "sent"}),
            "createApiKey" => json!({"name": "mine"}),
            "addMember" => json!({"issuer": "i", "subject": "mine", "role": "agent"}),
            "changeMember" => json!({"role": "admin"}),
            "createConnection" => json!({
                "app_id": "401", "app_secret": "0123456789abcdef0123456789abcdef",
                "waba_id": waba, "phone_number_id": number, "access_token": "EAAown",
            }),
            "renameConnection" => json!({"label": "mine"}),
            "putAccessToken" => json!({"access_token": "EAAmine"}),
            "putAppSecret" => json!({"app_secret": "f".repeat(32)}),
            "putVerifyToken" => json!({"verify_token": "mine"}),
            "startSignup" => json!({"session_info":
                {"type": "WA_EMBEDDED_SIGNUP", "event": "CANCEL", "data": {"waba_id": waba}}}),
            "replayWebhookEvents" => json!({"since": runtime::now() - TimeDelta::hours(1)}),
            "resumeSignup" => json!({"code": "mine"}),
            "graphUpload" => Value::Null,
            id => {
                assert!(!operation.takes_a_body, "{id} takes a body: add one to the walk");
                Value::Null
            }
        }
    }

    /// What a list shows to the tenant itself, so that it is known to show something.
    fn shown(&self, operation: &Operation) -> &str {
        match operation.id.as_str() {
            "listApiKeys" => &self.ids["api_key_id"],
            "readAuditLog" | "listMembers" => &self.ids["member_id"],
            "listConnections" => &self.ids["connection_id"],
            "listMessages" => &self.ids["message_id"],
            "listNotifications" => &self.ids["notification_id"],
            "listWebhookEvents" => &self.ids["event_id"],
            "listSignups" => &self.ids["signup_id"],
            "getMe" => &self.ids["tenant_id"],
            "getSignupSettings" => "",
            id => panic!("{id} is a list: say in the walk what it shows"),
        }
    }

    async fn call(&self, operation: &Operation, key: &str) -> Answer {
        let request = self.world.bare(operation.method.clone(), &self.path(operation));
        let request = request.bearer_auth(key);
        let request = match operation.id.as_str() {
            // The route is left before the form is read.
            "graphUpload" => request.header("content-type", FORM).body("--x--"),
            _ => request.json(&self.body(operation)),
        };
        Answer::of(request).await
    }

    /// All rows of the tenant, in all tables that have rows of tenants, but for the use of its keys.
    async fn rows(&self) -> BTreeMap<String, String> {
        let client = self.world.db.client().await.unwrap();
        let tables = "SELECT c.relname::text FROM pg_class c
                      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
                      WHERE c.relnamespace = current_schema()::regnamespace
                        AND c.relkind IN ('r', 'p') AND NOT c.relispartition";
        let mut rows = BTreeMap::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            let sql = format!(
                "SELECT COALESCE(string_agg(row, E'\\n' ORDER BY row), '')
                 FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM {table} t
                       WHERE tenant_id = $1) r"
            );
            let tenant_id = self.world.acme.tenant_id.as_uuid();
            let all: String = client.query_one(&sql, &[&tenant_id]).await.unwrap().get(0);
            rows.insert(table, all);
        }
        rows
    }
}

/// Whether it says that there is no such thing.
fn is_missing(operation: &Operation, answer: &Answer) -> bool {
    if operation.path.starts_with("/{version}") {
        return answer.status == 400 && answer.body["error"]["error_subcode"] == 33;
    }
    answer.status == 404
}

#[tokio::test]
async fn no_route_shows_or_changes_anything_of_another_tenant() {
    let walk = Walk::new().await;
    let before = walk.rows().await;
    assert!(!before["messages"].is_empty() && !before["members"].is_empty());

    for operation in operations() {
        let Operation { id, path, method, .. } = &operation;
        let answer = walk.call(&operation, &walk.stranger).await;

        let asked = format!("{}{}", walk.path(&operation), walk.body(&operation));
        let told = answer.body.to_string();
        for (name, own) in &walk.ids {
            assert!(asked.contains(own) || !told.contains(own), "{id} tells a {name}: {told}");
        }
        assert_eq!(walk.rows().await, before, "{id} changes a row of another tenant");
        if id == "graphNode" {
            // It may be a medium of theirs: Meta, who is away here, is asked with their own token.
            assert_eq!(answer.status, 502, "{id}: {}", answer.show());
        } else if path.contains('{') {
            assert!(is_missing(&operation, &answer), "{id}: {}", answer.show());
        } else if method == Method::GET && id != "getSignupSettings" {
            assert_eq!(answer.status, 200, "{id}: {}", answer.show());
        }
    }
    walk.world.end().await;
}

/// Without it the walk above could ask for what nobody has.
#[tokio::test]
async fn the_tenant_itself_is_shown_what_the_walk_asks_for() {
    let walk = Walk::new().await;

    for operation in operations() {
        let Operation { id, path, method, .. } = &operation;
        let answer = walk.call(&operation, &walk.world.key).await;

        assert!(![401, 403].contains(&answer.status), "{id}: {}", answer.show());
        assert!(!is_missing(&operation, &answer), "{id}: {}", answer.show());
        if method == Method::GET && !path.contains('{') {
            let shown = walk.shown(&operation);
            assert!(answer.body.to_string().contains(shown), "{id}: {}", answer.show());
        }
    }
    walk.world.end().await;
}
