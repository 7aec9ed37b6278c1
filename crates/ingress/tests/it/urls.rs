//! The opaque URL of each connection, and the one that all share.

use chrono::TimeDelta;
use contracts::SignatureState;
use domain::scope::Scope;
use store::app_secrets;
use test_support::{OwnApp, Sender, eventually, own_app, vault};

use crate::world::{BODY, Ingress, PATH, SECRET, SHARED, TOKEN, World, sign};

fn url(app: &OwnApp) -> String {
    format!("{PATH}/{}", app.webhook_token)
}

fn query(path: &str, token: &str) -> String {
    format!("{path}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}")
}

/// Two tenants with an app each, and an ingress that knows them.
async fn two() -> (World, OwnApp, OwnApp, Ingress) {
    let world = World::new().await;
    let client = world.connection().await;
    let (one, two) = (own_app(&client, "one", 1).await, own_app(&client, "two", 2).await);
    one.put_secret(&client, "secret-of-one").await;
    two.put_secret(&client, "secret-of-two").await;
    let ingress = world.ingress(&[]).ready().await;
    (world, one, two, ingress)
}

#[tokio::test]
async fn each_url_takes_what_its_secrets_have_signed_and_says_whose_it_is() {
    let (world, one, two, ingress) = two().await;
    let mut events = world.events().await;
    let (of_one, of_two) =
        (Scope::Connection(one.sender.connection_id), Scope::Connection(two.sender.connection_id));

    for (path, secret, kind, scope) in [
        (PATH, SECRET, "platform", Scope::Platform),
        (&*url(&one), "secret-of-one", "tenant", of_one),
        (&*url(&two), "secret-of-two", "tenant", of_two),
        (SHARED, SECRET, "shared", Scope::Platform),
        (SHARED, "secret-of-one", "shared", of_one),
        (SHARED, "secret-of-two", "shared", of_two),
    ] {
        assert_eq!(ingress.signed_with(secret, path, BODY).await, 200, "{kind} {secret}");
        let event = events.next().await.0;
        assert_eq!((event.scope, &*event.path), (Some(scope), kind), "{secret}");
        assert_eq!(event.rejection.addressed, None);
    }
    ingress.end().await;
}

#[tokio::test]
async fn each_url_refuses_what_another_secret_has_signed_and_tells_whose_url_it_was() {
    let (world, one, _two, ingress) = two().await;
    let mut events = world.events().await;
    let addressed = Some(one.sender.connection_id);

    for (path, secret, addressed) in [
        (PATH, "secret-of-one", None),
        (&*url(&one), "secret-of-two", addressed),
        (&*url(&one), SECRET, addressed),
        (SHARED, "secret-of-nobody", None),
    ] {
        assert_eq!(ingress.signed_with(secret, path, BODY).await, 403, "{secret}");
        let (event, routing_key) = events.next().await;
        assert_eq!((event.scope, &*routing_key), (None, "rejected"));
        assert_eq!(event.signature, SignatureState::Mismatch);
        assert_eq!(event.rejection.addressed, addressed);
        assert_eq!(event.rejection.presented, Some(sign(secret, BODY.as_bytes())));
        assert!(!event.rejection.body_is_cut);
    }
    assert_eq!(ingress.post_to(&url(&one), BODY, &[]).await.status(), 403);
    let event = events.next().await.0;
    assert_eq!((event.signature, event.path.as_str()), (SignatureState::Missing, "tenant"));
    assert_eq!(event.rejection.addressed, addressed);
    ingress.end().await;
}

#[tokio::test]
async fn an_unknown_or_disconnected_url_is_as_any_path_that_nobody_serves() {
    let (world, one, _two, ingress) = two().await;
    let client = world.connection().await;
    let sql = "UPDATE connections SET status = 'DISCONNECTED' WHERE connection_id = $1";
    client.execute(sql, &[&one.sender.connection_id.as_uuid()]).await.unwrap();
    eventually("the URL is gone", async || {
        ingress.get(&query(&url(&one), &one.verify_token)).await.status() == 404
    })
    .await;

    for path in [format!("{PATH}/nobody"), url(&one)] {
        let answer = ingress.get(&query(&path, &one.verify_token)).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (404, String::new()));
        let signature = sign("secret-of-one", BODY.as_bytes());
        for headers in [&[][..], &[("x-hub-signature-256", &*signature)]] {
            let answer = ingress.post_to(&path, BODY, headers).await;
            let status = answer.status().as_u16();
            assert_eq!((status, answer.text().await.unwrap()), (404, String::new()));
        }
    }
    assert_eq!(ingress.signed_with("secret-of-one", SHARED, BODY).await, 403);
    ingress.end().await;
}

#[tokio::test]
async fn each_url_echoes_the_challenge_to_its_own_verify_token() {
    let (_world, one, two, ingress) = two().await;

    for (path, token, status) in [
        (url(&one), &*one.verify_token, 200),
        (url(&one), &two.verify_token, 403),
        (url(&one), TOKEN, 403),
        (PATH.to_owned(), &one.verify_token, 403),
        (SHARED.to_owned(), &one.verify_token, 200),
        (SHARED.to_owned(), &two.verify_token, 200),
        (SHARED.to_owned(), TOKEN, 200),
        (SHARED.to_owned(), "wrong", 403),
    ] {
        let answer = ingress.get(&query(&path, token)).await;
        assert_eq!(answer.status(), status, "{path} {token}");
        assert_eq!(answer.text().await.unwrap() == "1158201444", status == 200);
    }
    ingress.end().await;
}

