use std::fmt;

/// A JSON pointer (RFC 6901) to one field of a body; empty for the whole body.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

impl Pointer {
    /// The whole body.
    pub const ROOT: Self = Self(String::new());

    /// The field `key` of the object here, its `~` and `/` escaped.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}/{}", self.0, key.replace('~', "~0").replace('/', "~1")))
    }

    /// The entry `index`, from 0, of the list here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }

    /// The pointer as text: `""`, `"/text/body"`, `"/contacts/0/name"`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_tildes_of_a_key_are_escaped() {
        let pointer = Pointer::ROOT.key("a/b~c").index(2);

        assert_eq!(pointer.as_str(), "/a~1b~0c/2");
    }
}
