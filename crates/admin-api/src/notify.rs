//! `POST /v1/whatsapp/notify`: a template to one person, in a few fields and with plain answers.
//!
//! The body is turned into Meta's message object and goes the way of every other message; what is
//! wrong is told in the caller's own fields. A caller that wants to know what Meta says waits for
//! it, for a bounded time.

mod answer;
mod patience;
mod phone;
mod request;
mod verdict;
mod watch;

pub(crate) use self::answer::{Notified, refusal};
pub(crate) use self::patience::patience;
pub(crate) use self::request::Notification;
pub(crate) use self::verdict::verdict;
pub(crate) use self::watch::Watch;
