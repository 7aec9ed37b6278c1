//! Connections, WABAs and numbers: with what and from where a tenant sends.
//!
//! A connection is one set of credentials. It reaches any number of WABAs with their numbers; each
//! WABA lies under exactly one connection, and its numbers with it. Whoever changes a connection
//! runs it in a transaction, as a rule one that acts for the tenant, and writes the audit line
//! there.

mod add_number;
mod assets;
mod attach;
mod create;
mod credentials;
mod evidence;
mod numbers;
mod platform;
mod read;
mod refresh;
mod state;
mod stop;

pub use self::add_number::{Added, NewNumber, add_number};
pub use self::assets::{NumberAsset, WabaAsset, assets};
pub use self::attach::{Attach, Attached, attach};
pub use self::create::{NewOwnApp, create_own_app};
pub use self::credentials::{
    fingerprint, note_environment, open_token, open_verify_token, set_token, set_verify_token,
    set_webhook_token,
};
pub use self::evidence::{Evidence, evidence};
pub use self::numbers::{messages_per_second, numbers};
pub use self::platform::{NewPlatform, create_platform, take_over};
pub use self::read::{Connection, Kind, Status, by_token, find, list, lock, of_number};
pub use self::refresh::{GrantedNumber, GrantedWaba, refresh, subscribed};
pub use self::state::{confirm, disconnect, needs_attention, rename, stands, tested};
pub use self::stop::{block, pause_number, revive, wake_waiting};
