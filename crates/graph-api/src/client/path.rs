//! Paths below the version.

use std::fmt;
use std::str::FromStr;

use domain::ids::{PhoneNumberId, WabaId};

/// A path below the version, such as `102290129340398/message_templates`: one or more parts of
/// letters, digits, `_` and `-`, parted by `/`. So it can neither leave its place nor bring a query.
/// Which of them may be asked for is the caller's to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphPath(String);

impl GraphPath {
    /// The path without a slash at either end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path of the Graph API has parts of letters, digits, _ and -, parted by /")]
pub struct InvalidGraphPath;

impl FromStr for GraphPath {
    type Err = InvalidGraphPath;

    fn from_str(text: &str) -> Result<Self, InvalidGraphPath> {
        const LONGEST: usize = 200;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_plain);
        if text.len() <= LONGEST && text.split('/').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidGraphPath)
        }
    }
}

impl From<&WabaId> for GraphPath {
    fn from(id: &WabaId) -> Self {
        Self(id.to_string())
    }
}

impl From<&PhoneNumberId> for GraphPath {
    fn from(id: &PhoneNumberId) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for GraphPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_its_place_nor_bring_a_query() {
        for path in ["100", "100/message_templates", "debug_token", "oauth/access-token"] {
            assert_eq!(path.parse::<GraphPath>().unwrap().as_str(), path);
        }
        for wrong in
            ["", "/", "/100", "100/", "100//x", "..", "100/../x", "a?b", "a#b", "a%2f", "a\\b", "é"]
        {
            assert_eq!(wrong.parse::<GraphPath>(), Err(InvalidGraphPath), "{wrong}");
        }
    }
}
