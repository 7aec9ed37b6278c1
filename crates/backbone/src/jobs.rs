//! Jobs on their way to the dispatcher: what every service has in common that tells it of messages.

use std::collections::HashMap;

use amqp::{Exchange, Outgoing};
use contracts::{DispatchJob, PROTOBUF};
use domain::ids::{MessageId, TenantId};
use domain::lane::Lane;
use store::messages::Due;

/// A job, ready to be published.
#[derive(Debug)]
pub struct PublishableJob {
    /// What to publish.
    pub outgoing: Outgoing,
    /// The messages it is about.
    pub message_ids: Vec<MessageId>,
}

/// The jobs of due messages: as few as their tenants, their lanes and [`DispatchJob::LARGEST`] allow,
/// each with its messages in the order given.
pub fn jobs(due: Vec<Due>) -> Vec<PublishableJob> {
    let mut jobs: Vec<(Lane, Option<String>, DispatchJob)> = Vec::new();
    // The last job of each tenant and lane, which may have room.
    let mut last: HashMap<(TenantId, Lane), usize> = HashMap::new();
    for Due { message_id, tenant_id, lane, traceparent } in due {
        let nth = last.get(&(tenant_id, lane)).copied();
        match nth.map(|nth| &mut jobs[nth].2.message_ids) {
            Some(ids) if ids.len() < DispatchJob::LARGEST => ids.push(message_id),
            _ => {
                last.insert((tenant_id, lane), jobs.len());
                let job = DispatchJob { tenant_id, message_ids: vec![message_id] };
                jobs.push((lane, traceparent, job));
            }
        }
    }
    jobs.into_iter().map(|(lane, traceparent, job)| publishable(lane, traceparent, job)).collect()
}

fn publishable(lane: Lane, traceparent: Option<String>, job: DispatchJob) -> PublishableJob {
    let outgoing = Outgoing {
        exchange: Exchange::Dispatch,
        routing_key: lane.as_str().to_owned(),
        // The first one names it, for whoever finds it parked; its trace is that one's too.
        message_id: job.message_ids[0].as_uuid(),
        content_type: PROTOBUF,
        traceparent,
        body: job.encode(),
    };
    PublishableJob { outgoing, message_ids: job.message_ids }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn due(tenant: u128, lane: Lane, message: u128) -> Due {
        Due {
            message_id: MessageId::from_uuid(Uuid::from_u128(message)),
            tenant_id: TenantId::from_uuid(Uuid::from_u128(tenant)),
            lane,
            traceparent: None,
        }
    }

    #[test]
    fn a_job_is_about_one_tenant_and_one_lane_and_no_more_than_the_largest() {
        let mixed = (0..100)
            .map(|nth| due(1 + nth % 2, if nth % 3 == 0 { Lane::Urgent } else { Lane::Bulk }, nth));

        let jobs = jobs(mixed.collect());

        let mut seen = Vec::new();
        for PublishableJob { outgoing, message_ids } in &jobs {
            let job = DispatchJob::decode(&outgoing.body).unwrap();
            assert_eq!(&job.message_ids, message_ids);
            assert!(message_ids.len() <= DispatchJob::LARGEST);
            assert!(message_ids.is_sorted());
            for id in message_ids {
                let nth = id.as_uuid().as_u128();
                assert_eq!(job.tenant_id.as_uuid().as_u128(), 1 + nth % 2);
                assert_eq!(outgoing.routing_key, if nth % 3 == 0 { "urgent" } else { "bulk" });
                seen.push(nth);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        // 17 urgent and 33 bulk of each tenant.
        assert_eq!(jobs.len(), 2 * (2 + 3));
    }
}
