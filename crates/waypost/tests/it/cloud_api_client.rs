use std::path::Path;

use test_support::eventually;

use crate::process::Up;
use crate::world::{PHONE_NUMBER_ID, World, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_written_for_the_cloud_api_sends_through_waypost() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = |path: &str| root.join(path).to_str().unwrap().to_owned();
    let mut world = World::with_number().await;
    let python = world.command("python3", &["--version"]).output().await;
    if python.is_err() {
        #[expect(clippy::print_stderr, reason = "a test that is left out says so")]
        {
            eprintln!("left out: there is no python3 to run the example with");
        }
        return;
    }
    let up = Up::start(&world, &["--with-sim"]).await;
    world.set("WAYPOST_API_KEY", &up.key);

    let example = path("deploy/examples/cloud_api_client.py");
    let url = up.url("url.api", "/");
    let arguments = [example.as_str(), &url, PHONE_NUMBER_ID, "+4915112345678"];
    let output = world.command(&path("deploy/local/python"), &arguments).output().await.unwrap();

    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    let [text_id, template_id, refusal] = lines.as_slice() else { panic!("{printed}") };
    assert!(
        refusal.starts_with("InvalidParameter: ") && refusal.contains("/text/body"),
        "{refusal}"
    );
    eventually("both are read", async || {
        for id in [text_id, template_id] {
            if !up.get(&format!("/v1/messages/{id}")).await["opened_at"].is_string() {
                return false;
            }
        }
        true
    })
    .await;
}
