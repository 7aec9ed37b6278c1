//! From an answer to its class.

use super::{ApiFailure, Rejection, Throttle, codes};

/// What a send without a message id came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendClass {
    /// Provably not sent: it may be sent again when this has passed.
    NotSent(Throttle),
    /// Refused for good, as far as this request and its surroundings stay the same.
    Rejected(Rejection),
    /// Meta may or may not have sent it.
    Ambiguous,
}

/// Classifies an answer with `http_status` that carried no message id.
///
/// A code in a "provably not sent" list decides whatever the HTTP status, and so does a code of
/// [`codes::AMBIGUOUS`]. A 2xx may well have been sent, and so may any other 5xx, except for the
/// refusals that Meta documents with such a status. Then the code tells whose fault it is. What
/// remains goes by status: a 429 slows the number, a 401 without a code stops the credential, a 408
/// without a code says that the request did not come whole (RFC 9110, 15.5.9; servers also say it of
/// a connection that was idle, just as a request comes), any other 3xx or 4xx is a wrong request.
pub fn classify(http_status: u16, error: &ApiFailure) -> SendClass {
    if let Some(throttle) = error.code.and_then(throttle_of) {
        return SendClass::NotSent(throttle);
    }
    if is_open(http_status, error.code) {
        return SendClass::Ambiguous;
    }
    match rejection_of(error) {
        Some(rejection) => SendClass::Rejected(rejection),
        None if http_status == 429 => SendClass::NotSent(Throttle::Number),
        None if http_status == 401 && error.code.is_none() => {
            SendClass::Rejected(Rejection::Credential)
        }
        None if http_status == 408 && error.code.is_none() => SendClass::NotSent(Throttle::Connect),
        None => SendClass::Rejected(Rejection::Request),
    }
}

fn is_open(http_status: u16, code: Option<i32>) -> bool {
    let is_in = |list: &[i32]| code.is_some_and(|code| list.contains(&code));
    match http_status {
        300..=499 => is_in(codes::AMBIGUOUS),
        500.. => !is_in(codes::REFUSED_UNDER_5XX),
        0..=299 => true,
    }
}

fn throttle_of(code: i32) -> Option<Throttle> {
    [
        (codes::THROTTLED_NUMBER, Throttle::Number),
        (codes::THROTTLED_PAIR, Throttle::Pair),
        (codes::THROTTLED_WABA, Throttle::Waba),
        (codes::THROTTLED_APP, Throttle::App),
        (codes::MAINTENANCE, Throttle::Maintenance),
    ]
    .into_iter()
    .find_map(|(list, throttle)| list.contains(&code).then_some(throttle))
}

