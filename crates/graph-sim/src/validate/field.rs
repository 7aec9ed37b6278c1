//! Reading a JSON object as Meta does, with Meta's errors and its way to name a parameter: `text['body']`.

use serde_json::{Map, Value};

use crate::errors::GraphError;

/// What reading gives.
pub(crate) type Read<T> = Result<T, GraphError>;

/// A JSON object and the name it has in errors.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    fields: &'a Map<String, Value>,
    path: String,
}

impl<'a> Object<'a> {
    /// The object that a value is; error 100 when it is something else.
    pub(crate) fn of(value: &'a Value, path: String) -> Read<Self> {
        match value {
            Value::Object(fields) => Ok(Self { fields, path }),
            _ => Err(GraphError::parameter(&format!("Param {path} must be a JSON object."))),
        }
    }

    /// The name of a field in errors.
    pub(crate) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}['{key}']", self.path) }
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// A field that must be there: 131008.
    pub(crate) fn required(&self, key: &str) -> Read<&'a Value> {
        self.get(key).ok_or_else(|| GraphError::missing(&self.path(key)))
    }

    /// An object, when it is there.
    pub(crate) fn object(&self, key: &str) -> Read<Option<Object<'a>>> {
        self.get(key).map(|value| Object::of(value, self.path(key))).transpose()
    }

    /// An object that must be there.
    pub(crate) fn required_object(&self, key: &str) -> Read<Object<'a>> {
        Object::of(self.required(key)?, self.path(key))
    }

    /// A text, when it is there, of at most `most` characters.
    pub(crate) fn text(&self, key: &str, most: usize) -> Read<Option<&'a str>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let Value::String(text) = value else {
            return Err(GraphError::parameter(&format!(
                "Param {} must be a string.",
                self.path(key)
            )));
        };
        // A text of few bytes has few characters; only a long one is counted.
        if text.len() > most && text.chars().count() > most {
            return Err(GraphError::too_long(&self.path(key), most));
        }
        Ok(Some(text))
    }

    /// A text that must be there and not be empty.
    pub(crate) fn required_text(&self, key: &str, most: usize) -> Read<&'a str> {
        match self.text(key, most)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(GraphError::missing(&self.path(key))),
        }
    }

    /// A text or a number, as ids may be written.
    pub(crate) fn id(&self, key: &str) -> Read<Option<String>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(GraphError::invalid(format!("{} is not a valid id", self.path(key)))),
        }
    }

    /// An id that must be there.
    pub(crate) fn required_id(&self, key: &str) -> Read<String> {
        self.id(key)?.ok_or_else(|| GraphError::missing(&self.path(key)))
    }

    /// A list of objects; an absent one is empty.
    pub(crate) fn objects(&self, key: &str) -> Read<Vec<Object<'a>>> {
        let path = self.path(key);
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(place, item)| Object::of(item, format!("{path}[{place}]")))
                .collect(),
            Some(_) => Err(GraphError::parameter(&format!("Param {path} must be an array."))),
        }
    }

    /// A list of `least` to `most` objects.
    pub(crate) fn counted_objects(
        &self,
        key: &str,
        least: usize,
        most: usize,
    ) -> Read<Vec<Object<'a>>> {
        self.required(key)?;
        let objects = self.objects(key)?;
        if (least..=most).contains(&objects.len()) {
            return Ok(objects);
        }
        let path = self.path(key);
        Err(GraphError::invalid(format!("{path} count invalid. Min: {least}, Max: {most}")))
    }

    /// One of these words, when it is there: error 100 otherwise.
    pub(crate) fn word(&self, key: &str, words: &[&'static str]) -> Read<Option<&'static str>> {
        let Some(text) = self.text(key, 128)? else { return Ok(None) };
        let known = words.iter().copied().find(|word| word.eq_ignore_ascii_case(text));
        known.map(Some).ok_or_else(|| {
            let allowed = words.join(", ").to_uppercase();
            let path = self.path(key);
            GraphError::parameter(&format!(
                "Param {path} must be one of {{{allowed}}} - got \"{text}\"."
            ))
        })
    }

    /// One of these words.
    pub(crate) fn required_word(&self, key: &str, words: &[&'static str]) -> Read<&'static str> {
        self.word(key, words)?.ok_or_else(|| GraphError::missing(&self.path(key)))
    }

    /// A number, written as one or as text, that must be there and lie within these bounds.
    pub(crate) fn required_number(&self, key: &str, least: f64, most: f64) -> Read<f64> {
        let number = match self.required(key)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            GraphError::invalid(format!(
                "{} must be a number from {least} to {most}",
                self.path(key)
            ))
        })
    }

    /// An `http` or `https` address that must be there.
    pub(crate) fn required_link(&self, key: &str) -> Read<()> {
        let text = self.required_text(key, 4_096)?;
        match url::Url::parse(text) {
            Ok(link) if matches!(link.scheme(), "http" | "https") => Ok(()),
            _ => Err(GraphError::invalid(format!("{} is not a valid URI.", self.path(key)))),
        }
    }
}
