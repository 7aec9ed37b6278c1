//! An identity provider: keys that it publishes over HTTP, and tokens that it signs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use ring::{hmac, rsa};
use serde_json::{Value, json};
use test_support::eventually;
use tokio::task::JoinSet;

use crate::world::World;

/// Made for these tests, and for nothing else.
const RSA: &[u8] = include_bytes!("rsa-of-tests.pkcs8");

pub(crate) const AUDIENCE: &str = "waypost-tests";

/// A key that signs.
pub(crate) enum Signer {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    /// A shared secret, as an attacker would use one.
    Shared(Vec<u8>),
    /// Not signed at all.
    Nobody,
}

impl Signer {
    pub(crate) fn ec() -> Self {
        let (algorithm, random) =
            (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(RSA).unwrap())
    }

    /// As the key is published.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..65]));
                json!({"kty": "EC", "kid": id, "crv": "P-256", "x": x, "y": y, "use": "sig"})
            }
            Self::Rsa(key) => {
                let parts = rsa::PublicKeyComponents::<Vec<u8>>::from(key.public_key());
                let (n, e) = (BASE64.encode(parts.n), BASE64.encode(parts.e));
                json!({"kty": "RSA", "kid": id, "n": n, "e": e, "alg": "RS256", "use": "sig"})
            }
            Self::Shared(_) | Self::Nobody => panic!("not published"),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES256",
            Self::Rsa(_) => "RS256",
            Self::Shared(_) => "HS256",
            Self::Nobody => "none",
        }
    }

    pub(crate) fn token(&self, id: &str, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "typ": "JWT", "kid": id});
        let part = |value: &Value| BASE64.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let (bytes, random) = (message.as_bytes(), SystemRandom::new());
        let signature = match self {
            Self::Ec(key) => key.sign(&random, bytes).unwrap().as_ref().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&signature::RSA_PKCS1_SHA256, &random, bytes, &mut signature).unwrap();
                signature
            }
            Self::Shared(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, bytes).as_ref().to_vec()
            }
            Self::Nobody => Vec::new(),
        };
        format!("{message}.{}", BASE64.encode(signature))
    }
}

#[derive(Default)]
struct Published {
    issuer: Mutex<String>,
    keys: Mutex<Vec<Value>>,
    is_away: AtomicBool,
    asked: AtomicUsize,
}

/// The provider at work; it ends with the test.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) signer: Signer,
    published: Arc<Published>,
    _running: JoinSet<std::io::Result<()>>,
}

impl Provider {
    /// Publishes one key, `first`.
    pub(crate) async fn new() -> Self {
        let published = Arc::new(Published::default());
        let data = Data::from(Arc::clone(&published));
        let app = move || App::new().app_data(data.clone()).default_service(web::to(answer));
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", server.addrs()[0]);
        let mut running = JoinSet::new();
        running.spawn(server.run());
        issuer.clone_into(&mut published.issuer.lock().unwrap());
        let provider = Self { issuer, signer: Signer::ec(), published, _running: running };
        provider.publish(&[("first", &provider.signer)]);
        provider
    }

    pub(crate) fn publish(&self, keys: &[(&str, &Signer)]) {
        let keys = keys.iter().map(|(id, signer)| signer.jwk(id));
        *self.published.keys.lock().unwrap() = keys.collect();
    }

    pub(crate) fn go_away(&self, is_away: bool) {
        self.published.is_away.store(is_away, Ordering::SeqCst);
    }

    /// How often its keys were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.published.asked.load(Ordering::SeqCst)
    }

    /// The service, which believes this provider; `refetch` is `WAYPOST_OIDC_REFETCH_S`.
    pub(crate) async fn world(&self, refetch: &str) -> World {
        World::with(&[
            ("WAYPOST_OIDC_ISSUER", &self.issuer),
            ("WAYPOST_OIDC_AUDIENCE", AUDIENCE),
            ("WAYPOST_OIDC_REFETCH_S", refetch),
            ("WAYPOST_API_KEY_CACHE_S", "0.2"),
        ])
        .await
    }

    /// As `world`, with the keys fetched.
    pub(crate) async fn ready_world(&self) -> World {
        let world = self.world("600").await;
        eventually("the keys are asked for", async || self.asked() == 1).await;
        world
    }

    /// The claims of a good token.
    pub(crate) fn claims(&self, subject: &str) -> Value {
        let now = runtime::now().timestamp();
        json!({"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 600})
    }

    pub(crate) fn token(&self, subject: &str) -> String {
        self.signer.token("first", &self.claims(subject))
    }

    /// A token whose claims are changed so.
    pub(crate) fn token_with(&self, subject: &str, change: &Value) -> String {
        let mut claims = self.claims(subject);
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.signer.token("first", &claims)
    }
}

async fn answer(request: HttpRequest, published: Data<Published>) -> HttpResponse {
    if published.is_away.load(Ordering::SeqCst) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let issuer = published.issuer.lock().unwrap().clone();
    match request.path() {
        "/.well-known/openid-configuration" => {
            let keys = format!("{issuer}/keys");
            HttpResponse::Ok().json(json!({"issuer": issuer, "jwks_uri": keys}))
        }
        "/keys" => {
            published.asked.fetch_add(1, Ordering::SeqCst);
            HttpResponse::Ok().json(json!({"keys": *published.keys.lock().unwrap()}))
        }
        _ => HttpResponse::NotFound().finish(),
    }
}