fn rejection_of(error: &ApiFailure) -> Option<Rejection> {
    let code = error.code?;
    let unknown_object = code == 100 && error.subcode == Some(codes::UNKNOWN_OBJECT_SUBCODE);
    if unknown_object
        || codes::CREDENTIAL.contains(&code)
        || codes::PERMISSION_RANGE.contains(&code)
    {
        Some(Rejection::Credential)
    } else if codes::ACCOUNT.contains(&code) {
        Some(Rejection::Account)
    } else if codes::TEMPLATE.contains(&code) || codes::TEMPLATE_RANGE.contains(&code) {
        Some(Rejection::Template)
    } else if codes::RECIPIENT.contains(&code) {
        Some(Rejection::Recipient)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::SendClass::{Ambiguous, NotSent, Rejected};
    use super::*;

    fn class(http_status: u16, code: impl Into<Option<i32>>) -> SendClass {
        classify(http_status, &ApiFailure { code: code.into(), ..ApiFailure::default() })
    }

    #[test]
    fn a_throttling_code_proves_that_nothing_was_sent_whatever_the_status() {
        for (code, throttle) in [
            (130_429, Throttle::Number),
            (131_056, Throttle::Pair),
            (80_007, Throttle::Waba),
            (4, Throttle::App),
            (17, Throttle::App),
            (341, Throttle::App),
            (613, Throttle::App),
            (131_057, Throttle::Maintenance),
        ] {
            for status in [200, 400, 429, 500, 503] {
                assert_eq!(class(status, code), NotSent(throttle), "{status} {code}");
            }
        }
    }

    #[test]
    fn trouble_of_metas_own_leaves_open_what_happened_whatever_the_status() {
        for code in [1, 2, 131_000, 131_016, 133_004] {
            for status in [200, 400, 429, 500, 503] {
                assert_eq!(class(status, code), Ambiguous, "{status} {code}");
            }
        }
    }

    #[test]
    fn a_code_tells_whose_fault_a_refusal_is() {
        let table: &[(Rejection, u16, &[i32])] = &[
            (Rejection::Credential, 401, &[0, 104, 190]),
            (Rejection::Credential, 403, &[10, 200, 250, 299, 131_005]),
            (Rejection::Credential, 400, &[3, 33]),
            (Rejection::Account, 403, &[368, 131_031]),
            (Rejection::Account, 400, &[131_037, 131_042, 131_048, 131_064, 133_010, 139_200]),
            (Rejection::Account, 429, &[131_048]),
            (Rejection::Template, 404, &[132_001]),
            (Rejection::Template, 400, &[132_000, 132_012, 132_015, 132_016, 132_068, 131_063]),
            (Rejection::Recipient, 400, &[131_026, 131_047, 131_049, 131_050, 130_472, 1_026]),
            (Rejection::Request, 400, &[100, 131_008, 131_009, 131_021, 131_030, 131_051, 135_000]),
            (Rejection::Request, 404, &[803]),
            (Rejection::Request, 400, &[300, 987_654, -5]),
        ];
        for (rejection, status, codes) in table {
            for code in *codes {
                assert_eq!(class(*status, *code), Rejected(*rejection), "{status} {code}");
            }
        }
    }

    #[test]
    fn a_refusal_that_meta_documents_under_500_is_a_refusal_and_any_other_5xx_is_open() {
        assert_eq!(class(500, 3), Rejected(Rejection::Credential));
        assert_eq!(class(500, 131_045), Rejected(Rejection::Account));
        assert_eq!(class(500, 134_102), Rejected(Rejection::Account));
        for code in [None, Some(131_026), Some(190), Some(100), Some(987_654)] {
            for status in [500, 502, 503, 504, 599] {
                assert_eq!(class(status, code), Ambiguous, "{status} {code:?}");
            }
        }
    }

    #[test]
    fn without_a_code_the_status_decides() {
        assert_eq!(class(200, None), Ambiguous);
        assert_eq!(class(204, None), Ambiguous);
        assert_eq!(class(302, None), Rejected(Rejection::Request));
        assert_eq!(class(400, None), Rejected(Rejection::Request));
        assert_eq!(class(401, None), Rejected(Rejection::Credential));
        assert_eq!(class(404, None), Rejected(Rejection::Request));
        assert_eq!(class(408, None), NotSent(Throttle::Connect));
        assert_eq!(class(429, None), NotSent(Throttle::Number));
    }

    #[test]
    fn a_phone_number_that_the_token_cannot_see_is_a_matter_of_the_credential() {
        let code = |subcode| ApiFailure { code: Some(100), subcode, ..ApiFailure::default() };

        assert_eq!(classify(400, &code(Some(33))), Rejected(Rejection::Credential));
        assert_eq!(classify(400, &code(Some(99))), Rejected(Rejection::Request));
    }

    #[test]
    fn no_code_is_in_two_lists() {
        let lists = [
            codes::THROTTLED_NUMBER,
            codes::THROTTLED_PAIR,
            codes::THROTTLED_WABA,
            codes::THROTTLED_APP,
            codes::MAINTENANCE,
            codes::AMBIGUOUS,
            codes::CREDENTIAL,
            codes::ACCOUNT,
            codes::TEMPLATE,
            codes::RECIPIENT,
        ];
        let mut all: Vec<i32> = lists.concat();
        all.sort_unstable();
        let count = all.len();
        all.dedup();

        assert_eq!(all.len(), count);
    }
}
