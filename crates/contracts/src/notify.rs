//! A request to send a message that came over the bus.

use std::fmt;

use bytes::Bytes;
use domain::lane::{Lane, OnUnknown};
use prost::Message;
use serde_json::{Map, Value};

use crate::error::ContractError;
use crate::{JSON, PROTOBUF, time, wire};

/// A request to send a message, as an internal service published it. Both forms on the wire end in
/// the same value.
#[derive(Clone, PartialEq)]
pub struct EnqueueNotification {
    /// The sender: a tenant's id as text or its name. Never empty.
    pub tenant: String,
    /// Makes repeating safe, per tenant, for 24 hours. Never empty when there is one.
    pub idempotency_key: Option<String>,
    /// The JSON object that `POST /v1/messages` takes; not yet checked beyond being an object.
    pub body: Value,
}

/// Shows nothing of the message: it holds phone numbers and text.
impl fmt::Debug for EnqueueNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnqueueNotification").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Reads a delivery of the queue `notify` by its content type. Without a known one it is JSON if
/// it begins with `{`, else protobuf.
pub fn decode_notify(
    content_type: Option<&str>,
    body: &[u8],
) -> Result<EnqueueNotification, ContractError> {
    match media_type(content_type).as_str() {
        JSON => EnqueueNotification::decode_json(body),
        PROTOBUF | "application/protobuf" => EnqueueNotification::decode(body),
        _ if body.starts_with(b"{") => EnqueueNotification::decode_json(body),
        _ => EnqueueNotification::decode(body),
    }
}

/// The content type without its parameters, in lower case.
fn media_type(content_type: Option<&str>) -> String {
    let text = content_type.unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl EnqueueNotification {
    /// The protobuf bytes. What has a field of its own goes there, the rest into `message_json`.
    pub fn encode(&self) -> Bytes {
        let mut rest = self.body.as_object().cloned().unwrap_or_default();
        let mut notification = wire::EnqueueNotification {
            tenant: self.tenant.clone(),
            idempotency_key: self.idempotency_key.clone().unwrap_or_default(),
            from: take_text(&mut rest, "from"),
            to: take_text(&mut rest, "to"),
            recipient: take_text(&mut rest, "recipient"),
            lane: take(&mut rest, "lane", lane_number),
            on_unknown: take(&mut rest, "on_unknown", on_unknown_number),
            expires_at: take(&mut rest, "expires_at", |text| Some(time::from_text(text))),
            not_before: take(&mut rest, "not_before", |text| Some(time::from_text(text))),
            biz_opaque_callback_data: take_text(&mut rest, "biz_opaque_callback_data"),
            message_json: String::new(),
        };
        notification.message_json =
            if self.body.is_object() { Value::Object(rest) } else { self.body.clone() }.to_string();
        notification.encode_to_vec().into()
    }

    /// The JSON bytes: the body with `tenant` and `idempotency_key` at its top.
    pub fn encode_json(&self) -> Bytes {
        let mut object = self.body.as_object().cloned().unwrap_or_default();
        object.insert("tenant".to_owned(), self.tenant.clone().into());
        if let Some(key) = &self.idempotency_key {
            object.insert("idempotency_key".to_owned(), key.clone().into());
        }
        Value::Object(object).to_string().into()
    }

    /// Reads the protobuf bytes.
    pub fn decode(body: &[u8]) -> Result<Self, ContractError> {
        let notification = wire::EnqueueNotification::decode(body)?;
        let tenant = non_empty(notification.tenant.clone())
            .ok_or(ContractError::Missing { field: "tenant" })?;
        let idempotency_key = non_empty(notification.idempotency_key.clone());
        Ok(Self { tenant, idempotency_key, body: Value::Object(request(notification)?) })
    }

    /// Reads the JSON bytes.
    pub fn decode_json(body: &[u8]) -> Result<Self, ContractError> {
        let mut object = object("body", body)?;
        let tenant = remove_text(&mut object, "tenant")?
            .ok_or(ContractError::Missing { field: "tenant" })?;
        let idempotency_key = remove_text(&mut object, "idempotency_key")?;
        Ok(Self { tenant, idempotency_key, body: Value::Object(object) })
    }
}

/// The object that `POST /v1/messages` takes, put together from the fields.
fn request(notification: wire::EnqueueNotification) -> Result<Map<String, Value>, ContractError> {
    if notification.message_json.is_empty() {
        return Err(ContractError::Missing { field: "message_json" });
    }
    let instant = |field, timestamp: Option<_>| {
        timestamp.map(|timestamp| time::text(field, timestamp)).transpose()
    };
    let fields = [
        ("from", non_empty(notification.from)),
        ("to", non_empty(notification.to)),
        ("recipient", non_empty(notification.recipient)),
        ("lane", lane_word(notification.lane)?),
        ("on_unknown", on_unknown_word(notification.on_unknown)?),
        ("expires_at", instant("expires_at", notification.expires_at)?),
        ("not_before", instant("not_before", notification.not_before)?),
        ("biz_opaque_callback_data", non_empty(notification.biz_opaque_callback_data)),
    ];

    let mut request = object("message_json", notification.message_json.as_bytes())?;
    for (field, value) in fields {
        let Some(value) = value else { continue };
        if request.insert(field.to_owned(), Value::String(value)).is_some() {
            return Err(ContractError::Twice { field });
        }
    }
    Ok(request)
}

fn object(place: &'static str, text: &[u8]) -> Result<Map<String, Value>, ContractError> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ContractError::NotObject { place }),
        Err(error) => Err(ContractError::not_json(place, &error)),
    }
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Removes a text from the top of a JSON body; an empty one or null counts as absent.
fn remove_text(
    object: &mut Map<String, Value>,
    field: &'static str,
) -> Result<Option<String>, ContractError> {
    match object.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(non_empty(text)),
        Some(_) => Err(ContractError::Invalid { field, expected: "a string" }),
    }
}

