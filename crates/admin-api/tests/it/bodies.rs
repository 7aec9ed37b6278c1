use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, World};

#[tokio::test]
async fn what_is_no_json_is_told_by_line_and_column() {
    let world = World::new().await;

    let broken = world.post_raw("/v1/messages", "{\n  \"from\": oops\n}").await;
    let cut = world.post_raw("/v1/messages", "{\"from\": \"1").await;
    let empty = world.post_raw("/v1/messages", "").await;
    let latin = world.post_raw("/v1/messages", b"{\"a\": \"\xe9\"}".to_vec()).await;
    let batch = world.post_raw("/v1/messages/batch", "{\"messages\": [}").await;

    assert_snapshot!(broken.show(), @r#"
    400 application/problem+json
    {
      "detail": "the body is not JSON: a fault at line 2, column 11",
      "request_id": "<request_id>",
      "status": 400,
      "title": "The body is not JSON",
      "type": "urn:waypost:problem:unreadable-json"
    }
    "#);
    for answer in [cut, empty, latin, batch] {
        assert_eq!(answer.status, 400, "{}", answer.show());
        assert_eq!(answer.body["type"], "urn:waypost:problem:unreadable-json");
    }
    world.end().await;
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let world = World::new().await;
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));

    let answer = world.post_raw("/v1/messages", deep).await;

    assert_snapshot!(answer.show(), @r#"
    400 application/problem+json
    {
      "detail": "the body is not JSON: it is nested too deep at line 1, column 128",
      "request_id": "<request_id>",
      "status": 400,
      "title": "The body is not JSON",
      "type": "urn:waypost:problem:unreadable-json"
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn a_nul_is_refused_with_its_place() {
    let world = World::new().await;
    let mut body = world.text();
    body["text"]["body"] = json!("a\0b");

    let answer = world.post("/v1/messages", &body).await;

    assert_snapshot!(answer.show(), @r#"
    422 application/problem+json
    {
      "detail": "1 field of the body cannot be accepted",
      "errors": [
        {
          "detail": "must not contain the character U+0000",
          "pointer": "/text/body"
        }
      ],
      "request_id": "<request_id>",
      "status": 422,
      "title": "Fields are wrong",
      "type": "urn:waypost:problem:wrong-fields"
    }
    "#);
    world.end().await;
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_plain_json_is_refused() {
    let world = World::new().await;
    let post = || world.request(Method::POST, "/v1/messages").body(world.text().to_string());

    let none = Answer::of(post()).await;
    let form = Answer::of(post().header("content-type", "application/x-www-form-urlencoded")).await;
    let gzip = post().header("content-type", "application/json").header("content-encoding", "gzip");
    let gzip = Answer::of(gzip).await;
    let charset =
        Answer::of(post().header("content-type", "Application/JSON; charset=utf-8")).await;

    assert_snapshot!(none.show(), @r#"
    415 application/problem+json
    {
      "detail": "the body must be JSON, with the header Content-Type: application/json",
      "request_id": "<request_id>",
      "status": 415,
      "title": "Not JSON",
      "type": "urn:waypost:problem:wrong-media-type"
    }
    "#);
    assert_eq!(form.status, 415);
    assert_eq!(gzip.status, 415);
    assert_eq!(charset.status, 202);
    world.end().await;
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_and_one_at_it_is_read() {
    let world = World::new().await;
    let spaces = |count: usize| " ".repeat(count);
    let megabyte = 1024 * 1024;

    let over = world.post_raw("/v1/messages", spaces(megabyte + 1)).await;
    let at = world.post_raw("/v1/messages", spaces(megabyte)).await;
    let batch_over = world.post_raw("/v1/messages/batch", spaces(16 * megabyte + 1)).await;
    let batch_at = world.post_raw("/v1/messages/batch", spaces(16 * megabyte)).await;

    assert_snapshot!(over.show(), @r#"
    413 application/problem+json
    {
      "detail": "the body must not be larger than 1048576 bytes",
      "request_id": "<request_id>",
      "status": 413,
      "title": "The body is too large",
      "type": "urn:waypost:problem:too-large"
    }
    "#);
    assert_eq!(batch_over.status, 413);
    assert_eq!([at.status, batch_at.status], [400, 400]);
    world.end().await;
}

#[tokio::test]
async fn nothing_of_a_body_is_read_before_the_key_is_known() {
    let world = World::new().await;

    let request = world.bare(Method::POST, "/v1/messages").body("not even json");

    assert_eq!(Answer::of(request).await.status, 401);
    world.end().await;
}
