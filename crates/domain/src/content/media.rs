//! Media: by the id of an upload, or by a link that Meta fetches.
//!
//! Sizes and encodings are Meta's to check: it alone sees the bytes.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::field::{http_url, one_of_two};

/// A medium without further words: `sticker`, and any medium in a header or a template.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Id of an upload.
    #[garde(custom(one_of_two("id and link", &self.link)), length(chars, min = 1))]
    pub id: Option<String>,
    /// http or https URL.
    #[garde(inner(custom(http_url)))]
    pub link: Option<String>,
}

/// A file without a caption: a `document` in a header or a template.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NamedAsset {
    /// Id of an upload.
    #[garde(custom(one_of_two("id and link", &self.link)), length(chars, min = 1))]
    pub id: Option<String>,
    /// http or https URL.
    #[garde(inner(custom(http_url)))]
    pub link: Option<String>,
    /// The name under which the recipient sees the file.
    pub filename: Option<String>,
}

/// An `image` or a `video`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Captioned {
    /// Id of an upload.
    #[garde(custom(one_of_two("id and link", &self.link)), length(chars, min = 1))]
    pub id: Option<String>,
    /// http or https URL.
    #[garde(inner(custom(http_url)))]
    pub link: Option<String>,
    /// Up to 1024 characters.
    #[garde(length(chars, max = 1024))]
    pub caption: Option<String>,
}

/// An `audio`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Audio {
    /// Id of an upload.
    #[garde(custom(one_of_two("id and link", &self.link)), length(chars, min = 1))]
    pub id: Option<String>,
    /// http or https URL.
    #[garde(inner(custom(http_url)))]
    pub link: Option<String>,
    /// Whether it is shown as a voice message; it must then be Opus in Ogg, mono.
    pub voice: Option<bool>,
}

/// A `document`.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Document {
    /// Id of an upload.
    #[garde(custom(one_of_two("id and link", &self.link)), length(chars, min = 1))]
    pub id: Option<String>,
    /// http or https URL.
    #[garde(inner(custom(http_url)))]
    pub link: Option<String>,
    /// Up to 1024 characters.
    #[garde(length(chars, max = 1024))]
    pub caption: Option<String>,
    /// The name under which the recipient sees the file.
    pub filename: Option<String>,
}
