use domain::delivery::DeliveryStatus;
use domain::lane::WaitingReason;
use domain::meta_error::{Explanation, Fault, UNKNOWN_NUMBER, explain};
use store::messages::{Attempt, Message};

use super::answer::{Notified, sentence};

/// What a caller who has waited is answered: the HTTP status and the words. `blocked` says why the
/// connection may not send, where it may not.
pub(crate) fn verdict(message: &Message, blocked: Option<&str>) -> (u16, Notified) {
    let summary = &message.summary;
    let (status, words, error) = match summary.status {
        DeliveryStatus::Accepted | DeliveryStatus::Sent | DeliveryStatus::Delivered => {
            (200, "Meta has accepted the message.".to_owned(), None)
        }
        DeliveryStatus::Held => {
            let words =
                "Meta has accepted the message, and holds it while it assesses the template.";
            (200, words.to_owned(), None)
        }
        DeliveryStatus::Failed => failed(message),
        DeliveryStatus::Queued if summary.waiting_reason == Some(WaitingReason::Credential) => {
            refused(message.attempts.last(), blocked)
        }
        DeliveryStatus::Queued => (200, not_yet(summary.waiting_reason), None),
        DeliveryStatus::Sending => (200, not_yet(None), None),
        DeliveryStatus::Unknown => {
            let words = "The message was handed to Meta, whose answer was lost: it may have arrived. \
                         Do not send it again; what became of it is told under its messageId.";
            (200, words.to_owned(), None)
        }
        DeliveryStatus::Cancelled => {
            let words = "The message was cancelled. Send a new one, with another Idempotency-Key.";
            (400, words.to_owned(), Some("cancelled: Cancelled before it was sent".to_owned()))
        }
        DeliveryStatus::Expired => {
            let words = "The message could not be sent before its deadline. Send it again.";
            (500, words.to_owned(), Some("expired: Its deadline has passed".to_owned()))
        }
    };
    let answer = Notified {
        message: words,
        error,
        message_id: Some(summary.message_id),
        delivery_status: Some(summary.status),
    };
    (status, answer)
}

const SILENCE: &str = "Meta gave no reason";

type Words = (u16, String, Option<String>);

fn failed(message: &Message) -> Words {
    let code = message.summary.error_code.unwrap_or(0);
    // The words of the answer, if it was the answer that refused: without our own advice, which is
    // told anyway.
    let answer = message.attempts.last().filter(|attempt| attempt.error_code == Some(code));
    let answer = answer.and_then(|attempt| attempt.error.as_deref());
    let detail = answer.or(message.summary.delivery_error.as_deref()).unwrap_or(SILENCE);
    let error = Some(format!("meta-error {code}: {detail}"));
    match explain(code) {
        Some(known) if code != 0 => (http_status(known.fault), in_words(&known), error),
        _ if code == 0 => (500, sentence(detail), Some(format!("given-up: {detail}"))),
        _ => (400, sentence(&format!("Meta refuses the message: {detail}")), error),
    }
}

/// Meta takes nothing from this connection for now, and the message waits for that to change.
fn refused(last: Option<&Attempt>, blocked: Option<&str>) -> Words {
    const WAITS: &str = "The message waits and goes out when that is done: do not send it again.";
    let answered = last.and_then(|attempt| Some((attempt.error_code?, attempt)));
    let Some((code, attempt)) = answered else {
        let reason = blocked.unwrap_or("Meta refuses to send from this connection");
        let words = format!("{} {WAITS}", sentence(reason));
        return (401, words, Some(format!("blocked: {reason}")));
    };
    // With this code Meta blocks a connection only if it does not know the number.
    let known = if code == 100 { Some(UNKNOWN_NUMBER) } else { explain(code) };
    let detail = attempt.error.as_deref().unwrap_or(SILENCE);
    let error = Some(format!("meta-error {code}: {detail}"));
    match known {
        Some(known) => (http_status(known.fault), format!("{} {WAITS}", in_words(&known)), error),
        None => (500, format!("{} {WAITS}", sentence(blocked.unwrap_or(detail))), error),
    }
}

fn not_yet(reason: Option<WaitingReason>) -> String {
    let why = match reason {
        None => "The message is queued; Meta has not answered yet.",
        Some(WaitingReason::Throughput) => {
            "The message is queued: it waits for its number's turn within the messages per second."
        }
        Some(WaitingReason::Pair) => {
            "The message is queued: Meta takes no more to this person for a moment."
        }
        Some(WaitingReason::PortfolioBudget) => {
            "The message is queued: the messaging limit of the portfolio is used up for now."
        }
        Some(WaitingReason::ThrottledByMeta) => {
            "The message is queued: Meta slows the number down for now."
        }
        Some(WaitingReason::NumberPaused) => {
            "The message is queued: the number may not send for now, and WhatsApp Manager says why."
        }
        Some(WaitingReason::Credential | WaitingReason::Retry | WaitingReason::Scheduled) => {
            "The message is queued, and is tried again."
        }
    };
    format!("{why} What becomes of it is told under its messageId.")
}

const fn http_status(fault: Fault) -> u16 {
    match fault {
        Fault::Request => 400,
        Fault::Credential => 401,
        Fault::Account | Fault::Meta => 500,
    }
}

/// Cause and remedy, as two sentences.
fn in_words(known: &Explanation) -> String {
    format!("{} {}", capital(known.cause), capital(known.remedy))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    sentence(&format!("{}{}", first.unwrap_or_default(), letters.as_str()))
}
