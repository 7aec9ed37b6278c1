use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::FieldError;
use super::pointer::Pointer;
use super::read;

/// One JSON object whose fields are taken one by one, all errors collected.
pub struct Object<'a> {
    fields: &'a Map<String, Value>,
    at: Pointer,
    errors: Vec<FieldError>,
}

impl<'a> Object<'a> {
    /// Opens the object that stands `at` a place.
    ///
    /// # Errors
    ///
    /// When it is no object.
    pub fn open(value: &'a Value, at: &Pointer) -> Result<Self, Vec<FieldError>> {
        match value.as_object() {
            Some(fields) => Ok(Self { fields, at: at.clone(), errors: Vec::new() }),
            None => Err(vec![FieldError::new(at, "must be an object")]),
        }
    }

    /// A field as it stands, unless it is absent or null.
    pub fn raw(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// An optional field; a wrong one is noted and reads as absent.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let value = self.raw(key)?;
        let at = self.at.key(key);
        self.keep(read(value, &at))
    }

    /// A required field; an absent or wrong one is noted.
    pub fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if self.raw(key).is_none() {
            self.refuse(key, "is required");
        }
        self.optional(key)
    }

    /// The value of a result; its errors are noted.
    pub fn keep<T>(&mut self, result: Result<T, Vec<FieldError>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    /// Notes an error of the field `key`.
    pub fn refuse(&mut self, key: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::new(&self.at.key(key), detail));
    }

    /// Notes an error of every field that is none of `known`.
    pub fn refuse_all_but(&mut self, known: &[&str]) {
        let fields = self.fields;
        for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
            self.refuse(key, "is not a field that is taken here");
        }
    }

    /// The pointer to the field `key`.
    pub fn pointer(&self, key: &str) -> Pointer {
        self.at.key(key)
    }

    /// The whole that was made of the fields; `None` only where an error has been noted.
    ///
    /// # Errors
    ///
    /// Everything noted.
    pub fn finish<T>(self, whole: Option<T>) -> Result<T, Vec<FieldError>> {
        match whole {
            Some(whole) if self.errors.is_empty() => Ok(whole),
            _ => Err(self.errors),
        }
    }
}
