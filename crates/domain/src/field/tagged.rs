/// Implements serde for a union: an enum that derives both traits with `remote = "Self"`.
///
/// It is read by `reader`, which takes the variant from the field `type`, and written as
/// `{"type": T, …}`. (serde's own `tag` would report every error inside the union at the union.)
///
/// With a list of its variants, an enum of newtype variants is also validated, each value as if it
/// stood in the place of the enum.
macro_rules! tagged {
    ($name:ident { $($variant:ident),+ }) => {
        $crate::field::tagged!($name);

        impl ::garde::Validate for $name {
            type Context = ();

            fn validate_into(
                &self,
                context: &(),
                path: &mut dyn FnMut() -> ::garde::Path,
                report: &mut ::garde::Report,
            ) {
                match self {
                    $(Self::$variant(value) => value.validate_into(context, path, report),)+
                }
            }
        }
    };
    ($name:ident) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $name::deserialize(from)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let union = $name::serialize(self, ::serde_json::value::Serializer)
                    .map_err(::serde::ser::Error::custom)?;
                $crate::field::with_tag(union).serialize(to)
            }
        }
    };
}
pub(crate) use tagged;

use serde_json::{Map, Value};

use super::reader::TAG;

/// Turns `{T: {…}}`, which the derive writes, into `{"type": T, …}`.
pub(crate) fn with_tag(union: Value) -> Value {
    let Value::Object(union) = union else { return union };
    let mut tagged = Map::new();
    for (variant, fields) in union {
        tagged.insert(TAG.to_owned(), Value::String(variant));
        if let Value::Object(fields) = fields {
            tagged.extend(fields);
        }
    }
    Value::Object(tagged)
}
