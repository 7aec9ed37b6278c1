//! Header, body and footer.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::content::media::{Asset, NamedAsset};
use crate::field::{ensure, tagged};

/// A body or a footer: `{"text": …}` of 1 to `MAX` characters.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Block<const MAX: usize> {
    /// What it says.
    #[garde(length(chars, min = 1, max = MAX))]
    pub text: String,
}

/// What stands above the body, told apart by its `type`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum Header {
    /// Up to 60 characters, and as many below them.
    Text {
        /// The headline.
        #[garde(length(chars, min = 1, max = 60))]
        text: String,
        /// A second line.
        #[garde(length(chars, max = 60))]
        sub_text: Option<String>,
    },
    /// A picture.
    Image {
        /// Which one.
        #[garde(dive)]
        image: Asset,
    },
    /// A film.
    Video {
        /// Which one.
        #[garde(dive)]
        video: Asset,
    },
    /// A file.
    Document {
        /// Which one.
        #[garde(dive)]
        document: NamedAsset,
    },
}
tagged!(Header);

/// A rule: the header, if any, is text.
pub(super) fn text_only(header: &Option<Header>, _: &()) -> garde::Result {
    header.as_ref().map_or(Ok(()), |header| is_text(header, &()))
}

/// A rule: the header is text.
pub(super) fn is_text(header: &Header, _: &()) -> garde::Result {
    let is_text = matches!(header, Header::Text { .. });
    ensure(is_text, || "must be a header of type text".to_owned())
}
