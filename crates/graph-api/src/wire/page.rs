//! One page of a list.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::loose;

/// A page. An item that is no object is left out; a page without a list has no `data`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
pub struct Page<T> {
    /// The items.
    #[serde(default, deserialize_with = "loose::optional_objects")]
    pub data: Option<Vec<T>>,
    /// Where it lies in the list.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub paging: Option<Paging>,
}

impl<T> Page<T> {
    /// The cursor of the page behind this one. Meta gives cursors on the last page too; only `next`
    /// says that there is more.
    pub fn next_cursor(&self) -> Option<&str> {
        let paging = self.paging.as_ref()?;
        paging.next.as_ref()?;
        paging.cursors.as_ref()?.after.as_deref().filter(|cursor| !cursor.is_empty())
    }
}

/// Where a page lies in its list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// The cursors of its first and its last item.
    #[serde(
        default,
        deserialize_with = "loose::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub cursors: Option<Cursors>,
    /// The address of the next page; present when there is one. It is not kept: Meta writes the
    /// access token into it.
    #[serde(default, deserialize_with = "loose::optional_mark", skip_serializing)]
    pub next: Option<()>,
}

/// The cursors of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursors {
    /// Asks for what stands before this page.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<String>,
    /// Asks for what stands behind this page.
    #[serde(
        default,
        deserialize_with = "loose::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<String>,
}
