//! What the other tests put into the database and read back.

use chrono::{DateTime, Utc};
use domain::delivery::{DeliveryStatus, Facts, Failure};
use domain::scope::Scope;
use store::messages::{self, Job, Message, NewMessage};
use store::statuses::{News, Origin};
use store::{Client, GenericClient};
use test_support::Sender;

pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

pub(crate) async fn queued(client: &Client, sender: &Sender, now: DateTime<Utc>) -> Job {
    insert(client, sender.message(now), now).await
}

pub(crate) async fn insert(client: &Client, message: NewMessage, now: DateTime<Utc>) -> Job {
    let job = Job { message_id: message.message_id, tenant_id: message.tenant_id };
    let inserted = messages::insert(client, &[message], now).await.unwrap();
    assert!(inserted.contains(&job.message_id));
    job
}

pub(crate) async fn message(client: &impl GenericClient, job: Job) -> Message {
    messages::find(client, job.tenant_id, job.message_id).await.unwrap().unwrap()
}

pub(crate) async fn status(client: &Client, job: Job) -> DeliveryStatus {
    message(client, job).await.summary.status
}

pub(crate) fn origin(sender: &Sender) -> Origin {
    Origin {
        scope: Scope::Platform,
        waba_id: sender.waba_id.clone(),
        phone_number_id: sender.phone_number_id.clone(),
    }
}

pub(crate) fn news(sender: &Sender, job: Job, facts: Facts) -> News {
    News {
        message_id: job.message_id,
        origin: origin(sender),
        wamid: "wamid.A".parse().unwrap(),
        wa_id: Some("14155550101".into()),
        facts,
    }
}

pub(crate) fn sent(second: i64) -> Facts {
    Facts { sent_at: Some(at(second)), ..Facts::default() }
}

pub(crate) fn delivered(second: i64) -> Facts {
    Facts { delivered_at: Some(at(second)), ..Facts::default() }
}

pub(crate) fn read(second: i64) -> Facts {
    let instant = Some(at(second));
    Facts { opened_at: instant, delivered_at: instant, ..Facts::default() }
}

pub(crate) fn played(second: i64) -> Facts {
    Facts { played_at: Some(at(second)), ..Facts::default() }
}

pub(crate) fn failed(second: i64, code: i32, detail: &str) -> Facts {
    let failure = Failure { at: at(second), code, detail: detail.into() };
    Facts { failed: Some(failure), ..Facts::default() }
}

/// What the row says, in the words of the domain.
pub(crate) fn facts_of(message: &Message) -> Facts {
    let summary = &message.summary;
    let failed = summary.failed_at.map(|at| Failure {
        at,
        code: summary.error_code.unwrap(),
        detail: summary.delivery_error.clone().unwrap(),
    });
    Facts {
        accepted_at: summary.accepted_at,
        held_at: summary.held_at,
        sent_at: summary.sent_at,
        delivered_at: summary.delivered_at,
        opened_at: summary.opened_at,
        played_at: summary.played_at,
        failed,
    }
}
