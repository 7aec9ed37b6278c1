use crate::world::{ACCESS_TOKEN, PHONE_NUMBER_ID, WABA_ID, World, text};

async fn migrated() -> World {
    let world = World::new().await;
    let first = world.done(&["migrate"]).await;
    assert!(first.lines().next().unwrap().starts_with("0001_"), "{first}");
    assert_eq!(world.done(&["migrate"]).await, "");
    world
}

fn error(output: &std::process::Output) -> String {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert_eq!(text(&output.stdout), "");
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_stands_alone_on_standard_output_and_can_be_revoked() {
    let world = migrated().await;
    let tenant_id = world.done(&["tenant", "create", "acme"]).await;
    assert_eq!(tenant_id.trim().len(), 36);

    let by_name = world.waypost(&["api-key", "create", "--tenant", "acme"]).await;
    let by_id = world.done(&["api-key", "create", "--tenant", tenant_id.trim()]).await;

    let key = text(&by_name.stdout);
    assert_eq!((key.lines().count(), text(&by_name.stderr).as_str()), (1, ""));
    assert!(key.starts_with("wp_") && by_id.starts_with("wp_"));
    assert_eq!(world.done(&["api-key", "revoke", key.trim()]).await, "");
    let again = error(&world.waypost(&["api-key", "revoke", key.trim()]).await);
    assert!(again.contains("revoked already") && !again.contains(key.trim()), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_gets_wrong_is_one_line() {
    let world = migrated().await;
    world.done(&["tenant", "create", "acme"]).await;

    let twice = error(&world.waypost(&["tenant", "create", "acme"]).await);
    let nobody = error(&world.waypost(&["api-key", "create", "--tenant", "nobody"]).await);

    assert!(twice.contains("already"), "{twice}");
    assert!(nobody.contains("no such tenant"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owner_is_made_and_listed_and_all_of_it_is_on_record() {
    let world = migrated().await;
    world.done(&["tenant", "create", "acme"]).await;
    let add = ["member", "add", "--tenant", "acme", "--issuer", "https://id.example.com"];
    let owner = [&add[..], &["--role", "owner", "--subject", "ana"]].concat();
    let agent = [&add[..], &["--role", "agent", "--email", "ben@example.com"]].concat();

    let id = world.done(&owner).await;
    world.done(&agent).await;
    let twice = error(&world.waypost(&owner).await);
    let key = world.done(&["api-key", "create", "--tenant", "acme"]).await;
    world.done(&["api-key", "revoke", key.trim()]).await;

    assert!(twice.contains("already"), "{twice}");
    let listed = world.done(&["member", "list", "--tenant", "acme"]).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert_eq!(lines[0], format!("{} owner ana - https://id.example.com", id.trim()));
    assert!(lines[1].ends_with(" agent - ben@example.com https://id.example.com"), "{listed}");
    let json = world.done(&["member", "list", "--tenant", "acme", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["member_id"], id.trim());
    let client = world.db.client().await.unwrap();
    let sql = "SELECT actor_kind || ' ' || action FROM audit_log ORDER BY audit_id";
    let rows = client.query(sql, &[]).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        lines,
        ["member.added", "member.added", "api_key.created", "api_key.revoked"]
            .map(|action| format!("operator {action}"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_added_once_renewed_and_never_another_tenants() {
    let world = migrated().await;
    for name in ["acme", "other"] {
        world.done(&["tenant", "create", name]).await;
    }
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), format!("{ACCESS_TOKEN}\n")).unwrap();
    let add = |tenant: &'static str, more: &[&'static str]| {
        let file = token.path().to_str().unwrap().to_owned();
        let arguments: Vec<String> = ["number", "add", "--tenant", tenant, "--waba-id", WABA_ID]
            .into_iter()
            .chain(["--phone-number-id", PHONE_NUMBER_ID, "--access-token-file"])
            .map(str::to_owned)
            .chain([file])
            .chain(more.iter().map(|argument| (*argument).to_owned()))
            .collect();
        arguments
    };
    let run = async |arguments: Vec<String>| {
        world.waypost(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
    };

    let first = run(add("acme", &["--mps", "250", "--tier", "1000"])).await;
    let renewed = run(add("acme", &["--json"])).await;
    let stolen = run(add("other", &[])).await;

    assert_eq!(text(&first.stdout).trim().len(), 36, "{}", text(&first.stderr));
    let renewed: serde_json::Value = serde_json::from_slice(&renewed.stdout).unwrap();
    assert_eq!(renewed["connection_id"], text(&first.stdout).trim());
    assert_eq!(renewed["renewed"], true);
    assert!(error(&stolen).contains("belongs to another tenant"));
    let client = world.db.client().await.unwrap();
    let numbers = store::connections::numbers(&client).await.unwrap();
    assert_eq!(numbers.len(), 1);
    assert_eq!(numbers[0].2, 250, "a renewal leaves the rate as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_and_the_parked_messages_are_json() {
    let world = World::new().await;

    let document: serde_json::Value =
        serde_json::from_str(&world.done(&["openapi"]).await).unwrap();
    let parked: serde_json::Value =
        serde_json::from_str(&world.done(&["parked", "list", "--json"]).await).unwrap();

    assert!(document["paths"]["/v1/messages"]["post"].is_object());
    assert_eq!(parked["notify"], 0);
    assert_eq!(parked["unrouted"], 0);
}
