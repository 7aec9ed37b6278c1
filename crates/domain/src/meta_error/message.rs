//! Codes about the message itself and its recipient.

use super::Fault::{Meta, Request};
use super::{Explanation, known};

pub(super) const fn explain(code: i32) -> Option<Explanation> {
    match code {
        131_008 => {
            known(Request, "a required field is missing", "add the field that Meta's words name")
        }
        131_009 => known(
            Request,
            "a field has a value that Meta does not take",
            "correct the field that Meta's words name",
        ),
        131_051 => known(Request, "Meta does not send this type of message", "send another type"),
        131_052 | 131_053 => known(
            Request,
            "Meta could not get the image, video or file",
            "Meta could not take the media; check its link, type and size",
        ),
        131_021 => known(Request, "the recipient is the sender", "a number cannot send to itself"),
        131_030 => known(
            Request,
            "the recipient is not in the list of allowed numbers: the app is in development mode, or \
             sends from a test number",
            "a test number reaches only the recipients listed for it; add this one",
        ),
        131_026 => known(
            Request,
            "the message cannot be delivered",
            "undeliverable: the recipient may lack WhatsApp, a recent version of it, or consent to \
             its terms",
        ),
        1_026 => known(
            Request,
            "the recipient's app cannot show this type of message",
            "send another type",
        ),
        131_047 => known(
            Request,
            "more than 24 hours have passed since the person last wrote",
            "the 24 hour window is closed: send a template, or wait for the person to write",
        ),
        131_049 => known(
            Request,
            "Meta holds marketing back from this person for now",
            "the recipient gets enough marketing for now; wait a day or longer",
        ),
        131_050 => known(
            Request,
            "the recipient wants no marketing from this business",
            "the recipient has stopped marketing messages; respect it",
        ),
        130_403 => {
            known(Request, "the business has blocked this recipient", "unblock the recipient first")
        }
        130_472 => known(
            Request,
            "Meta does not deliver to this recipient",
            "the recipient is in an experiment of Meta's; do not send this message again",
        ),
        130_497 => known(
            Request,
            "the recipient's country is closed to this business",
            "the business category may not be messaged in the recipient's country",
        ),
        131_062 => known(
            Request,
            "this message cannot go to a business-scoped user id",
            "send it to a phone number",
        ),
        137_000 => known(
            Request,
            "the recipient is not the same person any more",
            "the recipient's identity has changed; verify it, then send without the hash",
        ),
        130_429 => known(
            Meta,
            "the number sends more than Meta allows it in a second",
            "wait; it goes out when the limit frees",
        ),
        131_056 => known(
            Meta,
            "too many messages to one person in a short time",
            "wait; it goes out when the limit frees",
        ),
        131_057 => known(
            Meta,
            "Meta is moving the number to another throughput",
            "wait a minute; it goes out afterwards",
        ),
        131_000 | 131_016 | 133_004 => {
            known(Meta, "Meta has trouble of its own", "look again later")
        }
        _ => None,
    }
}
