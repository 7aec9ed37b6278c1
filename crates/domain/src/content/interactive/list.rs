//! A menu of rows.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::field::{ensure, entries};

/// Most rows of a list, over all its sections.
const ROWS: usize = 10;

/// A button that opens a menu of 1 to 10 sections with 1 to 10 rows in all.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Sections {
    /// Stands on the button: 1 to 20 characters.
    #[garde(length(chars, min = 1, max = 20))]
    pub button: String,
    /// The groups of rows; titled when there are several.
    #[garde(dive, custom(entries(1, 10)), custom(rows), custom(titled))]
    pub sections: Vec<Section>,
}

/// A group of rows.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Up to 24 characters.
    #[garde(length(chars, max = 24))]
    pub title: Option<String>,
    /// The rows.
    #[garde(dive, custom(not_empty))]
    pub rows: Vec<Row>,
}

/// One row that can be chosen.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Comes back in the webhook: 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200))]
    pub id: String,
    /// 1 to 24 characters.
    #[garde(length(chars, min = 1, max = 24))]
    pub title: String,
    /// Up to 72 characters.
    #[garde(length(chars, max = 72))]
    pub description: Option<String>,
}

fn not_empty(rows: &[Row], _: &()) -> garde::Result {
    ensure(!rows.is_empty(), || "must not be empty".to_owned())
}

fn rows(sections: &[Section], _: &()) -> garde::Result {
    let ids: Vec<&str> =
        sections.iter().flat_map(|section| &section.rows).map(|row| row.id.as_str()).collect();
    let distinct: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    ensure(ids.len() <= ROWS, || {
        format!("must have at most {ROWS} rows in all sections together")
    })?;
    ensure(distinct.len() == ids.len(), || "no two rows may have the same id".to_owned())
}

fn titled(sections: &[Section], _: &()) -> garde::Result {
    let is_titled = |section: &Section| section.title.as_ref().is_some_and(|t| !t.is_empty());
    ensure(sections.len() <= 1 || sections.iter().all(is_titled), || {
        "every section needs a title when there are several".to_owned()
    })
}
