//! Codes about the access token, the account and the number.

use super::Fault::{Account, Credential, Meta, Request};
use super::{Explanation, known};

pub(super) const UNKNOWN_NUMBER: Explanation = Explanation {
    cause: "Meta knows no such phone number id, or the access token cannot see it",
    remedy: "the number was deleted or the token cannot see it; check the phone number id",
    fault: Credential,
};

pub(super) const fn explain(code: i32) -> Option<Explanation> {
    match code {
        0 | 190 => known(
            Credential,
            "Session has expired: Meta takes the access token no more (it ran out, was revoked, or \
             the user who made it logged out or changed the password)",
            "the access token has expired or was revoked; store a new one, best that of a system \
             user with whatsapp_business_messaging and whatsapp_business_management, which does \
             not expire",
        ),
        104 => known(Credential, "no access token came with the call", "store an access token"),
        3 | 10 | 200..=299 | 131_005 => known(
            Credential,
            "the access token lacks a permission",
            "give the token's system user access to this WhatsApp account with the permission \
             whatsapp_business_messaging",
        ),
        33 => Some(UNKNOWN_NUMBER),
        100 => known(
            Request,
            "a field of the message is not one that Meta takes",
            "correct the message: Meta refuses it as it stands",
        ),
        1 | 2 => known(Meta, "Meta has trouble of its own", "look again later"),
        4 | 17 | 341 | 613 | 80_007 => known(
            Meta,
            "the app or account makes more calls than Meta allows",
            "wait; it goes out when the limit frees",
        ),
        368 | 131_031 => known(
            Account,
            "the account is locked",
            "Meta has restricted the account for a policy; see Account Quality",
        ),
        131_037 => known(
            Account,
            "Meta has not approved the number's display name",
            "the number's display name needs approval first",
        ),
        131_042 | 131_044 => known(
            Account,
            "the account cannot pay for the message",
            "set up or repair the payment method of the WhatsApp account",
        ),
        131_045 | 133_010 => known(
            Account,
            "the number is not registered for the Cloud API",
            "register the number for the Cloud API",
        ),
        131_048 => known(
            Account,
            "the number is limited because of complaints",
            "too many recipients blocked or reported the number; send less until it recovers",
        ),
        131_064 => known(
            Account,
            "the account is limited because templates were put into a wrong category",
            "wait until Meta lifts the limit, and correct the templates' categories",
        ),
        133_006 => known(Account, "the number is not verified", "verify the number first"),
        133_015 => known(
            Account,
            "the number was deleted a moment ago",
            "wait five minutes, then register the number again",
        ),
        134_011 => known(
            Account,
            "the terms of WhatsApp Payments are not accepted",
            "accept them in WhatsApp Manager",
        ),
        135_000 => known(
            Request,
            "Meta refuses the message without saying why",
            "compare the message with Meta's reference; if it is right, ask Meta's support",
        ),
        _ => None,
    }
}
