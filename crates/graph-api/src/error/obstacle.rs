//! What keeps a management call from its answer, for whoever asks again.

use super::{ApiFailure, codes};

/// What keeps a management call from its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// No answer came, or none that can be read, or Meta has a fault of its own: nothing is known.
    Silence,
    /// The app or the account has made too many calls: ask less often.
    Throttled,
    /// Meta refuses the token itself.
    Token,
    /// The token does not reach this object: it is gone, or not granted.
    Reach,
    /// Anything else.
    Refused,
}

impl Obstacle {
    /// The word for a metric or a log field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Throttled => "throttled",
            Self::Token => "token",
            Self::Reach => "reach",
            Self::Refused => "refused",
        }
    }
}

/// What keeps a call with an access token from its answer.
pub fn obstacle(failure: &ApiFailure) -> Obstacle {
    let Some(code) = failure.code else {
        return match failure.http_status {
            Some(401) => Obstacle::Token,
            Some(429) => Obstacle::Throttled,
            None | Some(0..=299 | 500..) => Obstacle::Silence,
            Some(_) => Obstacle::Refused,
        };
    };
    let unknown_object = code == 100 && failure.subcode == Some(codes::UNKNOWN_OBJECT_SUBCODE);
    if codes::THROTTLED_APP.contains(&code) || codes::THROTTLED_WABA.contains(&code) {
        Obstacle::Throttled
    } else if codes::AMBIGUOUS.contains(&code) {
        Obstacle::Silence
    } else if matches!(code, 0 | 104 | 190) {
        Obstacle::Token
    } else if unknown_object
        || codes::CREDENTIAL.contains(&code)
        || codes::PERMISSION_RANGE.contains(&code)
    {
        Obstacle::Reach
    } else if failure.http_status == Some(401) {
        Obstacle::Token
    } else {
        Obstacle::Refused
    }
}

/// Why a call with an app's own credentials is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppRefusal {
    /// Meta knows no app with this id and secret.
    WrongSecret,
    /// The token that was asked about is another app's.
    OtherApp,
}

/// Why a call with an app's own credentials was refused; `None`: not because of them.
pub fn app_refusal(failure: &ApiFailure) -> Option<AppRefusal> {
    let wrong_secret = matches!(failure.code, Some(1 | 101 | 190))
        || (failure.code == Some(100) && failure.title.contains("secret"));
    let other_app = failure.code == Some(100) || failure.title.contains("did not match");
    match (wrong_secret, other_app) {
        (true, _) => Some(AppRefusal::WrongSecret),
        (false, true) => Some(AppRefusal::OtherApp),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_is_told_by_code_then_by_status() {
        for (status, code, subcode, expected) in [
            (None, None, None, Obstacle::Silence),
            (Some(200), None, None, Obstacle::Silence),
            (Some(502), None, None, Obstacle::Silence),
            (Some(500), Some(2), None, Obstacle::Silence),
            (Some(400), Some(80_007), None, Obstacle::Throttled),
            (Some(400), Some(80_008), None, Obstacle::Throttled),
            (Some(429), Some(4), None, Obstacle::Throttled),
            (Some(429), None, None, Obstacle::Throttled),
            (Some(401), Some(190), Some(463), Obstacle::Token),
            (Some(401), None, None, Obstacle::Token),
            (Some(400), Some(100), Some(33), Obstacle::Reach),
            (Some(403), Some(200), None, Obstacle::Reach),
            (Some(403), Some(10), None, Obstacle::Reach),
            (Some(400), Some(100), None, Obstacle::Refused),
            (Some(404), None, None, Obstacle::Refused),
        ] {
            let failure =
                ApiFailure { http_status: status, code, subcode, ..ApiFailure::default() };
            assert_eq!(obstacle(&failure), expected, "{status:?} {code:?} {subcode:?}");
        }
    }
}
