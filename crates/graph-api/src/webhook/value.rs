//! The value of a change, read no deeper than its lists.

use domain::ids::PhoneNumberId;
use serde::Deserialize;

use crate::loose::Loose;

/// The value of a `messages` change, its lists unread.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow)]
    metadata: Option<Loose<'a>>,
    #[serde(borrow)]
    pub(super) statuses: Option<Loose<'a>>,
    #[serde(borrow)]
    pub(super) messages: Option<Loose<'a>>,
    #[serde(borrow)]
    pub(super) errors: Option<Loose<'a>>,
}

#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    phone_number_id: Option<Loose<'a>>,
}

impl<'a> Value<'a> {
    /// Reads the value if it is an object.
    pub(super) fn read(loose: Loose<'a>) -> Option<Self> {
        loose.object()
    }

    pub(super) fn has_statuses(&self) -> bool {
        self.statuses.is_some_and(Loose::has_items)
    }

    pub(super) fn has_messages(&self) -> bool {
        self.messages.is_some_and(Loose::has_items)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors.is_some_and(Loose::has_items)
    }

    /// Whether there is anything of what a `messages` change is for.
    pub(super) fn has_any(&self) -> bool {
        self.has_statuses() || self.has_messages() || self.has_errors()
    }

    /// The business number that the change is about.
    pub(super) fn phone_number_id(&self) -> Option<PhoneNumberId> {
        let metadata = self.metadata?.object::<Metadata<'a>>()?;
        metadata.phone_number_id?.text()?.parse().ok()
    }
}
