//! Where Meta is: the same settings for every service that calls the Graph API.

use graph_api::client::{GraphConfig, InvalidGraphConfig};
use runtime::{ConfigError, Env};

/// `GRAPH_API_BASE_URL`, default `https://graph.facebook.com`; `GRAPH_API_VERSION`, or else
/// `WHATSAPP_API_VERSION`, default `v25.0`; and `WAYPOST_SEND_TIMEOUT_S`: how long a call may take
/// as a whole, seconds, default 30.
///
/// # Errors
/// The variable that is wrong.
pub fn graph(env: &Env) -> Result<GraphConfig, ConfigError> {
    const TIMEOUT: &str = "WAYPOST_SEND_TIMEOUT_S";
    let base_url = env.optional("GRAPH_API_BASE_URL");
    let own_version = env.optional("GRAPH_API_VERSION").map(|text| ("GRAPH_API_VERSION", text));
    let version = own_version
        .or_else(|| Some(("WHATSAPP_API_VERSION", env.optional("WHATSAPP_API_VERSION")?)));
    let (name, version) = version.unwrap_or(("GRAPH_API_VERSION", "v25.0".to_owned()));
    let base_url = base_url.as_deref().unwrap_or(GraphConfig::PRODUCTION);
    let mut graph = GraphConfig::new(base_url, &version).map_err(|error| match error {
        InvalidGraphConfig::Version => ConfigError::must(name, "a version such as v25.0"),
        InvalidGraphConfig::BaseUrl | InvalidGraphConfig::Client(_) => {
            ConfigError::must("GRAPH_API_BASE_URL", "http:// or https:// and a host, no query")
        }
    })?;
    graph.timeout = env.seconds(TIMEOUT, graph.timeout)?;
    if graph.timeout.is_zero() {
        return Err(ConfigError::must(TIMEOUT, "a number of seconds, more than 0"));
    }
    Ok(graph)
}
