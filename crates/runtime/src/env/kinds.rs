//! The kinds of value that a variable can have.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::ConfigError;

/// What is allowed for a type whose own parse error does not say it.
pub(super) fn allowed(type_name: &str) -> Option<&'static str> {
    match type_name.rsplit("::").next().unwrap_or(type_name) {
        "u8" => Some("a whole number from 0 to 255"),
        "u16" => Some("a whole number from 0 to 65535"),
        "u32" | "u64" | "u128" | "usize" => Some("a whole number, 0 or more"),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Some("a whole number"),
        "f32" | "f64" => Some("a number"),
        "bool" => Some("true or false"),
        "SocketAddr" => Some("an address with a port, such as 127.0.0.1:8080"),
        "Uuid" => Some("a UUID"),
        name if name.starts_with("NonZero") || type_name.contains("::NonZero<") => {
            Some("a whole number, 1 or more")
        }
        _ => None,
    }
}

pub(super) fn flag(name: &'static str, text: &str) -> Result<bool, ConfigError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(ConfigError::must(name, "true or false")),
    }
}

pub(super) fn seconds(name: &'static str, text: &str) -> Result<Duration, ConfigError> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| ConfigError::must(name, "a number of seconds, 0 or more"))
}

pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

pub(super) fn url(name: &'static str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| ConfigError::must(name, "a URL that begins with http:// or https://"))
}

pub(super) fn secret_file(name: &'static str, path: &str) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::unreadable(name, &e))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(ConfigError::empty_file(name)) } else { Ok(secret.into()) }
}
