//! Why a body is not what its queue carries.

use prost::bytes::Bytes;
use uuid::Uuid;

/// Why a body cannot be read. The same bytes will never be readable: the delivery is to be parked.
///
/// Names fields and positions, never content: it is logged and written into headers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// The bytes are not this protobuf message.
    #[error("body is not the protobuf message of its queue")]
    NotProtobuf(#[source] prost::DecodeError),
    /// The text is not JSON.
    #[error("{place} is not JSON (line {line}, column {column})")]
    NotJson {
        /// The body or the field that should be JSON.
        place: &'static str,
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1; 0 before the first character.
        column: usize,
    },
    /// JSON, but something else than an object.
    #[error("{place} must be a JSON object")]
    NotObject {
        /// The body or the field that should be an object.
        place: &'static str,
    },
    /// A field without which the rest means nothing is absent or empty.
    #[error("field {field} is required")]
    Missing {
        /// The field's name.
        field: &'static str,
    },
    /// A field has a value that no version of the contract knows.
    #[error("field {field} must be {expected}")]
    Invalid {
        /// The field's name.
        field: &'static str,
        /// What would have done.
        expected: &'static str,
    },
    /// A field stands both by itself and inside `message_json`.
    #[error("field {field} is given twice, by itself and in message_json")]
    Twice {
        /// The field's name.
        field: &'static str,
    },
}

impl ContractError {
    pub(crate) fn not_json(place: &'static str, error: &serde_json::Error) -> Self {
        Self::NotJson { place, line: error.line(), column: error.column() }
    }
}

impl From<prost::DecodeError> for ContractError {
    fn from(error: prost::DecodeError) -> Self {
        Self::NotProtobuf(error)
    }
}

/// The UUID in a 16-byte field.
pub(crate) fn uuid(field: &'static str, bytes: &[u8]) -> Result<Uuid, ContractError> {
    Uuid::from_slice(bytes).map_err(|_| ContractError::Invalid { field, expected: "16 bytes" })
}

/// The 16 bytes of a UUID.
pub(crate) fn uuid_bytes(uuid: Uuid) -> Bytes {
    Bytes::copy_from_slice(uuid.as_bytes())
}
