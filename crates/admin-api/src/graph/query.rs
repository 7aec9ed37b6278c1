use actix_web::web::Query;

use crate::error::ApiError;
use crate::problem::Fault;

/// What may stand in the query of a read. Everything else stays here: Graph takes credentials, other
/// methods and further ids as parameters.
const NAMES: [&str; 10] = [
    "fields",
    "limit",
    "after",
    "before",
    "name",
    "name_or_content",
    "content",
    "language",
    "status",
    "category",
];

/// The number that a media id belongs to.
const NUMBER: &str = "phone_number_id";

/// The parameters of a read, in their order.
pub(crate) struct Pairs {
    pairs: Vec<(String, String)>,
    /// The number that the caller names.
    pub(crate) phone_number_id: Option<String>,
}

impl Pairs {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// Reads the query of a read.
///
/// # Errors
/// `WrongParameters`: all that are not passed on.
pub(crate) fn query(text: &str) -> Result<Pairs, ApiError> {
    let pairs = Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| ApiError::WrongParameters(vec![fault("", "cannot be read")]))?
        .into_inner();
    let (mut kept, mut number, mut faults) = (Vec::new(), None, Vec::new());
    for (name, value) in pairs {
        if name == NUMBER {
            number = Some(value);
        } else if !NAMES.contains(&name.as_str()) {
            let names = NAMES.join(", ");
            faults.push(fault(&name, format!("is not passed on; what is: {NUMBER}, {names}")));
        } else if name == "fields" && !is_list_of_names(&value) {
            faults.push(fault(&name, "must be names parted by commas, without fields of fields"));
        } else {
            kept.push((name, value));
        }
    }
    if faults.is_empty() {
        Ok(Pairs { pairs: kept, phone_number_id: number })
    } else {
        Err(ApiError::WrongParameters(faults))
    }
}

/// `fields=owner{…}` would lead from a node to others.
fn is_list_of_names(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_,".contains(&byte))
}

fn fault(name: &str, detail: impl Into<String>) -> Fault {
    let parameter = name.chars().take(100).collect();
    Fault { pointer: None, parameter: Some(parameter), detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_parameters_are_passed_on() {
        let pairs = query("fields=id,verified_name&limit=5&phone_number_id=7").unwrap();

        assert_eq!(
            pairs.iter().collect::<Vec<_>>(),
            [("fields", "id,verified_name"), ("limit", "5")]
        );
        assert_eq!(pairs.phone_number_id.as_deref(), Some("7"));
        for text in [
            "access_token=x",
            "method=delete",
            "ids=1,2",
            "fields=owner{businesses}",
            "fields=message_templates.limit(1)",
        ] {
            assert!(query(text).is_err(), "{text}");
        }
    }
}
