//! The trace that a message carries through its row and its jobs.

/// The trace of the current span; where nothing is traced here, the caller's own, so that the chain
/// is not broken.
pub(crate) fn current_or(sent: Option<&str>) -> Option<String> {
    let passed_on = || sent.filter(|text| is_traceparent(text)).map(str::to_owned);
    runtime::trace::traceparent().or_else(passed_on)
}

/// Version 00 of <https://www.w3.org/TR/trace-context/#traceparent-header>: what a caller sends is
/// stored, so it must be nothing else.
fn is_traceparent(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    lengths.eq([2, 32, 16, 2]) && text.bytes().all(|byte| byte == b'-' || is_hex(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_traceparent_is_passed_on() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        assert_eq!(current_or(Some(good)).as_deref(), Some(good));
        for bad in ["", "00-1-2-01", &good.to_uppercase(), &format!("{good}-1"), "+1415"] {
            assert_eq!(current_or(Some(bad)), None, "{bad}");
        }
    }
}
