//! Each dispatcher's own way to Redis, so that one alone can lose it.

use std::collections::BTreeMap;
use std::sync::Arc;

use test_support::proxy::Proxy;

use super::Servers;
use crate::plan::{Part, Server, dispatchers};

#[derive(Clone)]
pub(crate) struct Ways(Arc<BTreeMap<Part, Proxy>>);

impl Ways {
    /// One for each dispatcher; whatever happens to Redis happens to all of them.
    pub(crate) async fn start(servers: &Servers) -> Self {
        let redis = servers.addr(Server::Redis).to_string();
        let mut ways = BTreeMap::new();
        for part in dispatchers() {
            ways.insert(part, Proxy::start(redis.clone()).await);
        }
        Self(Arc::new(ways))
    }

    /// What a process has to be started with.
    pub(crate) fn variable(&self, part: Part) -> Option<(&'static str, String)> {
        self.0.get(&part).map(|way| ("REDIS_URL", format!("redis://{}", way.addr())))
    }

    /// From now on the dispatcher does not hear Redis.
    pub(crate) fn block(&self, part: Part) {
        if let Some(way) = self.0.get(&part) {
            way.stall();
        }
    }

    /// The dispatcher hears Redis again.
    pub(crate) fn clear(&self, part: Part) {
        if let Some(way) = self.0.get(&part) {
            way.resume();
        }
    }
}
