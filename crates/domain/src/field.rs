//! Reading JSON so that every error names its field and says what is allowed there.
//!
//! A caller's own value never becomes part of an error: errors are logged and stored, and a value
//! may be a phone number or a message. A caller's field *name* does, inside the pointer.

mod error;
mod object;
mod pointer;
mod reader;
mod rules;
mod tagged;
mod words;

pub use error::FieldError;
pub use object::Object;
pub use pointer::Pointer;
pub(crate) use rules::{
    any_case, distinct, ensure, entries, exactly, http_url, no_nul, one_of_two,
};
pub(crate) use tagged::{tagged, with_tag};

use garde::Validate;
use serde::de::DeserializeOwned;
use serde_json::Value;

use reader::{Place, Reader};

/// Reads what stands `at` a place of the body as a `T` and checks its limits.
///
/// # Errors
///
/// The first structural error (unknown field, missing field, wrong type), or else every limit
/// that is broken.
pub fn parse<T>(value: &Value, at: &Pointer) -> Result<T, Vec<FieldError>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let parsed = read(value, at)?;
    check(&parsed, at)?;
    Ok(parsed)
}

/// Reads what stands `at` a place of the body as a `T`, without checking limits.
///
/// # Errors
///
/// The first unknown field, missing field or wrong type, with the pointer to the field itself.
pub fn read<T: DeserializeOwned>(value: &Value, at: &Pointer) -> Result<T, Vec<FieldError>> {
    let place = Place::Start(at);
    T::deserialize(Reader { value, place: &place })
        .map_err(|error| vec![error.into_field_error(&place)])
}

/// Checks the limits of a value that stands `at` a place of the body.
///
/// # Errors
///
/// Every broken limit.
pub fn check<T: Validate<Context = ()>>(value: &T, at: &Pointer) -> Result<(), Vec<FieldError>> {
    garde::i18n::with_i18n(words::Words, || value.validate())
        .map_err(|report| error::from_garde(&report, at))
}
