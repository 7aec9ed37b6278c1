use std::borrow::Cow;
use std::fmt::Display;

use garde::i18n::{I18n, InvalidCreditCard, InvalidEmail, InvalidPhoneNumber, InvalidUrl, IpKind};

/// garde's messages in the words of this product: each says what is allowed.
pub(super) struct Words;

impl I18n for Words {
    fn length_lower_than(&self, min: usize) -> Cow<'static, str> {
        match min {
            1 => "must not be empty".into(),
            _ => format!("must have at least {min} characters").into(),
        }
    }
    fn length_greater_than(&self, max: usize) -> Cow<'static, str> {
        format!("must have at most {max} characters").into()
    }
    fn range_lower_than(&self, min: &dyn Display) -> Cow<'static, str> {
        format!("must be at least {min}").into()
    }
    fn range_greater_than(&self, max: &dyn Display) -> Cow<'static, str> {
        format!("must be at most {max}").into()
    }
    fn credit_card_invalid(&self, _: InvalidCreditCard) -> Cow<'static, str> {
        "must be a card number".into()
    }
    fn pattern_no_match(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must match {pattern}").into()
    }
    fn contains_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must contain {pattern}").into()
    }
    fn url_invalid(&self, _: InvalidUrl) -> Cow<'static, str> {
        "must be a URL".into()
    }
    fn prefix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must begin with {pattern}").into()
    }
    fn suffix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must end with {pattern}").into()
    }
    fn phone_number_invalid(&self, _: InvalidPhoneNumber) -> Cow<'static, str> {
        "must be a phone number".into()
    }
    fn ip_invalid(&self, _: IpKind) -> Cow<'static, str> {
        "must be an IP address".into()
    }
    fn matches_field_mismatch(&self, field: &dyn Display) -> Cow<'static, str> {
        format!("must equal {field}").into()
    }
    fn email_invalid(&self, _: InvalidEmail) -> Cow<'static, str> {
        "must be an e-mail address".into()
    }
    fn ascii_invalid(&self) -> Cow<'static, str> {
        "must be ASCII".into()
    }
    fn alphanumeric_invalid(&self) -> Cow<'static, str> {
        "must be letters and digits".into()
    }
    fn required_not_set(&self) -> Cow<'static, str> {
        "is required".into()
    }
}
