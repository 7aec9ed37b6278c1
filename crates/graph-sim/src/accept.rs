//! From the bytes of a request to what becomes of it: authorised, checked, struck, judged, recorded, planned.

use std::sync::Arc;

use chrono::SubsecRound;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::accounts::Need;
use crate::dice::key;
use crate::errors::GraphError;
use crate::faults::Target;
use crate::limits::{Applicant, Verdict, judge};
use crate::outbox::Queued;
use crate::phone;
use crate::record::SendRecord;
use crate::scenario::FaultKind;
use crate::statuses::{Plan, Subject, plan};
use crate::sync::lock;
use crate::update::{Sent, Update};
use crate::validate::{Checked, Command, To, check};
use crate::wamid::Direction;
use crate::world::{Number, Standing, World};

/// A request that has been read whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    /// The number of its path.
    pub(crate) phone_number_id: &'a str,
    /// Its bearer token.
    pub(crate) token: Option<&'a str>,
    /// Its body.
    pub(crate) body: &'a [u8],
    /// When it had been read, in microseconds of the simulator's clock.
    pub(crate) now_us: u64,
    /// The fault that was decided when only its head had been read.
    pub(crate) early: Option<&'a FaultKind>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// One of Meta's errors.
    Refused(GraphError),
    /// A fault before acceptance.
    Struck(FaultKind),
    /// A read receipt was taken.
    MarkedRead,
    /// A message was accepted.
    Accepted {
        /// What the answer says, if one is given.
        answer: Value,
        /// A fault after acceptance.
        fault: Option<FaultKind>,
        /// Told when the first status has been posted, where that comes before the answer.
        posted: Option<oneshot::Receiver<()>>,
    },
}

/// Decides a request for `/messages`, and notes everything that follows from it.
pub(crate) fn receive(world: &World, standing: &Standing, arrival: Arrival<'_>) -> Outcome {
    let checked = authorise(world, standing, arrival)
        .and_then(|number| Ok((check(arrival.body, &number.spec, &standing.scenario)?, number)));
    match checked {
        Err(error) => refuse(world, error),
        Ok((Command::MarkRead { message_id }, _)) => mark_read(world, standing, &message_id),
        Ok((Command::Send(message), number)) => send(world, standing, arrival, &number, &message),
    }
}

/// The number of the path, if the token may use it and it may send. Errors beside those of the token: 133010 for a
/// number that is not registered, 131031 for one that Meta has stopped.
fn authorise(
    world: &World,
    standing: &Standing,
    arrival: Arrival<'_>,
) -> Result<Arc<Number>, GraphError> {
    let Arrival { phone_number_id, token, now_us, .. } = arrival;
    let (number, _) =
        world.access_to_number(standing, token, phone_number_id, Need::Messaging, now_us)?;
    world.accounts.may_send(phone_number_id)?;
    Ok(number)
}

fn refuse(world: &World, error: GraphError) -> Outcome {
    world.counters.refuse(error.code);
    Outcome::Refused(error)
}

/// An open scenario takes any id that looks like Meta's; else a person must have sent that message.
fn mark_read(world: &World, standing: &Standing, message_id: &str) -> Outcome {
    let plausible = standing.scenario.open && message_id.starts_with("wamid.");
    if plausible || world.knows_inbound(message_id) {
        world.counters.marked_read.one();
        return Outcome::MarkedRead;
    }
    refuse(world, GraphError::invalid("Message ID is invalid"))
}

/// A message with everything that was worked out about it.
struct Draft<'a> {
    number: &'a Number,
    message: &'a Checked,
    wa_id: Option<String>,
    /// Counts messages without an opaque id to this person.
    row: u64,
    person: u64,
    plan: Plan,
    now_us: u64,
}

