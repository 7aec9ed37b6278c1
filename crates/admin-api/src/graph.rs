//! Meta's own routes, for clients written for the Cloud API: base URL and token are all they change.
//!
//! A send is checked, queued, limited and followed like every other message. What only reads is asked
//! of Meta with the token of the tenant's connection, and only about what is the tenant's: one token
//! may see the accounts of several tenants, so Meta alone would not keep them apart.

mod media;
mod query;
mod reach;
mod refusal;
mod send;

pub(crate) use self::media::{UploadHead, feed, pieces};
pub(crate) use self::query::{Pairs, query};
pub(crate) use self::reach::{Asking, own, pass_on};
pub(crate) use self::refusal::{is_graph_path, refusal};
pub(crate) use self::send::{Post, sent};
