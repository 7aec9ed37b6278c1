//! What a webhook POST says.
//!
//! Meta batches up to 1,000 updates of several WABAs in one body, adds fields and words at any time
//! and writes ids now as text, now as numbers. So nothing unknown is an error, and what cannot be
//! read becomes a [`Poison`] in its place without hiding its neighbours.
//!
//! Source: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/>.

pub mod account;
mod envelope;
mod facts;
mod item;
mod message;
mod part;
mod place;
mod routing;
mod status;
mod value;

use std::collections::BTreeSet;

use domain::ids::WabaId;

pub use self::item::{Item, ItemKind, Poison};
pub use self::message::InboundMessage;
pub use self::part::part_of;
pub use self::place::{Place, places};
pub use self::routing::{Concern, RoutingWords, UNPARSED, concern, routing_words};
pub use self::status::{Status, StatusUpdate};

/// Everything one POST says, in its order.
#[derive(Debug)]
pub struct Webhook {
    /// The updates, and in place of an unreadable one why it is unreadable.
    pub items: Vec<Result<Item, Poison>>,
}

/// Why a body says nothing at all. Never quotes the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The bytes are no text.
    #[error("the body is not UTF-8 after byte {after}")]
    NotUtf8 {
        /// How many bytes are good.
        after: usize,
    },
    /// The text is no JSON.
    #[error("the body is not JSON: {detail}")]
    NotJson {
        /// What the JSON reader says, with line and column.
        detail: String,
    },
    /// The JSON is no webhook.
    #[error("the body has no list `entry`")]
    NotEnvelope,
}

/// The accounts that a body names, whatever is in its items; none when it cannot be read. Without a
/// proved signature these are claims.
pub fn waba_ids(body: &[u8]) -> BTreeSet<WabaId> {
    let changes = envelope::changes(body).unwrap_or_default();
    changes.iter().filter_map(envelope::Change::waba_id).collect()
}

/// Reads a webhook POST.
///
/// # Errors
/// When the body as a whole is not of Meta's envelope shape. A wrong item is a [`Poison`] in
/// [`Webhook::items`] instead.
pub fn parse(body: &[u8]) -> Result<Webhook, ParseError> {
    let mut items = Vec::new();
    for change in envelope::changes(body)? {
        item::read(&change, &mut items);
    }
    Ok(Webhook { items })
}
