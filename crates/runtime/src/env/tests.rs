use std::io::Write;

use super::*;

fn env(name: &str, value: &str) -> Env {
    Env::of([(name, value)])
}

fn says<T: fmt::Debug>(result: Result<T, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_missing_variable_is_named_with_its_meaning() {
    let error = Env::of([("DATABASE_URL", "  ")]).required("DATABASE_URL").unwrap_err();

    assert_eq!(error.to_string(), "DATABASE_URL is not set");
    assert_eq!(
        error.meaning("the URL of PostgreSQL").to_string(),
        "DATABASE_URL is not set: the URL of PostgreSQL"
    );
}

#[test]
fn a_wrong_value_is_answered_with_what_is_allowed() {
    let port = env("WAYPOST_X", "99999").parsed("WAYPOST_X", 1_u16);
    let count = env("WAYPOST_X", "-1").parsed("WAYPOST_X", 1_u64);
    let one = env("WAYPOST_X", "0").parsed("WAYPOST_X", std::num::NonZeroU32::MIN);
    let flag = env("WAYPOST_X", "maybe").flag("WAYPOST_X", true);
    let seconds = env("WAYPOST_X", "-3").seconds("WAYPOST_X", Duration::ZERO);
    let list = env("WAYPOST_X", "1,x").seconds_list("WAYPOST_X", &[]);
    let address = env("WAYPOST_X", "localhost").address("WAYPOST_X", "127.0.0.1:0");
    let url = env("WAYPOST_X", "ftp://host").url("WAYPOST_X", "http://host");
    let bounded = env("WAYPOST_X", "1.5").bounded("WAYPOST_X", 1.0, 0.0..=1.0);

    assert_eq!(says(port), "WAYPOST_X must be: a whole number from 0 to 65535");
    assert_eq!(says(count), "WAYPOST_X must be: a whole number, 0 or more");
    assert_eq!(says(one), "WAYPOST_X must be: a whole number, 1 or more");
    assert_eq!(says(flag), "WAYPOST_X must be: true or false");
    assert_eq!(says(seconds), "WAYPOST_X must be: a number of seconds, 0 or more");
    assert_eq!(says(list), "WAYPOST_X must be: a number of seconds, 0 or more");
    assert_eq!(says(address), "WAYPOST_X must be: an address with a port, such as 127.0.0.1:8080");
    assert_eq!(says(url), "WAYPOST_X must be: a URL that begins with http:// or https://");
    assert_eq!(says(bounded), "WAYPOST_X must be: from 0 to 1");
}

#[test]
fn values_are_read_and_defaults_fill_the_gaps() {
    let env = Env::of([("A", "0.25"), ("B", "1, 5,30"), ("C", "Yes"), ("D", "[::1]:80")]);
    let seconds = |n| Duration::from_secs(n);

    assert_eq!(env.seconds("A", seconds(9)).unwrap(), Duration::from_millis(250));
    assert_eq!(env.seconds("Z", seconds(9)).unwrap(), seconds(9));
    assert_eq!(env.seconds_list("B", &[]).unwrap(), [seconds(1), seconds(5), seconds(30)]);
    assert_eq!(env.list::<u8>("B").unwrap(), [1, 5, 30]);
    assert!(env.flag("C", false).unwrap());
    assert_eq!(env.address("D", "127.0.0.1:1").unwrap().port(), 80);
    assert_eq!(env.address("Z", "127.0.0.1:1").unwrap().port(), 1);
    assert_eq!(env.url("Z", "https://graph.facebook.com").unwrap().scheme(), "https");
    assert_eq!(env.optional("Z"), None);
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "s3cret").unwrap();
    let env = env("TOKEN_FILE", file.path().to_str().unwrap());

    assert_eq!(env.secret("TOKEN").unwrap().expose_secret(), "s3cret");
    assert!(env.optional_secret("OTHER").unwrap().is_none());
}

#[test]
fn no_error_and_no_debug_output_shows_a_secret() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let both = Env::of([("TOKEN", "s3cret"), ("TOKEN_FILE", path)]);
    let number = env("TOKEN", "s3cret").parsed("TOKEN", 1_u32);

    assert_eq!(
        says(both.secret("TOKEN")),
        "TOKEN and TOKEN_FILE are both set: only one of them may be"
    );
    assert_eq!(
        says(env("TOKEN_FILE", path).secret("TOKEN")),
        "TOKEN_FILE names a file that is empty"
    );
    assert_eq!(
        says(env("TOKEN_FILE", "/nowhere/s3cret").secret("TOKEN")),
        "TOKEN_FILE names a file that cannot be read: entity not found"
    );
    assert!(!says(number).contains("s3cret"));
    assert!(!format!("{both:?}").contains("s3cret"));
    assert!(!format!("{:?}", env("TOKEN", "s3cret").secret("TOKEN")).contains("s3cret"));
}

#[test]
fn a_variable_that_nobody_asked_for_is_listed() {
    let env = Env::of([("WAYPOST_LOG", "info"), ("WAYPOST_LGO", "info"), ("HOME", "/")]);
    env.optional("WAYPOST_LOG");

    assert_eq!(env.unread(), ["WAYPOST_LGO"]);
}

#[test]
fn a_default_gives_way_to_a_value_and_an_override_does_not() {
    let env = Env::of([("A", "set"), ("B", "")]);

    let env = env.with_default("A", "default").with_default("B", "default").with("C", "new");

    let all = ["A", "B", "C"].map(|name| env.optional(name).unwrap());
    assert_eq!(all, ["set", "default", "new"]);
}
