//! What the browser sends when Meta's overlay has closed.

use domain::field::{FieldError, Object, Pointer};
use graph_api::client::Pin;
use secrecy::SecretString;
use serde_json::{Value, json};

/// The longest code that is taken, in characters; Meta's have a few hundred.
const LONGEST_CODE: usize = 2_000;

/// The number stays in the WhatsApp Business app as well, so it must not be registered
/// (<https://developers.facebook.com/docs/whatsapp/embedded-signup/custom-flows/onboarding-business-app-users>).
pub(crate) const COEXISTENCE: &str = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING";

/// A closed overlay.
#[derive(Debug)]
pub(crate) struct Closed {
    /// How it ended: `FINISH`, `CANCEL`, ….
    pub(crate) event: String,
    /// The event's data as the browser reported it. It proves nothing.
    pub(crate) session: Value,
    /// What `FB.login` answered; absent when the overlay was left.
    pub(crate) code: Option<SecretString>,
    /// The PIN to register the number with; absent: one is made.
    pub(crate) pin: Option<Pin>,
}

/// What a person adds to a step that failed.
#[derive(Debug)]
pub(crate) struct Resume {
    /// A new code, when the first one could not be exchanged.
    pub(crate) code: Option<SecretString>,
    /// The number's own PIN, when it has one.
    pub(crate) pin: Option<Pin>,
}

impl Closed {
    /// Reads `{"code", "session_info", "pin"}`; `session_info` is the message of the overlay as it
    /// came: `{"type", "event", "version", "data"}`.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub(crate) fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Object::open(body, &Pointer::ROOT)?;
        refuse_others(&mut fields, body, &["code", "session_info", "pin"]);
        let code = code(&mut fields);
        let pin = pin(&mut fields);
        let session_info = fields.raw("session_info");
        let read = session_info.map(|info| session(info, &fields.pointer("session_info")));
        let session = match read {
            None => Some(("FINISH".to_owned(), json!({}))),
            Some(read) => fields.keep(read),
        };
        let is_left = session.as_ref().is_some_and(|(event, _)| is_left(event));
        if code.is_none() && !is_left && fields.raw("code").is_none() {
            fields.refuse("code", "is required, unless the overlay ended with CANCEL or ERROR");
        }
        let whole = session.map(|(event, session)| {
            let code = code.filter(|_| !is_left);
            Self { event, session, code, pin }
        });
        fields.finish(whole)
    }
}

impl Resume {
    /// Reads `{"code", "pin"}`, both optional.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub(crate) fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Object::open(body, &Pointer::ROOT)?;
        refuse_others(&mut fields, body, &["code", "pin"]);
        let (code, pin) = (code(&mut fields), pin(&mut fields));
        fields.finish(Some(Self { code, pin }))
    }
}

fn is_left(event: &str) -> bool {
    matches!(event, "CANCEL" | "ERROR")
}

fn code(fields: &mut Object<'_>) -> Option<SecretString> {
    let code: String = fields.optional("code")?;
    if code.is_empty() || code.chars().count() > LONGEST_CODE {
        fields.refuse("code", format!("must have 1 to {LONGEST_CODE} characters"));
        return None;
    }
    Some(code.into())
}

fn pin(fields: &mut Object<'_>) -> Option<Pin> {
    let pin: String = fields.optional("pin")?;
    match pin.parse() {
        Ok(pin) => Some(pin),
        Err(_) => {
            fields.refuse("pin", "must be six digits");
            None
        }
    }
}

fn session(info: &Value, at: &Pointer) -> Result<(String, Value), Vec<FieldError>> {
    let mut fields = Object::open(info, at)?;
    let event: Option<String> = fields.required("event");
    if event.as_ref().is_some_and(|event| event.is_empty() || event.len() > 100) {
        fields.refuse("event", "must be Meta's word for how the overlay ended");
    }
    let data = fields.raw("data").cloned().unwrap_or_else(|| json!({}));
    if !data.is_object() || data.to_string().len() > 4_096 {
        fields.refuse("data", "must be the object that the overlay reported");
    }
    fields.finish(event.map(|event| (event, data)))
}

fn refuse_others(fields: &mut Object<'_>, body: &Value, known: &[&str]) {
    for key in body.as_object().into_iter().flat_map(|object| object.keys()) {
        if !known.contains(&key.as_str()) {
            fields.refuse(key, format!("is not a field here; there are {}", known.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: &Value) -> Vec<String> {
        let errors = Closed::parse(body).unwrap_err();
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn the_message_of_the_overlay_is_taken_as_it_came() {
        let closed = Closed::parse(&json!({
            "code": "AQ",
            "pin": "123456",
            "session_info": {"type": "WA_EMBEDDED_SIGNUP", "event": "FINISH", "version": 3,
                             "data": {"phone_number_id": "200", "waba_id": "100"}},
        }))
        .unwrap();

        assert_eq!((closed.event.as_str(), &closed.session["waba_id"]), ("FINISH", &json!("100")));
        assert!(closed.code.is_some() && closed.pin.is_some());
        assert!(!format!("{closed:?}").contains("AQ"));
    }

    #[test]
    fn an_overlay_that_was_left_needs_no_code() {
        let info = json!({"event": "CANCEL", "data": {"current_step": "PHONE_NUMBER_SETUP"}});

        let closed = Closed::parse(&json!({"session_info": info})).unwrap();

        assert!(closed.code.is_none());
        assert_eq!(closed.session["current_step"], "PHONE_NUMBER_SETUP");
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        assert_eq!(pointers(&json!({})), ["/code"]);
        assert_eq!(pointers(&json!({"code": "", "pin": "12", "x": 1})), ["/x", "/code", "/pin"]);
        assert_eq!(pointers(&json!({"code": "a", "session_info": []})), ["/session_info"]);
        assert_eq!(pointers(&json!({"code": "a", "session_info": {}})), ["/session_info/event"]);
    }
}
