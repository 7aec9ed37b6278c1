//! What proves a POST to the URLs of tenants' own apps, at one instant; pure.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{ConnectionId, WabaId};
use graph_api::signature::SigningKey;
use store::app_secrets::{AppSecret, fingerprint};
use store::webhook_urls::WebhookUrl;

use crate::codes::{Code, Coder};
use crate::signatures::proves;

/// How much is hashed for one POST to the shared URL at most, in bytes: a body of 1 KiB is held
/// against 15,000 secrets, one of 3 MiB against the first five.
const HASHED: usize = 16 << 20;

/// What one try costs beside the body, in bytes.
const PER_TRY: usize = 128;

/// A snapshot of all secrets, verify tokens and opaque URLs.
pub(crate) struct Keys {
    /// By the opaque part of the URL.
    addresses: HashMap<String, Arc<Address>>,
    /// One for each distinct secret.
    secrets: Vec<Secret>,
    /// Which of them sign for an account.
    of_account: HashMap<WabaId, Vec<usize>>,
    verify_tokens: HashSet<Code>,
}

/// The opaque URL of one connection.
pub(crate) struct Address {
    pub(crate) connection_id: ConnectionId,
    verify_token: Option<Code>,
    keys: Vec<(SigningKey, Until)>,
}

/// Until when a secret proves something; `None`: without end.
type Until = Option<DateTime<Utc>>;

struct Secret {
    key: SigningKey,
    /// Whose it is: the same secret in two connections is the same app.
    holders: Vec<(ConnectionId, Until)>,
}

impl Secret {
    fn holder(&self, now: DateTime<Utc>) -> Option<ConnectionId> {
        let mut active = self.holders.iter().filter(|(_, until)| is_active(*until, now));
        active.next().map(|(connection_id, _)| *connection_id)
    }
}

fn is_active(until: Until, now: DateTime<Utc>) -> bool {
    until.is_none_or(|until| until > now)
}

impl Keys {
    pub(crate) fn new(urls: &[WebhookUrl], secrets: &[AppSecret], coder: &Coder) -> Self {
        let mut keys = Self {
            addresses: HashMap::new(),
            secrets: Vec::new(),
            of_account: HashMap::new(),
            verify_tokens: HashSet::new(),
        };
        let held = keys.add_secrets(secrets);
        for url in urls {
            let verify_token = url.verify_token.as_ref().map(|token| coder.code_of(token));
            keys.verify_tokens.extend(verify_token.clone());
            let held = held.get(&url.connection_id).map(Vec::as_slice).unwrap_or_default();
            for waba_id in &url.waba_ids {
                let signing = keys.of_account.entry(waba_id.clone()).or_default();
                signing.extend(held.iter().map(|(index, _)| *index));
            }
            if let Some(token) = &url.webhook_token {
                let key =
                    |(index, until): &(usize, Until)| (keys.secrets[*index].key.clone(), *until);
                let address = Address {
                    connection_id: url.connection_id,
                    verify_token,
                    keys: held.iter().map(key).collect(),
                };
                keys.addresses.insert(token.clone(), Arc::new(address));
            }
        }
        keys
    }

    /// Answers what each connection holds.
    fn add_secrets(&mut self, secrets: &[AppSecret]) -> HashMap<ConnectionId, Vec<(usize, Until)>> {
        let mut held: HashMap<ConnectionId, Vec<(usize, Until)>> = HashMap::new();
        let mut known = HashMap::new();
        for secret in secrets {
            let index = *known.entry(fingerprint(&secret.secret)).or_insert_with(|| {
                let key = SigningKey::new(&secret.secret);
                self.secrets.push(Secret { key, holders: Vec::new() });
                self.secrets.len() - 1
            });
            self.secrets[index].holders.push((secret.connection_id, secret.retires_at));
            held.entry(secret.connection_id).or_default().push((index, secret.retires_at));
        }
        held
    }

    /// The connection whose URL ends so. How long it takes says nothing of how much is right.
    pub(crate) fn address(&self, webhook_token: &str) -> Option<Arc<Address>> {
        self.addresses.get(webhook_token).cloned()
    }

    /// Whether any connection has that verify token.
    pub(crate) fn is_verify_token(&self, code: &Code) -> bool {
        self.verify_tokens.contains(code)
    }

    /// The connection whose secret signed a POST to the shared URL. The secrets of the accounts that
    /// the body names come first; the others only when `scan` allows it, and no more than hash a
    /// bounded number of bytes.
    pub(crate) fn prove(
        &self,
        body: &[u8],
        header: Option<&str>,
        named: &BTreeSet<WabaId>,
        now: DateTime<Utc>,
        scan: impl FnOnce() -> bool,
    ) -> Option<ConnectionId> {
        let tries = HASHED / (body.len() + PER_TRY);
        let named: BTreeSet<usize> =
            named.iter().filter_map(|id| self.of_account.get(id)).flatten().copied().collect();
        let proved = |index: usize| {
            let secret = &self.secrets[index];
            secret.holder(now).filter(|_| proves(&secret.key, body, header))
        };
        let first = named.iter().copied().take(tries).find_map(proved);
        if first.is_some() || named.len() >= self.secrets.len() || !scan() {
            return first;
        }
        let others = (0..self.secrets.len()).filter(|index| !named.contains(index));
        others.take(tries.saturating_sub(named.len())).find_map(proved)
    }
}

impl Address {
    /// Whether one of the connection's secrets signed the body.
    pub(crate) fn prove(&self, body: &[u8], header: Option<&str>, now: DateTime<Utc>) -> bool {
        let mut active = self.keys.iter().filter(|(_, until)| is_active(*until, now));
        active.any(|(key, _)| proves(key, body, header))
    }

    pub(crate) fn is_verify_token(&self, code: &Code) -> bool {
        self.verify_token.as_ref() == Some(code)
    }
}

#[cfg(test)]
mod tests;
