use crate::world::{World, text};

/// What `waypost up` says and answers when one variable is changed.
async fn refused(name: &str, value: &str) -> (String, Option<i32>) {
    let mut world = World::with_number().await;
    if value.is_empty() {
        world.unset(name);
    } else {
        world.set(name, value);
    }
    let output = world.waypost(&["up"]).await;
    assert_eq!(text(&output.stdout), "");
    (text(&output.stderr), output.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_wrong_setting_is_one_line_with_its_name_and_exit_code_2() {
    for (name, value) in [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql//x"),
        ("AMQP_URL", ""),
        ("REDIS_URL", ""),
        ("REDIS_URL", "postgres://x"),
        ("CREDENTIAL_ENCRYPTION_KEY", ""),
        ("CREDENTIAL_ENCRYPTION_KEY", "too-short-but-a-secret"),
        ("META_APP_SECRET", ""),
        ("META_VERIFY_TOKEN", ""),
        ("WHATSAPP_PHONE_NUMBER_ID", ""),
        ("WHATSAPP_PHONE_NUMBER_ID", "+1 555 000 1111"),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", ""),
        ("WHATSAPP_ACCESS_TOKEN", ""),
        ("WAYPOST_ADMIN_ADDR", "here"),
        ("WAYPOST_SWEEP_MS", "often"),
        ("WAYPOST_SEND_TIMEOUT_S", "0"),
        ("GRAPH_API_BASE_URL", "graph.facebook.com"),
    ] {
        let (errors, code) = refused(name, value).await;

        assert_eq!(code, Some(2), "{name}={value}: {errors}");
        assert!(errors.starts_with(&format!("error: {name} ")), "{name}={value}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(value.len() < 10 || !errors.contains(value), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_is_none_of_a_broker_is_named() {
    let (errors, code) = refused("AMQP_URL", "http://127.0.0.1/").await;

    let line = errors.lines().last().unwrap();
    assert_eq!((code, line.starts_with("error: AMQP_URL must be")), (Some(2), true), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_version_is_refused() {
    let world = World::new().await;
    world.done(&["migrate"]).await;
    let client = world.db.client().await.unwrap();
    client
        .batch_execute("INSERT INTO schema_migrations (version, name, hash) VALUES (999, 'x', '')")
        .await
        .unwrap();

    let output = world.waypost(&["up"]).await;

    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("migration 999, which this build does not know"), "{errors}");
}
