use std::num::NonZeroU32;
use std::time::Duration;

use graph_api::signature::SigningKey;
use runtime::env::{ExposeSecret, SecretString};
use runtime::{ConfigError, Env};

/// How the service works.
#[derive(Clone, Debug)]
pub struct Config {
    /// `WAYPOST_WEBHOOK_LOG_BATCH`: how many POSTs one statement writes at most, default 100. Each
    /// may have 3 MiB.
    pub batch: u16,
    /// `META_APP_SECRET`: tells the platform's app from others where a signature is refused; one or
    /// two, parted by a comma. Without it such a refusal is a plain mismatch.
    pub platform: Vec<SigningKey>,
    /// `WAYPOST_WEBHOOK_DIAGNOSES_PER_MINUTE`: how many refused POSTs of each tenant are looked into,
    /// default 60 a minute; the others are told apart by their header alone.
    pub diagnoses_per_minute: NonZeroU32,
    /// `WAYPOST_WEBHOOK_QUIET_S`: after how many seconds without a refused POST a valid one ends the
    /// notification, default 300; one after a newly saved secret ends it at once.
    pub quiet: Duration,
    /// `WAYPOST_WEBHOOK_REVERIFY_S`: how often refused POSTs are held against secrets that were saved
    /// since, in seconds, default 2.
    pub reverify: Duration,
}

impl Config {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const DIAGNOSES: NonZeroU32 = NonZeroU32::new(60).unwrap();
        let seconds = |name, default| env.seconds(name, Duration::from_secs(default));
        Ok(Self {
            batch: env.bounded("WAYPOST_WEBHOOK_LOG_BATCH", 100, 1..=1000)?,
            platform: platform(env.optional_secret("META_APP_SECRET")?),
            diagnoses_per_minute: env.parsed("WAYPOST_WEBHOOK_DIAGNOSES_PER_MINUTE", DIAGNOSES)?,
            quiet: seconds("WAYPOST_WEBHOOK_QUIET_S", 300)?,
            reverify: seconds("WAYPOST_WEBHOOK_REVERIFY_S", 2)?,
        })
    }
}

fn platform(secrets: Option<SecretString>) -> Vec<SigningKey> {
    let secrets = secrets.unwrap_or_default();
    let texts = secrets.expose_secret().split(',').map(str::trim).filter(|text| !text.is_empty());
    texts.map(|text| SigningKey::new(&text.into())).collect()
}
