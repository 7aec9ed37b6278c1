//! No secret of a call stands in any log at any level, in `Debug` or in an error.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use graph_api::client::{App, GraphClient, GraphConfig};
use secrecy::SecretString;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::server::{Act, Server};

const APP_SECRET: &str = "n3v3rl0gged-secret";
const CODE: &str = "n3v3rl0gged-code";
const INPUT: &str = "n3v3rl0gged-input";
const PIN: &str = "739182";

/// Everything that was logged, by whatever library.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Logged {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged() -> Logged {
    static LOGGED: OnceLock<Logged> = OnceLock::new();
    let start = || {
        let logged = Logged::default();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(logged.clone())
            .init();
        logged
    };
    LOGGED.get_or_init(start).clone()
}

/// A refusal that quotes the secrets it was given.
fn quoting(secrets: &[&str]) -> Act {
    let message = format!("wrong {}", secrets.join(", "));
    let body = serde_json::json!({"error": {"message": message, "code": 100,
        "error_data": {"details": message}, "error_user_title": message}});
    Act::Answer(400, body.to_string().into())
}

#[tokio::test]
async fn nothing_that_is_secret_shows_whatever_happens() {
    let logged = logged();
    let (app_id, app_secret) = ("400".parse().unwrap(), SecretString::from(APP_SECRET));
    let (app, code, input) = (App { app_id: &app_id, app_secret: &app_secret }, CODE, INPUT);
    let waba_id = "100".parse().unwrap();
    let (number, pin) = ("200".parse().unwrap(), PIN.parse().unwrap());
    let mut shown = String::new();
    let always = |act: Act| [act.clone(), act.clone(), act];
    for acts in [
        [quoting(&[APP_SECRET, CODE]), quoting(&[APP_SECRET, INPUT]), quoting(&[INPUT, PIN])],
        always(Act::Close),
        always(Act::Reset),
        always(Act::Answer(200, b"?".to_vec())),
    ] {
        let server = Server::start(acts).await;
        let client = GraphClient::new(&GraphConfig::new(&server.url, "v25.0").unwrap()).unwrap();

        let errors = [
            client.exchange_code(app, &code.into()).await.unwrap_err(),
            client.debug_token(app, &input.into()).await.unwrap_err(),
            client.register(&waba_id, &number, &pin, &input.into()).await.unwrap_err(),
        ];

        assert_eq!(server.requests(), 3);
        for error in errors {
            shown += &format!("{error} {error:?} {} {}\n", error.title, error.detail);
        }
    }
    assert!(shown.contains("wrong [token]"), "{shown}");

    let logs = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    assert!(logs.contains("TRACE"), "the libraries' own logs are heard");
    for secret in [APP_SECRET, CODE, INPUT, PIN] {
        for place in [&logs, &shown] {
            let line = place.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret}");
        }
    }
}
