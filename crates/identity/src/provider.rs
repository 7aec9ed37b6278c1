use std::time::Duration;

use url::Url;

/// Whose tokens are believed.
#[derive(Clone, Debug)]
pub struct Provider {
    /// `iss` of its tokens, to the letter.
    pub issuer: String,
    /// For whom a token must be made: one of these stands in its `aud`.
    pub audiences: Vec<String>,
    /// Where its keys are; `None`: where `{issuer}/.well-known/openid-configuration` says.
    pub jwks_url: Option<Url>,
    /// For how long keys are taken as they were.
    pub keys_max_age: Duration,
    /// How long it takes before another token with an unknown key asks for the keys anew, or keys
    /// that did not come are asked for again.
    pub refetch_after: Duration,
}

impl Provider {
    /// Where the keys of Firebase's ID tokens are
    /// (<https://firebase.google.com/docs/auth/admin/verify-id-tokens>).
    const FIREBASE_KEYS: &str =
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

    /// With keys that are looked at every hour, and at most every 30 seconds.
    pub fn new(issuer: String, audiences: Vec<String>, jwks_url: Option<Url>) -> Self {
        Self {
            issuer,
            audiences,
            jwks_url,
            keys_max_age: Duration::from_secs(3_600),
            refetch_after: Duration::from_secs(30),
        }
    }

    /// Firebase Authentication of a project.
    ///
    /// # Panics
    /// Never: the address is a constant.
    pub fn firebase(project: &str) -> Self {
        let keys = Url::parse(Self::FIREBASE_KEYS).expect("the address is a URL");
        let issuer = format!("https://securetoken.google.com/{project}");
        Self::new(issuer, vec![project.to_owned()], Some(keys))
    }
}