fn send(
    world: &World,
    standing: &Standing,
    arrival: Arrival<'_>,
    number: &Number,
    message: &Checked,
) -> Outcome {
    let draft = draft(world, standing, number, message, arrival.now_us);
    let target = Target {
        phone_number_id: arrival.phone_number_id,
        recipient: Some(message.to.as_str()),
        key: fate_key(world, &draft),
        now_us: arrival.now_us,
    };
    let applicant = Applicant {
        number: &number.spec,
        person: draft.person,
        template: message.kind == "template",
        delivered: draft.plan.is_delivered(),
        now_us: arrival.now_us,
    };
    let mut fault = None;
    let verdict =
        judge(&standing.scenario.limits, &number.meters, &world.portfolios, applicant, || {
            let late = || world.faults.strike_late(standing.seed, target);
            fault = arrival.early.cloned().or_else(late);
            fault.as_ref().is_none_or(FaultKind::accepts)
        });
    if let Some(struck) = fault.take_if(|fault| !fault.accepts()) {
        world.counters.refuse(struck_code(&struck));
        return Outcome::Struck(struck);
    }
    match verdict {
        Verdict::Go => accept(world, standing, draft, fault),
        Verdict::Overlook(limit) => {
            world.counters.violate(limit.as_str());
            accept(world, standing, draft, fault)
        }
        Verdict::FailLater(limit, code) => {
            world.counters.violate(limit.as_str());
            let after_ms = standing.scenario.fates.sent_after_ms.pick(0.5);
            accept(world, standing, Draft { plan: Plan::failing(code, after_ms), ..draft }, fault)
        }
        Verdict::Refuse(limit, code) => {
            world.counters.violate(limit.as_str());
            refuse(world, throttled(code, standing.scenario.limits.http_status))
        }
    }
}

fn draft<'a>(
    world: &World,
    standing: &Standing,
    number: &'a Number,
    message: &'a Checked,
    now_us: u64,
) -> Draft<'a> {
    let wa_id = match &message.to {
        To::Phone(digits) if standing.scenario.rewrite_wa_ids => Some(phone::wa_id(digits)),
        To::Phone(digits) => Some(digits.clone()),
        To::User(_) => None,
    };
    let person = key(&[wa_id.as_deref().unwrap_or(message.to.as_str())]);
    let row = key(&[&number.spec.phone_number_id, message.to.as_str()]);
    let mut draft = Draft { number, message, wa_id, row, person, plan: Plan::default(), now_us };
    let subject = Subject {
        key: fate_key(world, &draft),
        template: message.kind == "template",
        reaction: message.kind == "reaction",
        voice: message.voice,
    };
    let fates = standing.scenario.fates_for(
        &number.spec.phone_number_id,
        message.to.as_str(),
        message.kind,
    );
    draft.plan = plan(fates, standing.seed, subject);
    draft
}

/// The key of a message's dice: its number and opaque id; without one, its number, its recipient and how many such
/// messages were accepted for that recipient before.
fn fate_key(world: &World, draft: &Draft<'_>) -> u64 {
    let number = &draft.number.spec.phone_number_id;
    match &draft.message.opaque {
        Some(opaque) => key(&["opaque", number, opaque]),
        None => {
            let before = lock(&world.nameless).get(&draft.row).copied().unwrap_or(0);
            key(&["person", number, draft.message.to.as_str(), &before.to_string()])
        }
    }
}

/// Records the message, plans its statuses, and makes the answer.
fn accept(
    world: &World,
    standing: &Standing,
    draft: Draft<'_>,
    fault: Option<FaultKind>,
) -> Outcome {
    let Draft { number, message, wa_id, row, person, plan, now_us } = draft;
    let wamid = world.mint.next(wa_id.as_deref().unwrap_or_default(), Direction::Outbound);
    let answer = answer(message, wa_id.as_deref(), &wamid, plan.held);
    if message.opaque.is_none() {
        *lock(&world.nameless).entry(row).or_default() += 1;
    }
    world.counters.accepted.one();
    let record = SendRecord {
        sequence: 0,
        received_at: world.time_of_day(now_us).trunc_subsecs(6),
        phone_number_id: number.spec.phone_number_id.as_str().into(),
        recipient: message.to.as_str().into(),
        opaque: message.opaque.as_deref().map(Into::into),
        wamid: wamid.as_str().into(),
        kind: message.kind,
    };
    lock(&world.records).add(standing.scenario.keep_sends, record);
    let sent = Sent {
        number: Arc::clone(&number.spec),
        wamid: wamid.into(),
        user_id: user_id(message, number.spec.portfolio()).into(),
        wa_id: wa_id.map(Into::into),
        opaque: message.opaque.as_deref().map(Into::into),
        category: message.category,
        in_window: number.meters.window_is_open(person, now_us),
    };
    let posted = schedule(world, standing, sent, &plan, now_us);
    Outcome::Accepted { answer, fault, posted }
}

