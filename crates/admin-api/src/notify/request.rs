use chrono::{DateTime, Utc};
use domain::enqueue::Enqueue;
use domain::field::{FieldError, Object, Pointer};
use domain::ids::PhoneNumberId;
use domain::recipient::PhoneNumber;
use serde_json::{Value, json};

use super::phone;

const FIELDS: [&str; 6] = [
    "phoneNumber",
    "templateName",
    "languageCode",
    "headerParameters",
    "templateParameters",
    "from",
];

/// A request as far as it can be read without knowing the tenant's numbers.
pub(crate) struct Notification {
    /// The number that sends, when the request names it.
    pub(crate) from: Option<PhoneNumberId>,
    /// Meta's message object.
    message: Value,
    /// Whether `headerParameters` came as a list.
    has_list: bool,
}

impl Notification {
    /// Reads a body; without `phoneNumber` it goes to `default`.
    ///
    /// # Errors
    /// Every field that is missing or wrong by itself.
    pub(crate) fn read(
        body: &Value,
        default: Option<&PhoneNumber>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut object = Object::open(body, &Pointer::ROOT)?;
        object.refuse_all_but(&FIELDS);
        let whole = Self::take(&mut object, default);
        object.finish(whole)
    }

    fn take(object: &mut Object<'_>, default: Option<&PhoneNumber>) -> Option<Self> {
        let to = recipient(object, default);
        let name: Option<String> = object.required("templateName");
        let code: Option<String> = object.required("languageCode");
        let header = header(object);
        let body: Option<Vec<Value>> = object.optional("templateParameters");
        let from = from(object);
        let components = components(header, body);
        Some(Self {
            from,
            message: json!({
                "to": to?.as_str(),
                "type": "template",
                "template": {
                    "name": name?,
                    "language": { "code": code? },
                    "components": components,
                },
            }),
            has_list: object.raw("headerParameters").is_some_and(Value::is_array),
        })
    }

    /// The request in the form that every other message has.
    ///
    /// # Errors
    /// Every limit that is broken, at the caller's own field.
    pub(crate) fn enqueue(
        mut self,
        from: &PhoneNumberId,
        now: DateTime<Utc>,
    ) -> Result<Enqueue, Vec<FieldError>> {
        self.message["from"] = json!(from.as_str());
        Enqueue::parse(&self.message, now).map_err(|errors| {
            errors
                .into_iter()
                .map(|error| FieldError { pointer: self.own(&error.pointer), ..error })
                .collect()
        })
    }

    /// The caller's field that a place in Meta's object was made of.
    fn own(&self, pointer: &str) -> String {
        let has_header = self.message["template"]["components"][0]["type"] == "header";
        let header = if self.has_list { "/headerParameters/0" } else { "/headerParameters" };
        let body = if has_header { "/template/components/1" } else { "/template/components/0" };
        let fields = [
            ("/to", "/phoneNumber"),
            ("/template/name", "/templateName"),
            ("/template/language", "/languageCode"),
            (body, "/templateParameters"),
            ("/template/components/0/parameters/0", header),
            ("/template/components/0", "/headerParameters"),
        ];
        let taken = fields.into_iter().find_map(|(place, field)| {
            let rest = pointer.strip_prefix(place)?;
            let rest = rest.strip_prefix("/parameters").unwrap_or(rest);
            Some(if field == "/languageCode" { field.into() } else { format!("{field}{rest}") })
        });
        taken.unwrap_or_else(|| pointer.to_owned())
    }
}

fn recipient(object: &mut Object<'_>, default: Option<&PhoneNumber>) -> Option<PhoneNumber> {
    if object.raw("phoneNumber").is_none() {
        if default.is_none() {
            let detail = "is required, since WHATSAPP_DEFAULT_RECIPIENT is not set";
            object.refuse("phoneNumber", detail);
        }
        return default.cloned();
    }
    let text: String = object.optional("phoneNumber")?;
    phone::clean(&text).map_err(|detail| object.refuse("phoneNumber", detail)).ok()
}