/// Moves a field out of the object if `convert` can say it in protobuf; else it stays.
fn take<T: Default + PartialEq>(
    object: &mut Map<String, Value>,
    field: &str,
    convert: impl FnOnce(&str) -> Option<T>,
) -> T {
    let converted = object.get(field).and_then(Value::as_str).and_then(convert).unwrap_or_default();
    if converted != T::default() {
        object.remove(field);
    }
    converted
}

fn take_text(object: &mut Map<String, Value>, field: &str) -> String {
    take(object, field, |text| Some(text.to_owned()))
}

fn lane_number(word: &str) -> Option<i32> {
    let lane = match word.parse().ok()? {
        Lane::Urgent => wire::Lane::Urgent,
        Lane::Normal => wire::Lane::Normal,
        Lane::Bulk => wire::Lane::Bulk,
    };
    Some(lane.into())
}

fn lane_word(number: i32) -> Result<Option<String>, ContractError> {
    let lane = match wire::Lane::try_from(number) {
        Ok(wire::Lane::Unspecified) => return Ok(None),
        Ok(wire::Lane::Urgent) => Lane::Urgent,
        Ok(wire::Lane::Normal) => Lane::Normal,
        Ok(wire::Lane::Bulk) => Lane::Bulk,
        Err(_) => {
            let expected = "urgent, normal or bulk";
            return Err(ContractError::Invalid { field: "lane", expected });
        }
    };
    Ok(Some(lane.to_string()))
}

fn on_unknown_number(word: &str) -> Option<i32> {
    let policy = match word.parse().ok()? {
        OnUnknown::Hold => wire::OnUnknown::Hold,
        OnUnknown::Retry => wire::OnUnknown::Retry,
        OnUnknown::Fail => wire::OnUnknown::Fail,
    };
    Some(policy.into())
}

fn on_unknown_word(number: i32) -> Result<Option<String>, ContractError> {
    let policy = match wire::OnUnknown::try_from(number) {
        Ok(wire::OnUnknown::Unspecified) => return Ok(None),
        Ok(wire::OnUnknown::Hold) => OnUnknown::Hold,
        Ok(wire::OnUnknown::Retry) => OnUnknown::Retry,
        Ok(wire::OnUnknown::Fail) => OnUnknown::Fail,
        Err(_) => {
            let expected = "hold, retry or fail";
            return Err(ContractError::Invalid { field: "on_unknown", expected });
        }
    };
    Ok(Some(policy.to_string()))
}

#[cfg(test)]
mod tests;
