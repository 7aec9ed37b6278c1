//! Embedded Signup: from the code that a browser brings to a connection that sends and hears.
//!
//! Nothing that the browser says is trusted. The code becomes a token; Meta says what the token may
//! do, and which accounts and numbers it reaches; only those are stored. What came of each step is
//! kept, so that one that failed can be taken again without the steps before it.

mod assets;
mod inspect;
mod request;
mod run;
mod steps;

use domain::ids::AppId;
use graph_api::client::App;
use runtime::env::{ExposeSecret, SecretString};
use runtime::{ConfigError, Env};

pub(crate) use self::request::{Closed, Resume};
pub(crate) use self::run::Run;

/// The platform's own app, into which tenants sign up.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `META_APP_ID`: Meta's id of the app.
    pub app_id: AppId,
    /// `META_APP_SECRET`: its secret; of two during a rotation the first.
    pub app_secret: SecretString,
    /// `META_SIGNUP_CONFIG_ID`: the configuration of Facebook Login for Business that the overlay
    /// is opened with; shown to the page that opens it. Optional.
    pub config_id: Option<String>,
}

impl Platform {
    /// Reads the variables named at the fields; `None` without `META_APP_ID`: then nobody signs up.
    ///
    /// # Errors
    /// The variable that is wrong, or missing beside `META_APP_ID`.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        const SECRET: &str = "META_APP_SECRET";
        let Some(app_id) = env.optional_parsed("META_APP_ID")? else { return Ok(None) };
        let secrets = env.secret(SECRET)?;
        let current = secrets.expose_secret().split(',').map(str::trim).find(|it| !it.is_empty());
        let app_secret = current.ok_or(ConfigError::must(SECRET, "an app secret"))?.into();
        Ok(Some(Self { app_id, app_secret, config_id: env.optional("META_SIGNUP_CONFIG_ID") }))
    }

    fn app(&self) -> App<'_> {
        App { app_id: &self.app_id, app_secret: &self.app_secret }
    }
}
