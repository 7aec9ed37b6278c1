//! What can be wrong with a setting.

use std::io;

/// A setting that is missing or wrong. Displays as one line that names the variable and what is
/// allowed, never its value.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ConfigError(#[from] Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{name} is not set{}", about(.meaning))]
    Missing { name: &'static str, meaning: Option<&'static str> },
    #[error("{name} must be: {must}")]
    Must { name: &'static str, must: String },
    #[error("{name} and {name}_FILE are both set: only one of them may be")]
    Twice { name: &'static str },
    #[error("{name}_FILE names a file that {fault}")]
    File { name: &'static str, fault: String },
}

impl ConfigError {
    /// `name` has to be set and is not.
    pub fn missing(name: &'static str) -> Self {
        Kind::Missing { name, meaning: None }.into()
    }

    /// The value of `name` is not one of those allowed: `must` says which are, as in
    /// "a whole number", "json or text". It must not hold the value of a secret.
    pub fn must(name: &'static str, must: impl Into<String>) -> Self {
        Kind::Must { name, must: must.into() }.into()
    }

    /// Adds to "is not set" what the variable is, as in "the URL of PostgreSQL".
    #[must_use]
    pub fn meaning(self, meaning: &'static str) -> Self {
        match self.0 {
            Kind::Missing { name, .. } => Kind::Missing { name, meaning: Some(meaning) }.into(),
            kind @ (Kind::Must { .. } | Kind::Twice { .. } | Kind::File { .. }) => Self(kind),
        }
    }

    pub(super) fn twice(name: &'static str) -> Self {
        Kind::Twice { name }.into()
    }

    pub(super) fn unreadable(name: &'static str, error: &io::Error) -> Self {
        Kind::File { name, fault: format!("cannot be read: {}", error.kind()) }.into()
    }

    pub(super) fn empty_file(name: &'static str) -> Self {
        Kind::File { name, fault: "is empty".to_owned() }.into()
    }
}

fn about(meaning: &Option<&'static str>) -> String {
    meaning.map(|meaning| format!(": {meaning}")).unwrap_or_default()
}
