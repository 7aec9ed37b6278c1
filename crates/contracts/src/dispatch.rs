//! The job in a lane.

use bytes::Bytes;
use domain::ids::{MessageId, TenantId};
use prost::Message;

use crate::error::{ContractError, uuid, uuid_bytes};
use crate::wire;

/// Messages of one tenant are waiting in their lane to be sent. Ids only: the row is the truth at
/// the moment of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchJob {
    /// The tenant that owns the messages.
    pub tenant_id: TenantId,
    /// The messages to send; one or more, up to [`LARGEST`](Self::LARGEST).
    pub message_ids: Vec<MessageId>,
}

impl DispatchJob {
    /// How many messages a publisher puts into one job. What the broker does for a job it does
    /// once for so many; and so few that workers share a backlog, and that one slow message keeps
    /// few others from being settled.
    pub const LARGEST: usize = 16;

    /// The protobuf bytes.
    pub fn encode(&self) -> Bytes {
        let job = wire::DispatchJob {
            tenant_id: uuid_bytes(self.tenant_id.as_uuid()),
            message_ids: self.message_ids.iter().map(|id| uuid_bytes(id.as_uuid())).collect(),
        };
        job.encode_to_vec().into()
    }

    /// Reads the protobuf bytes.
    pub fn decode(body: &[u8]) -> Result<Self, ContractError> {
        let job = wire::DispatchJob::decode(body)?;
        let tenant_id = TenantId::from_uuid(uuid("tenant_id", &job.tenant_id)?);
        if job.message_ids.is_empty() {
            return Err(ContractError::Missing { field: "message_ids" });
        }
        let message_id = |bytes: &Bytes| uuid("message_ids", bytes).map(MessageId::from_uuid);
        let message_ids = job.message_ids.iter().map(message_id).collect::<Result<_, _>>()?;
        Ok(Self { tenant_id, message_ids })
    }

    /// About how many messages a body is about, from its length alone.
    pub fn estimate(body: &[u8]) -> usize {
        // A tag, a length and 16 bytes for the tenant and for each message.
        (body.len() / 18).saturating_sub(1).max(1)
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
            message_ids: vec![MessageId::from_uuid(Uuid::from_u128(0x0102))],
        };

        // Also what the first version wrote, which knew one message only.
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
            message_ids: vec![MessageId::from_uuid(Uuid::from_u128(4))],
        };
        let later = [&job.encode()[..], b"\x7a\x02hi"].concat();

        assert_eq!(DispatchJob::decode(&later), Ok(job));
    }

    #[test]
    fn a_job_about_nothing_is_refused() {
        let job = DispatchJob { tenant_id: TenantId::from_uuid(Uuid::nil()), message_ids: vec![] };

        let error = DispatchJob::decode(&job.encode()).unwrap_err();

        assert_eq!(error.to_string(), "field message_ids is required");
    }

    proptest! {
        #[test]
        fn every_job_reads_back_as_itself_and_is_as_long_as_estimated(
            tenant: u128,
            messages in proptest::collection::vec(any::<u128>(), 1..40),
        ) {
            let message_id = |id: &u128| MessageId::from_uuid(Uuid::from_u128(*id));
            let job = DispatchJob {
                tenant_id: TenantId::from_uuid(Uuid::from_u128(tenant)),
                message_ids: messages.iter().map(message_id).collect(),
            };

            prop_assert_eq!(DispatchJob::estimate(&job.encode()), messages.len());
            prop_assert_eq!(DispatchJob::decode(&job.encode()), Ok(job));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let _ = DispatchJob::decode(&bytes);
        }
    }
}
