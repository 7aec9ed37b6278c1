//! The three kinds of webhook URL, and what each of them asks for.

use std::sync::Arc;

use domain::ids::ConnectionId;
use domain::scope::Scope;
use graph_api::webhook;

use crate::keys::{Address, Keys};
use crate::routes::Ingress;

/// Which URL was called.
pub(crate) enum Door {
    /// The platform's own.
    Platform,
    /// The opaque one of a connection.
    Tenant(Arc<Address>),
    /// The one that all share.
    Shared(Arc<Keys>),
}

/// Why there is no door.
pub(crate) enum Closed {
    /// Nobody has that URL, or has it any more.
    Unknown,
    /// Nobody knows yet: no secret has been read since the start.
    NotYet,
}

/// Where POSTs come from that prove nothing: each is capped by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Platform,
    Tenant(ConnectionId),
    Shared,
}

impl Source {
    /// The word in events and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Tenant(_) => "tenant",
            Self::Shared => "shared",
        }
    }

    /// The connection whose URL it is.
    pub(crate) const fn addressed(self) -> Option<ConnectionId> {
        match self {
            Self::Platform | Self::Shared => None,
            Self::Tenant(connection_id) => Some(connection_id),
        }
    }
}

impl Door {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Platform => Source::Platform,
            Self::Tenant(address) => Source::Tenant(address.connection_id),
            Self::Shared(_) => Source::Shared,
        }
    }
}

impl Ingress {
    /// The URL of the connection with that opaque token.
    pub(crate) fn tenant(&self, webhook_token: &str) -> Result<Door, Closed> {
        let keys = self.keyring.keys().ok_or(Closed::NotYet)?;
        match keys.address(webhook_token) {
            Some(address) => Ok(Door::Tenant(address)),
            None => {
                self.keyring.want_news();
                Err(Closed::Unknown)
            }
        }
    }

    /// The shared URL.
    pub(crate) fn shared(&self) -> Result<Door, Closed> {
        Ok(Door::Shared(self.keyring.keys().ok_or(Closed::NotYet)?))
    }

    /// What the signature proves of a POST to this URL.
    pub(crate) fn prove(&self, door: &Door, body: &[u8], header: Option<&str>) -> Option<Scope> {
        let proved = match door {
            Door::Platform => return self.secrets.prove(body, header).then_some(Scope::Platform),
            Door::Tenant(address) => {
                address.prove(body, header, runtime::now()).then_some(address.connection_id)
            }
            Door::Shared(_) if self.secrets.prove(body, header) => return Some(Scope::Platform),
            Door::Shared(keys) => {
                // A claim, which says whose secrets to try first, and nothing else.
                let named = webhook::waba_ids(body);
                let may_scan = || self.scans.check().is_ok();
                keys.prove(body, header, &named, runtime::now(), may_scan)
            }
        };
        if proved.is_none() {
            self.keyring.want_news();
        }
        proved.map(Scope::Connection)
    }
}
