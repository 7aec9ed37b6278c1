//! Numbers as people write them.

use domain::recipient::{Bsuid, PhoneNumber, Recipient};

#[test]
fn an_international_number_is_taken_in_many_spellings() {
    let cases = [
        ("+14155550101", "+14155550101"),
        ("+1 (415) 555-0101", "+14155550101"),
        ("14155550101", "+14155550101"),
        ("+972 54-123-4567", "+972541234567"),
        ("972.54.234.5678", "+972542345678"),
        ("+٩٧٢٥٤١٢٣٤٥٦٧", "+972541234567"),
        ("٩٦٦٥٠٠٠٠٠٠٠١", "+966500000001"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("+55 11 98765-4321", "+5511987654321"),
        ("+55 11 8765-4321", "+551187654321"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+54 9 11 2345-6789", "+5491123456789"),
        ("+15551234567", "+15551234567"),
        (" +4915112345678 ", "+4915112345678"),
    ];
    for (written, number) in cases {
        assert_eq!(
            written.parse::<PhoneNumber>().map(String::from),
            Ok(number.to_owned()),
            "{written}"
        );
    }
}

#[test]
fn a_national_form_or_no_number_at_all_is_refused() {
    let cases = [
        "",
        "+",
        "054-123-4567",
        "0541234567",
        "00972541234567",
        "5551234",
        "+1",
        "+123",
        "+0541234567",
        "+999123456789",
        "+9725412345678901",
        "1-800-FLOWERS",
        "+1 415 555 0101 x5",
        "tel:+14155550101",
        "++14155550101",
        "+1+4155550101",
        "call me",
        "+½½½½½½½½½½",
        &"1".repeat(5000),
    ];
    for written in cases {
        let error = written.parse::<PhoneNumber>().unwrap_err().to_string();

        assert!(error.contains("national form"), "{written}");
    }
}

#[test]
fn a_business_scoped_id_has_a_country_and_letters_and_digits() {
    let longest = format!("US.{}", "a".repeat(128));
    for id in ["US.1A2b3C", "IL.ENT.9z", "BR.ENT", longest.as_str()] {
        assert_eq!(id.parse::<Bsuid>().unwrap().as_str(), id);
    }
    let too_long = format!("US.{}", "a".repeat(129));
    for id in ["", "US.", "US.ENT.", "us.1", "USA.1", "US.a-b", "US.a.b", "14155550101", &too_long]
    {
        assert!(id.parse::<Bsuid>().is_err(), "{id}");
    }
}

#[test]
fn a_recipient_reads_back_from_its_text_and_shows_nothing_in_debug_output() {
    for text in ["+14155550101", "US.1A2b3C"] {
        let recipient = Recipient::parse(text).unwrap();

        assert_eq!(recipient.as_text(), text);
        assert_eq!(format!("{recipient:?}"), "Recipient(redacted)");
    }
}
