use std::path::Path;

use test_support::eventually;

use crate::process::Up;
use crate::world::{PHONE_NUMBER_ID, World, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_example_publisher_enqueues_a_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = |path: &str| root.join(path).to_str().unwrap().to_owned();
    let world = World::with_number().await;
    let python = world.command("python3", &["--version"]).output().await;
    if python.is_err() {
        #[expect(clippy::print_stderr, reason = "a test that is left out says so")]
        {
            eprintln!("left out: there is no python3 to run the example with");
        }
        return;
    }
    let up = Up::start(&world, &["--with-sim"]).await;
    let body = format!(
        r#"{{"from":"{PHONE_NUMBER_ID}","to":"+4915112345678","type":"text","text":{{"body":"Hi"}}}}"#
    );

    for _ in 0..2 {
        let example = path("deploy/examples/publish_notification.py");
        let arguments = [example.as_str(), "default", "order-1", &body];
        let output =
            world.command(&path("deploy/local/python"), &arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    eventually("the message is read, and is one", async || {
        let list = up.get("/v1/messages").await;
        let messages = list["data"].as_array().unwrap().clone();
        messages.len() == 1 && messages[0]["opened_at"].is_string()
    })
    .await;
}
