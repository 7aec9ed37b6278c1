//! JSON as Meta writes it into webhooks: ASCII only, `\uXXXX` in lower case, and `\/`.
//!
//! Source: Graph webhooks say that signatures are over the escaped-unicode form of the payload.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes a value as Meta would.
pub(crate) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1_024);
    let mut serializer = Serializer::with_formatter(&mut bytes, Escaped);
    // Our own structures have text keys and no failing parts, and a vector takes every write.
    value.serialize(&mut serializer).expect("a webhook body can always be written");
    bytes
}

struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let plain = |byte: u8| byte.is_ascii() && byte != b'/';
        if fragment.bytes().all(plain) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        for letter in fragment.chars() {
            match letter {
                '/' => writer.write_all(br"\/")?,
                _ if letter.is_ascii() => writer.write_all(&[letter as u8])?,
                _ => {
                    for unit in letter.encode_utf16(&mut units) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn everything_beyond_ascii_is_escaped_in_lower_case() {
        let written = to_bytes(&json!({"text": "é 😀 https://x.test/\u{1f}\"\\"}));

        let expected = r#"{"text":"\u00e9 \ud83d\ude00 https:\/\/x.test\/\u001f\"\\"}"#;
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        let value = json!({"ß/": ["ő", "\u{10ffff}", 1, null, true]});

        assert_eq!(serde_json::from_slice::<Value>(&to_bytes(&value)).unwrap(), value);
    }
}
