//! What a proxy may have done to a body, undone to see whether the signature then fits.

use std::collections::HashSet;

/// How a body differs from the one that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// Escapes of non-ASCII characters.
    Unicode,
    /// Escapes of slashes.
    Slashes,
    /// White space between the parts.
    Whitespace,
    /// Line ends, or the end of the body.
    LineEnds,
    /// The character encoding.
    Charset,
    /// Several of them.
    Several,
}

/// Finds what was done to `body`, if undoing it makes `fits` true: fewer changes first. Tries at
/// most some hundred bodies.
pub fn alteration(body: &[u8], mut fits: impl FnMut(&[u8]) -> bool) -> Option<Alteration> {
    let mut candidates = vec![Candidate { changes: Vec::new(), body: body.to_vec() }];
    for undo in [undo_charset, undo_layout, undo_unicode, undo_slashes] {
        let undone: Vec<Candidate> = candidates.iter().flat_map(|one| one.undone(undo)).collect();
        candidates.extend(undone);
    }
    candidates.sort_by_key(|candidate| candidate.changes.len());
    let mut tried = HashSet::from([body.to_vec()]);
    let mut untried = candidates.into_iter().filter(|one| tried.insert(one.body.clone()));
    let found = untried.find(|candidate| fits(&candidate.body))?;
    Some(match found.changes[..] {
        [only] => only,
        _ => Alteration::Several,
    })
}

/// A body that may have been the signed one.
struct Candidate {
    changes: Vec<Alteration>,
    body: Vec<u8>,
}

type Undo = fn(&[u8]) -> Vec<(Alteration, Vec<u8>)>;

impl Candidate {
    fn undone(&self, undo: Undo) -> Vec<Self> {
        let undone = undo(&self.body).into_iter();
        let changed = undone.filter(|(_, body)| *body != self.body);
        changed
            .map(|(change, body)| {
                let changes = self.changes.iter().copied().chain([change]).collect();
                Self { changes, body }
            })
            .collect()
    }
}

fn undo_charset(body: &[u8]) -> Vec<(Alteration, Vec<u8>)> {
    let mut bodies = Vec::new();
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        bodies.push(rest.to_vec());
    }
    match std::str::from_utf8(body) {
        // Latin-1, and we had UTF-8.
        Err(_) => bodies.push(body.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        // Read as Latin-1 and written as UTF-8, twice encoded.
        Ok(text) if !text.is_ascii() => {
            let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
            bodies.extend(bytes.filter(|bytes| std::str::from_utf8(bytes).is_ok()));
        }
        Ok(_) => {}
    }
    bodies.into_iter().map(|body| (Alteration::Charset, body)).collect()
}

fn undo_layout(body: &[u8]) -> Vec<(Alteration, Vec<u8>)> {
    let crlf = |text: &[u8]| replace(text, b"\n", b"\r\n");
    let ends = [
        body.trim_ascii_end().to_vec(),
        [body.trim_ascii_end(), b"\n"].concat(),
        replace(body, b"\r\n", b"\n"),
        crlf(&replace(body, b"\r\n", b"\n")),
    ];
    let ends = ends.map(|body| (Alteration::LineEnds, body));
    ends.into_iter().chain([(Alteration::Whitespace, compact(body))]).collect()
}

fn undo_unicode(body: &[u8]) -> Vec<(Alteration, Vec<u8>)> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    let raw = unescape(text);
    let escaped = escape(&raw);
    [escaped, raw].map(|text| (Alteration::Unicode, text.into())).into()
}

fn undo_slashes(body: &[u8]) -> Vec<(Alteration, Vec<u8>)> {
    let bare = replace(body, b"\\/", b"/");
    let escaped = replace(&bare, b"/", b"\\/");
    [escaped, bare].map(|body| (Alteration::Slashes, body)).into()
}

fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(from) {
            replaced.extend_from_slice(to);
            rest = after;
        } else {
            replaced.push(*first);
            rest = &rest[1..];
        }
    }
    replaced
}

