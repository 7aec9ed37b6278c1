//! Where a page ended, in a form that nobody is tempted to build by hand.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

/// Of the id of a page's last row.
pub(crate) fn encode(last: Uuid) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(last.as_bytes())
}

/// The id of the last row of the page before; `None` when it is no cursor.
pub(crate) fn decode(cursor: &str) -> Option<Uuid> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    Uuid::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_the_id_it_was_made_of() {
        let id = Uuid::from_u128(0xfbff_0001);

        assert_eq!(decode(&encode(id)), Some(id));
    }

    #[test]
    fn anything_else_is_no_cursor() {
        for text in ["", "x", "AAAA", "....", &encode(Uuid::nil())[1..]] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
