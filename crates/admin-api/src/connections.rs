//! What is done with connections, whoever asks for it: the API or an operator at the command line.
//!
//! Ids and secrets that somebody gives prove nothing: before a WABA or a number lies under a
//! connection, Meta has said that its token reaches them. No database connection is held while Meta
//! is asked.

mod assets;
mod create;
pub mod diagnosis;
mod disconnect;
mod look;
mod proof;
mod refused;
mod secrets;
mod test;
mod token;
mod words;

use std::fmt;
use std::sync::Arc;

use domain::ids::TenantId;
use graph_api::client::GraphClient;
use serde_json::Value;
use store::audit::{self, Actor, Entry};
use store::{Db, GenericClient, Vault};

pub(crate) use self::assets::told;
pub use self::create::{Created, OwnApp};
pub use self::proof::Doubt;
pub use self::refused::Refused;
pub use self::test::{Report, Tested};
pub use self::words::{AccessToken, AppSecret, VerifyToken};

/// For whom something is done, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// The tenant that owns the connection.
    pub tenant_id: TenantId,
    /// For the audit log.
    pub actor: Actor,
}

impl By {
    /// Writes a line of the audit log, in the transaction of what it tells of.
    pub(crate) async fn note(
        self,
        transaction: &impl GenericClient,
        action: &str,
        subject: impl fmt::Display,
        detail: Value,
    ) -> store::Result<()> {
        let Self { tenant_id, actor } = self;
        let subject = subject.to_string();
        let entry = Entry { tenant_id, actor, action, subject: Some(&subject), detail };
        audit::write(transaction, &entry, runtime::now()).await?;
        Ok(())
    }
}

/// Where connections are made, tested and ended.
#[derive(Clone)]
pub struct Connections {
    pub(crate) db: Db,
    pub(crate) vault: Arc<Vault>,
    pub(crate) graph: GraphClient,
}

impl Connections {
    /// On this database, with this vault, and with Meta behind this client.
    pub fn new(db: Db, vault: Arc<Vault>, graph: GraphClient) -> Self {
        Self { db, vault, graph }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}