/// JSON without the white space between its parts.
fn compact(body: &[u8]) -> Vec<u8> {
    let (mut is_text, mut is_escaped) = (false, false);
    let keep = |byte: &&u8| {
        let is_kept = is_text || !byte.is_ascii_whitespace();
        match **byte {
            b'"' if !is_escaped => is_text = !is_text,
            _ => {}
        }
        is_escaped = is_text && !is_escaped && **byte == b'\\';
        is_kept
    };
    body.iter().filter(keep).copied().collect()
}

/// As Meta writes it: every non-ASCII character as `\u` and lower-case digits.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

/// Every escaped non-ASCII character as itself.
fn unescape(text: &str) -> String {
    let (mut raw, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        raw.push_str(before);
        let taken = match character(escape) {
            Some((character, length)) => {
                raw.push(character);
                length
            }
            None => {
                // A backslash and what it escapes stay together.
                let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                raw.push_str(&escape[..length]);
                length
            }
        };
        rest = &escape[taken..];
    }
    raw + rest
}

/// The non-ASCII character that `text` begins with the escape of, and how long that is.
fn character(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let first = unit(text)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return (!character.is_ascii()).then_some((character, 6));
    }
    let pair = [first, unit(text.get(6..)?)?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Meta writes it.
    const SIGNED: &str =
        r#"{"entry":[{"q":"a \"b\" c\\","t":"caf\u00e9 \ud83d\ude00","u":"https:\/\/x.y\/z"}]}"#;

    fn found(signed: &str, received: &[u8]) -> Option<Alteration> {
        alteration(received, |body| body == signed.as_bytes())
    }

    #[test]
    fn what_a_proxy_did_is_found() {
        let pretty: serde_json::Value = serde_json::from_str(SIGNED).unwrap();
        let pretty = serde_json::to_string_pretty(&pretty).unwrap();
        let plain = r#"{"a":[1, "b c"]}"#.replace(", ", ",");
        for (received, alteration) in [
            (SIGNED.replace(r"\u00e9", "é").replace(r"\ud83d\ude00", "😀"), Alteration::Unicode),
            (SIGNED.replace(r"\u00e9", r"\u00E9"), Alteration::Unicode),
            (SIGNED.replace(r"\/", "/"), Alteration::Slashes),
            (SIGNED.replace(',', ", ").replace("\":", "\": "), Alteration::Whitespace),
            (format!("{SIGNED}\n"), Alteration::LineEnds),
            (format!("\u{feff}{SIGNED}"), Alteration::Charset),
            (pretty, Alteration::Several),
        ] {
            assert_eq!(found(SIGNED, received.as_bytes()), Some(alteration), "{received}");
        }
        assert_eq!(found(&plain, b"{\"a\":[1, \"b c\"]}"), Some(Alteration::Whitespace));
        assert_eq!(found("{}\n", b"{}\r\n"), Some(Alteration::LineEnds));
    }

    #[test]
    fn other_encodings_are_found() {
        let signed = "{\"t\":\"café\"}";
        let latin: Vec<u8> = signed.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let twice: String = signed.bytes().map(char::from).collect();

        assert_eq!(found(signed, &latin), Some(Alteration::Charset));
        assert_eq!(found(signed, twice.as_bytes()), Some(Alteration::Charset));
        assert_eq!(found(r#"{"t":"caf\u00e9"}"#, &latin), Some(Alteration::Several));
    }

    #[test]
    fn another_text_is_no_alteration_and_neither_is_the_same() {
        assert_eq!(found(SIGNED, SIGNED.replace("caf", "cof").as_bytes()), None);
        assert_eq!(found(SIGNED, SIGNED.as_bytes()), None);
    }

    #[test]
    fn no_bytes_make_it_try_more_than_some_hundred_bodies() {
        for body in [
            &b"\xff\xfe\\u\\ud800 \r\n/"[..],
            b"",
            b"\\",
            "é\\u00e9 \r\n \\/ / \u{feff}".as_bytes(),
        ] {
            let mut tries = 0;
            assert_eq!(
                alteration(body, |_| {
                    tries += 1;
                    false
                }),
                None
            );
            assert!(tries < 300, "{tries}");
        }
    }
}