/// The one parameter of the header, by itself or in a list.
fn header(object: &mut Object<'_>) -> Option<Value> {
    match object.raw("headerParameters")? {
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) if list.len() == 1 => list.first().cloned(),
        parameter @ Value::Object(_) => Some(parameter.clone()),
        _ => {
            let detail = "must be one parameter: an object, or a list with one";
            object.refuse("headerParameters", detail);
            None
        }
    }
}

fn components(header: Option<Value>, body: Option<Vec<Value>>) -> Vec<Value> {
    let header = header.map(|header| json!({ "type": "header", "parameters": [header] }));
    let body = body.filter(|parameters| !parameters.is_empty());
    let body = body.map(|parameters| json!({ "type": "body", "parameters": parameters }));
    header.into_iter().chain(body).collect()
}

fn from(object: &mut Object<'_>) -> Option<PhoneNumberId> {
    let id = match object.raw("from")? {
        Value::Number(number) => number.to_string(),
        _ => object.optional("from")?,
    };
    let id = PhoneNumberId::try_from(id);
    let detail = "must be the phone_number_id of a sender: 1 to 32 digits";
    id.map_err(|_| object.refuse("from", detail)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enqueue(body: &Value) -> Result<Enqueue, Vec<FieldError>> {
        let from = "106540352242922".parse().unwrap();
        Notification::read(body, None)?.enqueue(&from, runtime::now())
    }

    fn pointers(body: &Value) -> Vec<String> {
        enqueue(body).unwrap_err().into_iter().map(|error| error.pointer).collect()
    }

    fn with(field: &str, value: Value) -> Value {
        let mut body = json!({
            "phoneNumber": "+972546800360",
            "templateName": "jaspers_market_image_cta_v1",
            "languageCode": "en_US",
            "headerParameters": {
                "type": "image", "image": { "link": "https://example.com/image.jpg" },
            },
            "templateParameters": [{ "type": "text", "text": "Variable #1" }],
        });
        body[field] = value;
        body
    }

    #[test]
    fn the_fields_become_metas_template() {
        let enqueue = enqueue(&with("headerParameters", json!([{"type": "text", "text": "Hi"}])));

        assert_eq!(
            enqueue.unwrap().message.to_json(),
            json!({
                "type": "template",
                "template": {
                    "name": "jaspers_market_image_cta_v1",
                    "language": { "code": "en_US" },
                    "components": [
                        { "type": "header", "parameters": [{ "type": "text", "text": "Hi" }] },
                        { "type": "body", "parameters": [{ "type": "text", "text": "Variable #1" }] },
                    ],
                },
            })
        );
    }

    #[test]
    fn every_fault_is_told_at_the_callers_own_field() {
        let image = json!({ "type": "image", "image": { "link": "no link" } });
        for (field, value, pointer) in [
            ("phoneNumber", json!("054-680-0360"), "/phoneNumber"),
            ("phoneNumber", json!(7), "/phoneNumber"),
            ("phoneNumber", json!(null), "/phoneNumber"),
            ("templateName", json!("Jasper's"), "/templateName"),
            ("templateName", json!(null), "/templateName"),
            ("languageCode", json!("english, please"), "/languageCode"),
            ("languageCode", json!(null), "/languageCode"),
            ("headerParameters", json!({ "type": "image" }), "/headerParameters/image"),
            ("headerParameters", image.clone(), "/headerParameters/image/link"),
            ("headerParameters", json!([image]), "/headerParameters/0/image/link"),
            ("headerParameters", json!([1, 2]), "/headerParameters"),
            ("headerParameters", json!("image"), "/headerParameters"),
            ("templateParameters", json!("text"), "/templateParameters"),
            ("templateParameters", json!([{ "type": "text" }]), "/templateParameters/0/text"),
            ("from", json!("+1"), "/from"),
            ("template_name", json!("x"), "/template_name"),
        ] {
            assert_eq!(pointers(&with(field, value.clone())), [pointer], "{field}: {value}");
        }
    }

    #[test]
    fn the_default_recipient_stands_in_for_a_number_that_is_left_out() {
        let default = "+972546800360".parse().unwrap();
        let body = json!({ "templateName": "hello_world", "languageCode": "en_US" });

        assert!(Notification::read(&body, Some(&default)).is_ok());
        assert!(Notification::read(&body, None).is_err());
    }
}
