use chrono::{DateTime, Utc};
use domain::enqueue::Enqueue;
use domain::field::{FieldError, Object, Pointer};
use domain::ids::{MessageId, PhoneNumberId, Wamid};
use domain::recipient::Recipient;
use serde_json::{Value, json};

/// What a POST to `/messages` asks for.
pub(crate) enum Post {
    /// A message, which is queued.
    Message(Box<Message>),
    /// That a message which came in counts as read, and perhaps that an answer is being written. It
    /// cannot wait in a queue: it goes to Meta at once.
    Receipt(Value),
}

/// A message to send.
pub(crate) struct Message {
    pub(crate) enqueue: Enqueue,
    /// The recipient as the caller wrote it.
    pub(crate) input: String,
}

impl Post {
    /// Reads a body that was posted to the number's path.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn read(
        body: Value,
        from: &PhoneNumberId,
        now: DateTime<Utc>,
    ) -> Result<Self, Vec<FieldError>> {
        if body.get("status").is_some() {
            return receipt(&body).map(Self::Receipt);
        }
        let mut body = body;
        if let Some(fields) = body.as_object_mut()
            && fields.insert("from".to_owned(), json!(from.as_str())).is_some()
        {
            let at = Pointer::ROOT.key("from");
            return Err(vec![FieldError::new(
                &at,
                "is not a field of a message: the path says it",
            )]);
        }
        let enqueue = Enqueue::parse(&body, now)?;
        let input = ["to", "recipient"].iter().find_map(|field| body[*field].as_str());
        let input = input.unwrap_or_default().to_owned();
        Ok(Self::Message(Box::new(Message { enqueue, input })))
    }
}

/// A receipt made anew of its four fields: nothing else of a body may reach Meta past the queue
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read>).
fn receipt(body: &Value) -> Result<Value, Vec<FieldError>> {
    let mut object = Object::open(body, &Pointer::ROOT)?;
    object.refuse_all_but(&["messaging_product", "status", "message_id", "typing_indicator"]);
    if object.required::<String>("messaging_product").is_some_and(|name| name != "whatsapp") {
        object.refuse("messaging_product", "must be whatsapp");
    }
    if object.required::<String>("status").is_some_and(|status| status != "read") {
        object.refuse("status", "must be read");
    }
    let typing = object.raw("typing_indicator");
    let shown = json!({ "type": "text" });
    if typing.is_some_and(|typing| *typing != shown) {
        object.refuse("typing_indicator", "must be an object with type text");
    }
    let message_id: Option<Wamid> = object.required("message_id");
    let receipt = message_id.map(|message_id| {
        let mut receipt = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id.as_str(),
        });
        if typing.is_some() {
            receipt["typing_indicator"] = shown;
        }
        receipt
    });
    object.finish(receipt)
}

/// Meta's answer to a send, with our id in the place of the wamid, which is not known yet.
pub(crate) fn sent(input: &str, recipient: &Recipient, message_id: MessageId) -> Value {
    let mut contact = json!({ "input": input });
    match recipient {
        Recipient::Phone(number) => {
            contact["wa_id"] = json!(number.as_str().trim_start_matches('+'));
        }
        Recipient::Bsuid(id) => contact["user_id"] = json!(id.as_str()),
    }
    json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": message_id, "message_status": "accepted" }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Post, Vec<FieldError>> {
        Post::read(body, &"106540352242922".parse().unwrap(), runtime::now())
    }

    #[test]
    fn a_message_in_the_dress_of_a_receipt_does_not_pass_the_queue() {
        let body = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x",
            "to": "+14155552671", "type": "text", "text": { "body": "Hello" },
        });

        let errors = read(body).map(drop).unwrap_err();

        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/text", "/to", "/type"]);
    }

    #[test]
    fn a_receipt_may_show_that_an_answer_is_being_written() {
        let body = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x",
            "typing_indicator": { "type": "text" },
        });

        let Ok(Post::Receipt(receipt)) = read(body.clone()) else { panic!("no receipt") };

        assert_eq!(receipt, body);
    }

    #[test]
    fn the_number_stands_in_the_path_alone() {
        let body = json!({ "from": "7", "to": "+14155552671", "text": { "body": "Hello" } });

        assert_eq!(read(body).map(drop).unwrap_err()[0].pointer, "/from");
    }
}
