//! The identity provider of the people who call.

use identity::Provider;
use runtime::{ConfigError, Env};

const ISSUER: &str = "WAYPOST_OIDC_ISSUER";
const AUDIENCE: &str = "WAYPOST_OIDC_AUDIENCE";
const JWKS_URL: &str = "WAYPOST_OIDC_JWKS_URL";
const FIREBASE: &str = "WAYPOST_FIREBASE_PROJECT_ID";

/// Reads whose tokens are believed; `None`: nobody's, callers come with API keys alone.
///
/// * `WAYPOST_OIDC_ISSUER`: `iss` of the tokens, to the letter; needs `WAYPOST_OIDC_AUDIENCE`.
/// * `WAYPOST_OIDC_AUDIENCE`: what stands in their `aud`; several parted by commas.
/// * `WAYPOST_OIDC_JWKS_URL`: where the keys are; by default where the issuer's
///   `/.well-known/openid-configuration` says.
/// * `WAYPOST_FIREBASE_PROJECT_ID`: all three of them for Firebase ID tokens; alone.
/// * `WAYPOST_OIDC_KEYS_MAX_AGE_S`: for how many seconds keys are taken as they were, default 3600.
/// * `WAYPOST_OIDC_REFETCH_S`: seconds until another token with an unknown key makes us look for the
///   keys again, default 30.
///
/// # Errors
/// The variable that is wrong or missing.
pub fn provider(env: &Env) -> Result<Option<Provider>, ConfigError> {
    let Some(provider) = named(env)? else { return Ok(None) };
    Ok(Some(Provider {
        keys_max_age: env.seconds("WAYPOST_OIDC_KEYS_MAX_AGE_S", provider.keys_max_age)?,
        refetch_after: env.seconds("WAYPOST_OIDC_REFETCH_S", provider.refetch_after)?,
        ..provider
    }))
}

fn named(env: &Env) -> Result<Option<Provider>, ConfigError> {
    let (issuer, project) = (env.optional(ISSUER), env.optional(FIREBASE));
    match (issuer, project) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(ConfigError::must(FIREBASE, format!("left out, or {ISSUER} must be")))
        }
        (None, Some(project)) => {
            let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !project.chars().all(is_id) {
                return Err(ConfigError::must(FIREBASE, "the id of a Firebase project"));
            }
            Ok(Some(Provider::firebase(&project)))
        }
        (Some(_), None) => {
            // Compared to the letter, so it is taken to the letter, once it is known to be a URL.
            env.url(ISSUER, "")?;
            let audiences: Vec<String> = env.list(AUDIENCE)?;
            if audiences.is_empty() {
                let meaning = "for whom the tokens of WAYPOST_OIDC_ISSUER are made";
                return Err(ConfigError::missing(AUDIENCE).meaning(meaning));
            }
            let keys = env.optional(JWKS_URL).map(|_| env.url(JWKS_URL, "")).transpose()?;
            Ok(Some(Provider::new(env.required(ISSUER)?, audiences, keys)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Provider>, String> {
        provider(&Env::of(pairs.iter().copied())).map_err(|error| error.to_string())
    }

    #[test]
    fn without_variables_nobodys_tokens_are_believed() {
        assert!(read(&[]).unwrap().is_none());
    }

    #[test]
    fn a_firebase_project_is_one_setting() {
        let firebase = read(&[(FIREBASE, "shop-1")]).unwrap().unwrap();

        assert_eq!(firebase.issuer, "https://securetoken.google.com/shop-1");
        assert_eq!(firebase.audiences, ["shop-1"]);
        let keys = firebase.jwks_url.unwrap().to_string();
        assert!(keys.starts_with("https://www.googleapis.com/service_accounts/v1/jwk/"), "{keys}");
    }

    #[test]
    fn an_issuer_is_kept_to_the_letter_and_needs_an_audience() {
        let issuer = (ISSUER, "https://id.example.com");
        let read_one = read(&[issuer, (AUDIENCE, "a, b")]).unwrap().unwrap();

        assert_eq!(read_one.issuer, "https://id.example.com");
        assert_eq!((read_one.audiences.len(), read_one.jwks_url), (2, None));
        assert!(read(&[issuer]).unwrap_err().starts_with(AUDIENCE));
        assert!(read(&[(ISSUER, "id"), (AUDIENCE, "a")]).unwrap_err().starts_with(ISSUER));
        let wrong = [issuer, (AUDIENCE, "a"), (JWKS_URL, "keys")];
        assert!(read(&wrong).unwrap_err().starts_with(JWKS_URL));
        assert!(read(&[issuer, (FIREBASE, "shop-1")]).unwrap_err().starts_with(FIREBASE));
    }
}
