use domain::recipient::PhoneNumber;

/// What to write instead of a national number.
const NATIONAL: &str = "must have the + and calling code of its country: +972546800360 instead of \
                        054-680-0360";

const ALLOWED: &str = "must be an international phone number: + and the digits of calling code and \
                       number, such as +972546800360";

/// A phone number as people write it, made E.164: spaces, dashes, brackets, dots and slashes go, and
/// `00` in front stands for `+`.
///
/// # Errors
/// What is allowed.
pub(super) fn clean(text: &str) -> Result<PhoneNumber, &'static str> {
    let is_filling =
        |c: char| c.is_whitespace() || "-‐‑‒–—−()[]./\u{200e}\u{202a}\u{202c}".contains(c);
    let bare = text.replace(is_filling, "");
    let number = match bare.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => bare,
    };
    let parsed = number.parse();
    parsed.map_err(|_| if number.starts_with('0') { NATIONAL } else { ALLOWED })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_put_between_the_digits_goes() {
        for text in [
            "+972546800360",
            "+972 54-680-0360",
            " +972 (54) 680.0360 ",
            "00972 54 680 0360",
            "972546800360",
            "+972\u{a0}54–680–0360",
            "+972 (0)54 680 0360",
        ] {
            assert_eq!(
                clean(text).map(|number| number.as_str().to_owned()).as_deref(),
                Ok("+972546800360"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_national_number_is_told_what_is_missing() {
        for text in ["054-680-0360", "0546800360", "(054) 680 0360"] {
            assert_eq!(clean(text), Err(NATIONAL), "{text}");
        }
        for text in ["", "+", "hello", "+972", "+1 call me", "54-680", "++972546800360"] {
            assert_eq!(clean(text), Err(ALLOWED), "{text}");
        }
    }
}
