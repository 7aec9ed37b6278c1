//! The header `Idempotency-Key`: repeating a request safely.

use actix_web::HttpRequest;
use domain::ids::TenantId;
use ring::digest::{Context, SHA256};

use crate::error::ApiError;

const HEADER: &str = "Idempotency-Key";

/// A key as a caller claims it for one request.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) tenant_id: TenantId,
    pub(crate) key: String,
    /// Of everything that makes the request what it is.
    pub(crate) request_hash: Vec<u8>,
}

impl Claim {
    /// The claim of an HTTP request, if it makes one.
    ///
    /// # Errors
    /// `WrongHeader`.
    pub(crate) fn of(
        request: &HttpRequest,
        tenant_id: TenantId,
        body: &[u8],
    ) -> Result<Option<Self>, ApiError> {
        let Some(key) = key(request)? else { return Ok(None) };
        let request_hash =
            hash(&[request.method().as_str().as_bytes(), request.path().as_bytes(), body]);
        Ok(Some(Self { tenant_id, key, request_hash }))
    }
}

/// The key of a request, checked.
///
/// # Errors
/// `WrongHeader`.
fn key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let wrong = |detail| ApiError::WrongHeader { header: HEADER, detail };
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(wrong("must stand there once"));
    }
    match value.to_str() {
        Ok(key) if is_key(key) => Ok(Some(key.to_owned())),
        Ok(_) | Err(_) => Err(wrong("must be 1 to 255 visible ASCII characters")),
    }
}

/// Whether a text may be a key: it is one line of a log and of a row.
pub(crate) fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// SHA-256 of the parts, each with its length, so that no two requests run into the same.
pub(crate) fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_key_is_visible_and_not_too_long() {
        for good in ["7", "order-7", &"k".repeat(255)] {
            assert!(is_key(good), "{good}");
        }
        for bad in ["", "a b", "ключ", "a\tb", &"k".repeat(256)] {
            assert!(!is_key(bad), "{bad}");
        }
    }

    #[test]
    fn two_keys_in_one_request_are_refused() {
        let request = TestRequest::post()
            .append_header((HEADER, "a"))
            .append_header((HEADER, "b"))
            .to_http_request();

        let claim = Claim::of(&request, TenantId::from_uuid(Uuid::nil()), b"");

        assert!(matches!(claim, Err(ApiError::WrongHeader { .. })), "{claim:?}");
    }

    #[test]
    fn method_path_and_body_all_count() {
        let request = hash(&[b"POST", b"/v1/messages", b"{}"]);

        assert_eq!(request, hash(&[b"POST", b"/v1/messages", b"{}"]));
        assert_ne!(request, hash(&[b"POST", b"/v1/messages", b"{ }"]));
        assert_ne!(request, hash(&[b"POST", b"/v1/messages{", b"}"]));
    }
}
