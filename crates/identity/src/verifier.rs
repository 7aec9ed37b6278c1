use std::convert::Infallible;
use std::fmt;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{AlgorithmFamily, Header, Validation, decode, decode_header};
use reqwest::Client;

use crate::claims::{Claims, Person};
use crate::keeper::Keeper;
use crate::provider::Provider;
use crate::refused::Refused;
use crate::{fetch, with_ring};

/// Longer than any token that fits into a header.
const LONGEST_TOKEN: usize = 8 * 1024;

/// No client can be made to fetch keys with.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for the identity provider cannot be set up")]
pub struct Unusable(#[source] reqwest::Error);

/// Tells who holds a token of one provider.
pub struct Verifier {
    provider: Provider,
    keeper: Keeper,
    client: Client,
}

impl Verifier {
    /// Fetches nothing yet.
    ///
    /// # Errors
    /// When the machine's root certificates cannot be read.
    pub fn new(provider: Provider) -> Result<Self, Unusable> {
        with_ring::install();
        let client = fetch::client().map_err(Unusable)?;
        Ok(Self { keeper: Keeper::new(&provider), provider, client })
    }

    /// Keeps the keys for as long as it is polled; without it there are none.
    pub async fn run(&self) -> Infallible {
        self.keeper.run(&self.client, &self.provider).await
    }

    /// `iss` of the provider's tokens.
    pub fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    /// Whom the provider gave a token to, if it counts for us now.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Person, Refused> {
        let header = header(token)?;
        let keys = self.keeper.keys_for(&header).await?;
        let key = keys.find(&header)?;
        // Of the library only the signature is asked; the claims are judged at our own time.
        let mut validation = Validation::new(header.alg);
        validation.algorithms = vec![header.alg];
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let read = decode::<Claims>(token, &key.decoding, &validation);
        let claims = read.map_err(|error| reason(error.kind()))?.claims;
        claims.person(&self.provider, now)
    }
}

/// What can be known of a token before any key.
fn header(token: &str) -> Result<Header, Refused> {
    if token.len() > LONGEST_TOKEN {
        return Err(Refused::TooLong);
    }
    let header = decode_header(token).map_err(|_| Refused::Malformed)?;
    if AlgorithmFamily::Hmac.algorithms().contains(&header.alg) {
        return Err(Refused::Algorithm);
    }
    // What must be understood, and is not (RFC 7515, section 4.1.11).
    if header.crit.is_some() { Err(Refused::Malformed) } else { Ok(header) }
}

fn reason(kind: &ErrorKind) -> Refused {
    match kind {
        ErrorKind::InvalidSignature => Refused::Signature,
        ErrorKind::InvalidAlgorithm => Refused::Algorithm,
        _ => Refused::Malformed,
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("provider", &self.provider).finish_non_exhaustive()
    }
}