/// Puts the planned statuses into the outbox. Those that wait are gathered: due at the next full `gather_ms`.
fn schedule(
    world: &World,
    standing: &Standing,
    sent: Sent,
    plan: &Plan,
    now_us: u64,
) -> Option<oneshot::Receiver<()>> {
    let sent = Arc::new(sent);
    let gather_us = (standing.scenario.webhooks.gather_ms * 1_000).max(1);
    let waits = plan.before_answer && standing.calls_back() && !world.outbox.is_paused();
    let (sender, receiver) = oneshot::channel();
    let mut sender = Some(sender).filter(|_| waits);
    let queued = plan.statuses.iter().map(|planned| {
        let update = Update::Status {
            sent: Arc::clone(&sent),
            status: planned.status,
            at: world.time_of_day(now_us + planned.at_ms * 1_000).timestamp(),
            priced: planned.priced,
        };
        let posted = sender.take();
        let due_us = now_us + planned.due_ms * 1_000;
        let due_us = if posted.is_some() { due_us } else { due_us.next_multiple_of(gather_us) };
        (due_us, Queued { update, posted })
    });
    world.outbox.add(queued.collect::<Vec<_>>());
    (waits && !plan.statuses.is_empty()).then_some(receiver)
}

/// Meta's success: the message was accepted for processing, nothing more.
fn answer(message: &Checked, wa_id: Option<&str>, wamid: &str, held: bool) -> Value {
    let contact = match wa_id {
        Some(wa_id) => json!({ "input": message.input, "wa_id": wa_id }),
        None => json!({ "input": message.input, "user_id": message.to.as_str() }),
    };
    let mut sent = json!({ "id": wamid });
    if message.kind == "template" {
        sent["message_status"] =
            json!(if held { "held_for_quality_assessment" } else { "accepted" });
    }
    json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [sent] })
}

/// The person's business-scoped id: the one that was addressed, or one that belongs to number and portfolio for good.
pub(crate) fn user_id(message: &Checked, portfolio: &str) -> String {
    match &message.to {
        To::User(id) => id.clone(),
        To::Phone(digits) => user_id_of(digits, portfolio),
    }
}

/// The business-scoped id of the person with these digits.
pub(crate) fn user_id_of(digits: &str, portfolio: &str) -> String {
    format!("{}.{:016X}", phone::country(digits), key(&[portfolio, digits]))
}

fn throttled(code: i32, http_status: u16) -> GraphError {
    let details = match code {
        130_429 => {
            "Message failed to send because there were too many messages sent from this phone number in a short period of time"
        }
        131_056 => {
            "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."
        }
        131_057 => "Business Account is in maintenance mode",
        _ => return GraphError::of(code),
    };
    let error = GraphError::with(code, details);
    if code == 131_057 { error } else { error.answered(http_status) }
}

/// The number under which a struck request is counted.
fn struck_code(fault: &FaultKind) -> i32 {
    match fault {
        FaultKind::Error { code } => *code,
        FaultKind::TooManyRequests => 429,
        FaultKind::ServerError { status } => i32::from(*status),
        FaultKind::None
        | FaultKind::DropAfterAccept
        | FaultKind::ErrorAfterAccept { .. }
        | FaultKind::Slow { .. }
        | FaultKind::Garbage
        | FaultKind::ResetBeforeReading => 0,
    }
}
