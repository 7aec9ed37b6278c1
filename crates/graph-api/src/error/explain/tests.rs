//! Every cause and remedy that is promised, word for word.

use super::*;

fn failure(status: u16, code: i32, subcode: Option<i32>, title: &str) -> ApiFailure {
    ApiFailure {
        http_status: Some(status),
        code: Some(code),
        subcode,
        title: title.to_owned(),
        detail: title.to_owned(),
        ..ApiFailure::default()
    }
}

#[test]
fn each_known_error_is_explained_in_its_words() {
    let expired =
        "Token expired — you used a temporary 24-hour token. Generate a system-user token.";
    let revoked = "Access token revoked or permissions missing. Regenerate.";
    let table: &[(u16, i32, Option<i32>, &str, &str)] = &[
        (401, 190, Some(463), "Session has expired on Friday", expired),
        (401, 190, None, "Session has expired", expired),
        (401, 190, None, "", expired),
        (401, 190, Some(467), "", revoked),
        (401, 0, None, "AuthException", revoked),
        (401, 987_654, None, "?", revoked),
        (
            400,
            190,
            Some(467),
            "The session is invalid because the user logged out.",
            "The session is invalid because the user logged out. ",
        ),
        (401, 190, Some(460), "", "The token ended because its user changed the password"),
        (401, 190, Some(458), "", "The app was removed"),
        (
            401,
            190,
            None,
            "Invalid OAuth access token - Cannot parse access token",
            "Meta cannot read the access token",
        ),
        (403, 10, None, "", "The access token lacks a permission"),
        (403, 200, None, "", "The access token lacks a permission"),
        (403, 299, None, "", "The access token lacks a permission"),
        (
            400,
            100,
            Some(33),
            "Unsupported post request. Object with ID '200' does not exist, cannot be loaded",
            "Unsupported post request. Object with ID '200' does not exist. The id is wrong",
        ),
        (400, 100, Some(33), "", "Unsupported post request. Object with ID '…' does not exist. "),
        (400, 100, Some(36_007), "", "The sign-up code has expired."),
        (400, 100, Some(36_009), "", "The sign-up code has been used before."),
        (
            400,
            1,
            None,
            "Error validating client secret.",
            "The App Secret does not belong to the app. The App Secret is neither",
        ),
        (
            400,
            100,
            None,
            "API calls from the server require an appsecret_proof argument",
            "The access token is missing, or the app demands a proof",
        ),
        (400, 2_200, None, "", "Meta could not verify the callback address."),
        (401, 104, None, "", "The access token is missing, or the app demands a proof"),
        (400, 133_005, None, "", "The PIN is not the one of this number."),
        (400, 133_015, None, "", "The number was deleted a moment ago. Wait five minutes"),
        (
            400,
            133_016,
            None,
            "",
            "The number was registered and deregistered too often. Wait 72 hours",
        ),
        (400, 80_007, None, "", "Too many calls in the last hour."),
        (400, 4, None, "", "Too many calls in the last hour."),
        (500, 3, None, "", "The app lacks the capability"),
        (403, 368, None, "", "Meta has blocked the account for a while"),
        (403, 131_031, None, "", "Meta has locked the account"),
        (
            400,
            987_654,
            None,
            "(#987654) New thing",
            "Meta answered with code 987654: (#987654) New thing. Look the code up",
        ),
        (
            400,
            131_042,
            None,
            "Payment issue",
            "Meta answered with code 131042: Payment issue. Set up or repair the payment method",
        ),
    ];
    for (status, code, subcode, title, expected) in table {
        let told = explain(&failure(*status, *code, *subcode, title)).to_string();
        assert!(told.starts_with(expected), "{code} {subcode:?} {title}: {told}");
    }
}

#[test]
fn no_answer_and_an_answer_without_a_code_are_explained_too() {
    let silent = ApiFailure::local("no connection", "tcp connect error");
    let bare = |status| ApiFailure {
        http_status: Some(status),
        ..ApiFailure::local("unreadable answer", "")
    };

    assert_eq!(explain(&silent).cause, "Meta did not answer.");
    assert_eq!(
        explain(&bare(401)).to_string(),
        "Access token revoked or permissions missing. Regenerate."
    );
    assert_eq!(explain(&bare(502)).cause, "Meta answered with status 502: unreadable answer.");
}
