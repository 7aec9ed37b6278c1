//! The job in a lane.

use bytes::Bytes;
use domain::ids::{MessageId, TenantId};
use prost::Message;

use crate::error::{ContractError, uuid, uuid_bytes};
use crate::wire;

/// One message is waiting in its lane to be sent. Ids only: the row is the truth at the moment of
/// sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchJob {
    /// The tenant that owns the message.
    pub tenant_id: TenantId,
    /// The message to send.
    pub message_id: MessageId,
}

impl DispatchJob {
    /// The protobuf bytes.
    pub fn encode(&self) -> Bytes {
        let job = wire::DispatchJob {
            tenant_id: uuid_bytes(self.tenant_id.as_uuid()),
            message_id: uuid_bytes(self.message_id.as_uuid()),
        };
        job.encode_to_vec().into()
    }

    /// Reads the protobuf bytes.
    pub fn decode(body: &[u8]) -> Result<Self, ContractError> {
        let job = wire::DispatchJob::decode(body)?;
        Ok(Self {
            tenant_id: TenantId::from_uuid(uuid("tenant_id", &job.tenant_id)?),
            message_id: MessageId::from_uuid(uuid("message_id", &job.message_id)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_bytes_of_a_job_never_change() {
        let job = DispatchJob {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(1)),
            message_id: MessageId::from_uuid(Uuid::from_u128(0x0102)),
        };

        let golden = b"\x0a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\
                       \x12\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02";
        assert_eq!(&job.encode()[..], golden);
        assert_eq!(DispatchJob::decode(golden), Ok(job));
    }

    #[test]
    fn an_id_of_another_length_is_refused_by_name() {
        let error = DispatchJob::decode(b"\x0a\x01\x07").unwrap_err();

        assert_eq!(error.to_string(), "field tenant_id must be 16 bytes");
    }

    #[test]
    fn a_field_from_a_later_version_is_ignored() {
        let job = DispatchJob {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(3)),
            message_id: MessageId::from_uuid(Uuid::from_u128(4)),
        };
        let later = [&job.encode()[..], b"\x7a\x02hi"].concat();

        assert_eq!(DispatchJob::decode(&later), Ok(job));
    }

    proptest! {
        #[test]
        fn every_job_reads_back_as_itself(tenant: u128, message: u128) {
            let job = DispatchJob {
                tenant_id: TenantId::from_uuid(Uuid::from_u128(tenant)),
                message_id: MessageId::from_uuid(Uuid::from_u128(message)),
            };

            prop_assert_eq!(DispatchJob::decode(&job.encode()), Ok(job));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let _ = DispatchJob::decode(&bytes);
        }
    }
}
