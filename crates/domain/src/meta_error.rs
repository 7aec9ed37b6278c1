//! Meta's codes for a message that was refused or failed, in words that say what to do.
//!
//! Source of codes and causes: <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/>
//! (page of September 2026); of the token's subcodes:
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling>. No word of Meta's own
//! answer goes in here, so what comes out may be shown and logged.

mod account;
mod message;
mod template;

/// Who has to act before the message can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The caller: the message, its template or its recipient is not one that Meta takes.
    Request,
    /// The owner of the access token: it is missing, expired, revoked, or sees too little.
    Credential,
    /// The owner of the account or number: Meta lets it send nothing for now.
    Account,
    /// Nobody but Meta: trouble or a limit that passes.
    Meta,
}

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, as a part of a sentence: small first letter, no full stop.
    pub cause: &'static str,
    /// What to do about it, in the same form.
    pub remedy: &'static str,
    /// Who has to do it.
    pub fault: Fault,
}

/// What `code` means for a message; `None` for a code without an entry.
pub const fn explain(code: i32) -> Option<Explanation> {
    match code {
        132_000..=132_999 | 131_063 | 134_101 => template::explain(code),
        0..=999
        | 80_007
        | 131_005
        | 131_031
        | 131_037
        | 131_042
        | 131_044
        | 131_045
        | 131_048
        | 131_064
        | 133_006..=134_100
        | 134_102..=136_999
        | 139_200 => account::explain(code),
        _ => message::explain(code),
    }
}

/// The explanation of a phone number id that Meta does not know or show: code 33, and what a send
/// that was answered 100 with subcode 33 means.
pub const UNKNOWN_NUMBER: Explanation = account::UNKNOWN_NUMBER;

const fn known(fault: Fault, cause: &'static str, remedy: &'static str) -> Option<Explanation> {
    Some(Explanation { cause, remedy, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_a_sender_meets_are_explained() {
        let met = [
            0, 10, 33, 100, 190, 200, 299, 368, 130_429, 130_472, 130_497, 131_000, 131_005,
            131_008, 131_009, 131_016, 131_021, 131_026, 131_030, 131_031, 131_037, 131_042,
            131_045, 131_047, 131_048, 131_049, 131_050, 131_051, 131_053, 131_056, 131_057,
            131_063, 132_000, 132_001, 132_005, 132_007, 132_012, 132_015, 132_016, 132_068,
            133_010, 135_000, 137_000,
        ];
        for code in met {
            let words = explain(code).unwrap_or_else(|| panic!("{code} is not explained"));
            for text in [words.cause, words.remedy] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{code}: {text}");
            }
        }
        assert_eq!(explain(999_999), None);
    }

    #[test]
    fn who_has_to_act_follows_from_the_code() {
        let fault = |code| explain(code).unwrap().fault;

        assert_eq!(fault(190), Fault::Credential);
        assert_eq!(fault(132_012), Fault::Request);
        assert_eq!(fault(131_030), Fault::Request);
        assert_eq!(fault(131_042), Fault::Account);
        assert_eq!(fault(131_000), Fault::Meta);
    }
}
