//! Phone numbers as Meta treats them: what is tolerated in `to`, which calling code is put in front, what `wa_id` comes of it.

/// The digits of a number as written in `to`: a `+`, spaces, `-`, `(`, `)` and `.` are tolerated.
/// `None` when anything else stands there or nothing is left.
pub(crate) fn digits(written: &str) -> Option<String> {
    let written = written.trim();
    let rest = written.strip_prefix('+').unwrap_or(written);
    let mut digits = String::with_capacity(rest.len());
    for letter in rest.chars() {
        match letter {
            '0'..='9' => digits.push(letter),
            ' ' | '-' | '(' | ')' | '.' => {}
            _ => return None,
        }
    }
    (5..=20).contains(&digits.len()).then_some(digits)
}

/// The number that Meta sends to: without a `+` the calling code of the business number is put in front.
pub(crate) fn addressed(written: &str, business: &str, prepend: bool) -> Option<String> {
    let digits = digits(written)?;
    if prepend && !written.trim_start().starts_with('+') {
        return Some(format!("{}{digits}", calling_code(business)));
    }
    Some(digits)
}

/// The `wa_id` of a number: Brazil drops the ninth digit outside the big cities, Mexico gets a 1 after its code.
pub(crate) fn wa_id(digits: &str) -> String {
    let bytes = digits.as_bytes();
    if digits.starts_with("55")
        && digits.len() == 13
        && bytes.get(4) == Some(&b'9')
        && bytes.get(2) > Some(&b'2')
    {
        return format!("{}{}", &digits[..4], &digits[5..]);
    }
    if digits.starts_with("52") && digits.len() == 12 {
        return format!("521{}", &digits[2..]);
    }
    digits.to_owned()
}

/// The calling code that a number begins with (ITU-T E.164: one or two digits for these, three for the rest).
pub(crate) fn calling_code(digits: &str) -> &str {
    const TWO: &[&str] = &[
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46",
        "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
        "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    let length = match digits.get(..2) {
        Some(start) if start.starts_with('1') || start.starts_with('7') => 1,
        Some(start) if TWO.contains(&start) => 2,
        _ => 3,
    };
    digits.get(..length).unwrap_or(digits)
}

/// The two letters that begin a person's business-scoped id; `US` where the code names no country we know.
pub(crate) fn country(digits: &str) -> &'static str {
    match calling_code(digits) {
        "20" => "EG",
        "33" => "FR",
        "34" => "ES",
        "39" => "IT",
        "44" => "GB",
        "49" => "DE",
        "52" => "MX",
        "55" => "BR",
        "62" => "ID",
        "90" => "TR",
        "91" => "IN",
        "966" => "SA",
        "971" => "AE",
        "962" => "JO",
        _ => "US",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_plus_gets_the_calling_code_of_the_business() {
        assert_eq!(
            addressed("(415) 555-0101", "15550001111", true).as_deref(),
            Some("14155550101")
        );
        assert_eq!(
            addressed("+49 170 1234567", "15550001111", true).as_deref(),
            Some("491701234567")
        );
        assert_eq!(
            addressed("491701234567", "15550001111", false).as_deref(),
            Some("491701234567")
        );
    }

    #[test]
    fn letters_and_emptiness_are_no_number() {
        for written in ["", "+", "abc", "+1415555O101", "1234", "+123456789012345678901"] {
            assert_eq!(digits(written), None, "{written}");
        }
    }

    #[test]
    fn brazil_loses_its_ninth_digit_and_mexico_gains_a_one() {
        assert_eq!(wa_id("5531987654321"), "553187654321");
        assert_eq!(wa_id("5511987654321"), "5511987654321");
        assert_eq!(wa_id("525512345678"), "5215512345678");
        assert_eq!(wa_id("14155550101"), "14155550101");
    }

    #[test]
    fn calling_codes_have_one_to_three_digits() {
        assert_eq!(calling_code("15550001111"), "1");
        assert_eq!(calling_code("491701234567"), "49");
        assert_eq!(calling_code("971501234567"), "971");
    }
}
