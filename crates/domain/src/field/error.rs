use serde::{Deserialize, Serialize};

use super::pointer::Pointer;

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field; empty for the whole body.
    pub pointer: String,
    /// What is wrong and what is allowed, never the caller's value.
    pub detail: String,
}

impl FieldError {
    /// An error of the field `at` a place.
    pub fn new(at: &Pointer, detail: impl Into<String>) -> Self {
        Self { pointer: at.as_str().to_owned(), detail: detail.into() }
    }
}

/// Turns garde's report into field errors. Paths are those of our own types: no key needs escaping.
pub(super) fn from_garde(report: &garde::Report, at: &Pointer) -> Vec<FieldError> {
    let errors = report.iter().map(|(path, error)| {
        let path = path.to_string().replace("r#", "").replace('[', ".").replace(']', "");
        let steps = path.split('.').filter(|step| !step.is_empty());
        let at = steps.fold(at.clone(), |at, step| at.key(step));
        FieldError::new(&at, error.message())
    });
    errors.collect()
}
