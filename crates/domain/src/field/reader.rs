//! Reads JSON into our types and knows at every step where it stands.
//!
//! It differs from `serde_json`'s own reader in four ways: errors have a place and plain words; an
//! object is never read from a list; an enum is read from an object by its field `type`, in any
//! case of letters; nothing is buffered, so places within such unions are exact too.

use std::fmt::Display;

use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, map};

use super::error::FieldError;
use super::pointer::Pointer;

/// The field that tells the variants of a union apart.
pub(crate) const TAG: &str = "type";

/// A place in the body; becomes a pointer only in an error.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Start(&'a Pointer),
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            Self::Start(pointer) => (*pointer).clone(),
            Self::Key(parent, key) => parent.pointer().key(key),
            Self::Index(parent, index) => parent.pointer().index(*index),
        }
    }
}

/// One value that is to be read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'de, 'p> {
    pub(super) value: &'de Value,
    pub(super) place: &'p Place<'p>,
}

impl<'de> Reader<'de, '_> {
    fn object(self) -> Result<&'de Map<String, Value>, Misfit> {
        self.value.as_object().ok_or_else(|| Misfit::custom("must be an object"))
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(list) => visitor.visit_seq(Entries { list, next: 0, place: self.place }),
            Value::Object(fields) => visitor.visit_map(Fields::new(fields, self.place)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_map(Fields::new(self.object()?, self.place))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.value {
            Value::String(word) => visitor.visit_enum(BorrowedStrDeserializer::new(word)),
            Value::Object(fields) => visitor.visit_enum(Union { fields, place: self.place }),
            _ => Err(Misfit::unknown_variant("", variants)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Entries<'de, 'p> {
    list: &'de [Value],
    next: usize,
    place: &'p Place<'p>,
}

impl<'de> SeqAccess<'de> for Entries<'de, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(value) = self.list.get(self.next) else { return Ok(None) };
        let place = Place::Index(self.place, self.next);
        self.next += 1;
        seed.deserialize(Reader { value, place: &place }).map(Some).map_err(|e| e.placed(&place))
    }
}

struct Fields<'de, 'p> {
    rest: map::Iter<'de>,
    current: Option<(&'de str, &'de Value)>,
    place: &'p Place<'p>,
    skipped: &'static str,
}

impl<'de, 'p> Fields<'de, 'p> {
    fn new(fields: &'de Map<String, Value>, place: &'p Place<'p>) -> Self {
        Self { rest: fields.iter(), current: None, place, skipped: "" }
    }

    fn without_tag(fields: &'de Map<String, Value>, place: &'p Place<'p>) -> Self {
        Self { skipped: TAG, ..Self::new(fields, place) }
    }
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let skipped = self.skipped;
        self.current = self
            .rest
            .by_ref()
            .map(|(key, value)| (key.as_str(), value))
            .find(|(key, _)| skipped.is_empty() || *key != skipped);
        let Some((key, _)) = self.current else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (key, value) = self.current.take().ok_or_else(|| Misfit::custom("has no value"))?;
        let place = Place::Key(self.place, key);
        seed.deserialize(Reader { value, place: &place }).map_err(|error| error.placed(&place))
    }
}

/// An object whose field `type` names the variant; the other fields are the variant's own.
struct Union<'de, 'p> {
    fields: &'de Map<String, Value>,
    place: &'p Place<'p>,
}

impl<'de> EnumAccess<'de> for Union<'de, '_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let variant = match self.fields.get(TAG) {
            None => Err(Misfit::missing_field(TAG)),
            Some(Value::String(variant)) => {
                let variant = StringDeserializer::new(variant.to_ascii_lowercase());
                seed.deserialize(variant).map_err(|error: Misfit| error.in_field(TAG))
            }
            Some(_) => Err(Misfit::custom("must be a string").in_field(TAG)),
        };
        Ok((variant?, self))
    }
}

impl<'de> VariantAccess<'de> for Union<'de, '_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Err(Misfit::custom("must be a string"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(Untagged(self))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        Err(Misfit::invalid_type(Unexpected::Map, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_map(Fields::without_tag(self.fields, self.place))
    }
}

/// The struct inside a newtype variant.
struct Untagged<'de, 'p>(Union<'de, 'p>);

impl<'de> Deserializer<'de> for Untagged<'de, '_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(Fields::without_tag(self.0.fields, self.0.place))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// Why a value could not be read; it learns its place on the way out.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Misfit {
    /// The field of the object at fault, when it is not the object itself.
    field: Option<String>,
    place: Option<Pointer>,
    detail: String,
}

impl Misfit {
    fn in_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    /// Keeps the first, innermost place.
    fn placed(mut self, place: &Place<'_>) -> Self {
        if self.place.is_none() {
            let pointer = place.pointer();
            self.place = Some(match &self.field {
                Some(field) => pointer.key(field),
                None => pointer,
            });
        }
        self
    }

    pub(super) fn into_field_error(self, start: &Place<'_>) -> FieldError {
        let Self { place, detail, .. } = self.placed(start);
        FieldError::new(&place.unwrap_or_default(), detail)
    }
}

impl Error for Misfit {
    fn custom<T: Display>(detail: T) -> Self {
        Self { field: None, place: None, detail: detail.to_string() }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {}", in_plain_words(&expected.to_string())))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format_args!("must be one of {}", known.join(", ")))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let detail = "is not a field of this object; its fields are";
        Self::custom(format_args!("{detail} {}", known.join(", "))).in_field(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom("is required").in_field(field)
    }
}

fn in_plain_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" => "a whole number that is not negative",
        "i32" | "i64" => "a whole number",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}