#[tokio::test]
async fn a_secret_that_is_saved_works_without_a_restart_and_a_retired_one_does_not() {
    let (world, one, _two, ingress) = two().await;
    let client = world.connection().await;
    assert_eq!(ingress.signed_with("the-new-one", &url(&one), BODY).await, 403);

    one.put_secret(&client, "the-new-one").await;

    for path in [&*url(&one), SHARED] {
        eventually("the new secret is known", async || {
            ingress.signed_with("the-new-one", path, BODY).await == 200
        })
        .await;
        eventually("the old one is not any more", async || {
            ingress.signed_with("secret-of-one", path, BODY).await == 403
        })
        .await;
    }
    let late = own_app(&client, "late", 3).await;
    eventually("the new URL is known", async || {
        ingress.get(&query(&url(&late), &late.verify_token)).await.status() == 200
    })
    .await;
    ingress.end().await;
}

#[tokio::test]
async fn while_postgres_is_away_the_last_secrets_serve() {
    let world = World::new().await;
    let client = world.connection().await;
    let one = own_app(&client, "one", 1).await;
    one.put_secret(&client, "secret-of-one").await;
    let (db, postgres) = world.db.proxied().await;
    let backbone = backbone::Backbone { db, ..world.backbone() };
    let settings = [("WAYPOST_INGRESS_KEYS_REFRESH_S", "0.01")];
    let ingress = Ingress::start(&backbone, &settings).ready().await;

    postgres.cut().await;

    for path in [&*url(&one), SHARED] {
        assert_eq!(ingress.signed_with("secret-of-one", path, BODY).await, 200, "{path}");
        assert_eq!(ingress.signed_with("another", path, BODY).await, 403, "{path}");
    }
    assert_eq!(ingress.get(&query(&url(&one), &one.verify_token)).await.status(), 200);
    ingress.end().await;
}

#[tokio::test]
async fn without_a_first_look_at_postgres_the_platforms_url_works_and_the_others_say_when_to_return()
 {
    let world = World::new().await;
    let client = world.connection().await;
    let one = own_app(&client, "one", 1).await;
    one.put_secret(&client, "secret-of-one").await;
    let (db, postgres) = world.db.proxied().await;
    postgres.cut().await;
    let ingress = Ingress::start(&backbone::Backbone { db, ..world.backbone() }, &[]);

    assert_eq!(ingress.signed(BODY).await.status(), 200);
    assert_eq!(ingress.get(&query(PATH, TOKEN)).await.status(), 200);
    for path in [&*url(&one), SHARED] {
        let answer = ingress.post_to(path, BODY, &[]).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"10".parse().unwrap())
        );
        assert_eq!(ingress.get(&query(path, &one.verify_token)).await.status(), 503);
    }
    postgres.restore().await;
    eventually("Postgres has been asked", async || {
        ingress.signed_with("secret-of-one", &url(&one), BODY).await == 200
    })
    .await;
    ingress.end().await;
}

#[tokio::test]
async fn a_flood_at_one_url_leaves_another_its_diagnosis() {
    let (world, one, two, ingress) = two().await;
    ingress.end().await;
    let ingress = world.ingress(&[("WAYPOST_INGRESS_REJECTED_PER_MINUTE", "2")]).ready().await;
    let mut events = world.events().await;

    for status in [403, 403, 429, 429, 429] {
        assert_eq!(ingress.signed_with("forged", &url(&one), BODY).await, status);
    }
    for path in [&*url(&two), PATH, SHARED] {
        assert_eq!(ingress.signed_with("forged", path, BODY).await, 403, "{path}");
    }
    ingress.end().await;

    let mut summary = None;
    for _ in 0..6 {
        let event = events.next().await.0;
        summary = summary.or((event.repeats > 1).then_some(event));
    }
    let summary = summary.unwrap();
    assert_eq!((summary.repeats, summary.path.as_str()), (3, "tenant"));
    assert_eq!(summary.rejection.addressed, Some(one.sender.connection_id));
}

#[tokio::test]
async fn during_a_rotation_both_secrets_of_a_connection_are_good_until_the_old_one_is_given_up() {
    let (world, one, _two, ingress) = two().await;
    let client = world.connection().await;
    let Sender { tenant_id, connection_id, .. } = one.sender;
    let (now, new) = (runtime::now(), "the-new-one".into());
    let old_until = now + TimeDelta::hours(24);
    app_secrets::put(&client, &vault(), tenant_id, connection_id, &new, old_until, now)
        .await
        .unwrap();
    for path in [&*url(&one), SHARED] {
        eventually("the new secret is known", async || {
            ingress.signed_with("the-new-one", path, BODY).await == 200
        })
        .await;
        assert_eq!(ingress.signed_with("secret-of-one", path, BODY).await, 200, "{path}");
    }

    one.put_secret(&client, "the-new-one").await;

    for path in [&*url(&one), SHARED] {
        eventually("the old one is not good any more", async || {
            ingress.signed_with("secret-of-one", path, BODY).await == 403
        })
        .await;
        assert_eq!(ingress.signed_with("the-new-one", path, BODY).await, 200, "{path}");
    }
    ingress.end().await;
}
