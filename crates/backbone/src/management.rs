//! Meta, with the limit on management calls before it: the same for every service that makes such
//! calls.

use std::pin::Pin;
use std::sync::Arc;

use domain::ids::AppId;
use domain::management::{Level, Subject, Told, UsedUp};
use graph_api::client::{CallLimit, GraphClient, GraphConfig, InvalidGraphConfig};
use limits::{Caller, InvalidRedisUrl, Management, RedisConfig};
use runtime::metrics::{Counter, KeyValue, counter};
use runtime::{ConfigError, Env};

/// How the limit on management calls is kept.
#[derive(Clone, Debug)]
pub struct ManagementConfig {
    /// `REDIS_URL`; see [`redis`](crate::redis).
    pub redis: RedisConfig,
    /// `WAYPOST_MANAGEMENT_RESERVED_PERCENT`: how much of it calls for which nobody waits leave to the
    /// others, in percent, default 20.
    pub reserved: u8,
    /// `META_APP_ID`: for which app the tokens of the platform's connections count.
    pub app_id: Option<AppId>,
}

impl ManagementConfig {
    /// Reads the variables named at the fields.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            redis: crate::redis(env)?,
            reserved: env.bounded("WAYPOST_MANAGEMENT_RESERVED_PERCENT", 20, 0..=90)?,
            app_id: env.optional_parsed("META_APP_ID")?,
        })
    }

    /// A client whose management calls somebody waits for.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn for_persons(&self, graph: &GraphConfig) -> Result<GraphClient, Unusable> {
        self.client(graph, Caller::Person)
    }

    /// A client for whose management calls nobody waits.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn for_background(&self, graph: &GraphConfig) -> Result<GraphClient, Unusable> {
        self.client(graph, Caller::Background { leaves: self.reserved })
    }

    fn client(&self, graph: &GraphConfig, caller: Caller) -> Result<GraphClient, Unusable> {
        let limit = Counted {
            calls: counter("waypost.management.calls", "Management calls, reserved or refused."),
            limit: Management::new(self.redis.clone(), caller)?,
        };
        let client = GraphClient::new(graph)?.limited_by(Arc::new(limit));
        Ok(self.app_id.as_ref().map_or_else(|| client.clone(), |app_id| client.of_app(app_id)))
    }
}

/// Why there is no such client.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Redis cannot be asked.
    #[error(transparent)]
    Redis(#[from] InvalidRedisUrl),
    /// Meta cannot.
    #[error(transparent)]
    Graph(#[from] InvalidGraphConfig),
}

/// The limit, with what comes of it counted.
#[derive(Debug)]
struct Counted {
    limit: Management,
    calls: Counter,
}

impl Counted {
    fn count(&self, outcome: &'static str, level: Level) {
        let labels = [
            KeyValue::new("outcome", outcome),
            KeyValue::new("level", level.as_str()),
            KeyValue::new("caller", self.limit.caller().as_str()),
        ];
        self.calls.add(1, &labels);
    }
}

impl CallLimit for Counted {
    fn reserve<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> Pin<Box<dyn Future<Output = Result<(), UsedUp>> + Send + 'a>> {
        Box::pin(async move {
            let reserved = self.limit.reserve(subject).await;
            match &reserved {
                Ok(()) if subject.waba_id.is_some() => self.count("reserved", Level::Waba),
                Ok(()) => self.count("reserved", Level::App),
                Err(used_up) => self.count("refused", used_up.level),
            }
            reserved
        })
    }

    fn told<'a>(
        &'a self,
        subject: &'a Subject,
        told: Told,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move { self.limit.told(subject, &told).await })
    }
}
