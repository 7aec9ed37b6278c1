//! What a token says, and whether it counts now. Pure: the time is an argument.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::provider::Provider;
use crate::refused::Refused;

/// How far the provider's clock and ours may differ, in seconds.
const LEEWAY_S: f64 = 60.0;

/// The longest `sub` that a provider gives
/// (<https://openid.net/specs/openid-connect-core-1_0.html#IDToken>).
const LONGEST_SUBJECT: usize = 255;

/// Whom a token was given to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    /// Their id at the provider.
    pub subject: String,
    /// Their address, if the provider says that it has verified it.
    pub verified_email: Option<String>,
}

/// The claims that are read; times are seconds, with fractions allowed (RFC 7519, section 2).
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    email: Option<String>,
    email_verified: Option<Verified>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Some providers write the word.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Verified {
    Flag(bool),
    Word(String),
}

impl Claims {
    /// Whom the token was given to, if it counts for us now.
    ///
    /// # Errors
    /// `Issuer`, `Audience`, `Expired`, `NotYet`, `Subject`.
    pub(crate) fn person(self, provider: &Provider, now: DateTime<Utc>) -> Result<Person, Refused> {
        if self.iss.as_deref() != Some(provider.issuer.as_str()) {
            return Err(Refused::Issuer);
        }
        let is_ours = |audience: &String| provider.audiences.contains(audience);
        let is_for_us = match &self.aud {
            Some(Audience::One(audience)) => is_ours(audience),
            Some(Audience::Several(audiences)) => audiences.iter().any(is_ours),
            None => false,
        };
        if !is_for_us {
            return Err(Refused::Audience);
        }
        self.is_now(now)?;
        let fits = |subject: &String| (1..=LONGEST_SUBJECT).contains(&subject.len());
        let subject = self.sub.filter(fits).ok_or(Refused::Subject)?;
        let is_verified = match self.email_verified {
            Some(Verified::Flag(flag)) => flag,
            Some(Verified::Word(word)) => word == "true",
            None => false,
        };
        let verified_email = self.email.filter(|email| is_verified && !email.is_empty());
        Ok(Person { subject, verified_email })
    }

    /// A token without an end is none of ours: it could not be taken back.
    fn is_now(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of any near century are exact")]
        let now = now.timestamp_millis() as f64 / 1_000.0;
        let expires = self.exp.ok_or(Refused::Expired)?;
        if now >= expires + LEEWAY_S {
            return Err(Refused::Expired);
        }
        let begins = [self.nbf, self.iat].into_iter().flatten();
        let has_begun = |begin: f64| begin <= now + LEEWAY_S;
        if begins.into_iter().all(has_begun) { Ok(()) } else { Err(Refused::NotYet) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn judge(change: &Value) -> Result<Person, Refused> {
        let mut claims = json!({
            "iss": "https://id.example.com", "aud": "waypost", "sub": "ana",
            "exp": NOW + 300, "iat": NOW - 10,
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims: Claims = serde_json::from_value(claims).map_err(|_| Refused::Malformed)?;
        let audiences = vec!["waypost".to_owned(), "console".to_owned()];
        let provider = Provider::new("https://id.example.com".to_owned(), audiences, None);
        claims.person(&provider, DateTime::from_timestamp(NOW, 0).unwrap())
    }

    #[test]
    fn times_may_differ_by_a_minute_and_no_more() {
        for good in [
            json!({}),
            json!({"exp": NOW - 59}),
            json!({"exp": 1_790_000_000.5}),
            json!({"nbf": NOW + 60}),
            json!({"iat": NOW + 60}),
            json!({"iat": null}),
        ] {
            assert!(judge(&good).is_ok(), "{good}");
        }
        for (bad, why) in [
            (json!({"exp": NOW - 60}), Refused::Expired),
            (json!({"exp": null}), Refused::Expired),
            (json!({"nbf": NOW + 61}), Refused::NotYet),
            (json!({"iat": NOW + 61}), Refused::NotYet),
            (json!({"exp": "soon"}), Refused::Malformed),
        ] {
            assert_eq!(judge(&bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn issuer_audience_and_subject_must_be_there_and_right() {
        for (bad, why) in [
            (json!({"iss": null}), Refused::Issuer),
            (json!({"iss": "https://id.example.com/"}), Refused::Issuer),
            (json!({"aud": null}), Refused::Audience),
            (json!({"aud": "other"}), Refused::Audience),
            (json!({"aud": ["other", "Waypost"]}), Refused::Audience),
            (json!({"sub": null}), Refused::Subject),
            (json!({"sub": ""}), Refused::Subject),
            (json!({"sub": "x".repeat(256)}), Refused::Subject),
        ] {
            assert_eq!(judge(&bad), Err(why), "{bad}");
        }
        assert_eq!(judge(&json!({"aud": ["other", "console"]})).unwrap().subject, "ana");
    }

    #[test]
    fn only_a_verified_address_is_told() {
        let email = |verified: &Value| {
            judge(&json!({"email": "ana@example.com", "email_verified": verified}))
                .unwrap()
                .verified_email
        };

        assert_eq!(email(&json!(true)).as_deref(), Some("ana@example.com"));
        assert_eq!(email(&json!("true")).as_deref(), Some("ana@example.com"));
        for verified in [json!(false), json!("false"), Value::Null] {
            assert_eq!(email(&verified), None);
        }
    }
}
