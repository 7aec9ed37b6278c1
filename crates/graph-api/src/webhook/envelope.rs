//! The shell of a POST: entries and their changes, whatever is inside.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::ids::WabaId;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::ParseError;
use crate::loose::{self, Loose};

/// One `changes[]` item with what its entry says. All parts may be missing or of any type.
#[derive(Clone, Copy, Default)]
pub(super) struct Change<'a> {
    /// Its place, for the pointer of a poison item.
    pub(super) entry: usize,
    /// Its place in the entry.
    pub(super) index: usize,
    /// `entry.id`: the WABA, as a rule.
    pub(super) entry_id: Option<Loose<'a>>,
    /// `entry.time`: when Meta told it.
    pub(super) entry_time: Option<Loose<'a>>,
    /// What kind of change.
    pub(super) field: Option<Loose<'a>>,
    /// The change.
    pub(super) value: Option<Loose<'a>>,
}

impl Change<'_> {
    /// The account that the change is about.
    pub(super) fn waba_id(&self) -> Option<WabaId> {
        self.entry_id?.text()?.parse().ok()
    }

    /// When Meta told it.
    pub(super) fn told_at(&self) -> Option<DateTime<Utc>> {
        loose::instant(&self.entry_time?.text()?)
    }

    /// JSON pointer to this change.
    pub(super) fn pointer(&self) -> String {
        format!("/entry/{}/changes/{}", self.entry, self.index)
    }
}

/// All changes of a body. An entry or change of a wrong type yields one [`Change`] without parts.
pub(super) fn changes(body: &[u8]) -> Result<Vec<Change<'_>>, ParseError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| ParseError::NotUtf8 { after: error.valid_up_to() })?;
    let mut found = Found::default();
    let mut json = serde_json::Deserializer::from_str(text);
    Walk { level: Level::Body, found: &mut found }
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| not_json(&error))?;
    if found.has_entry { Ok(found.changes) } else { Err(ParseError::NotEnvelope) }
}

fn not_json(error: &serde_json::Error) -> ParseError {
    let detail = match error.classify() {
        // Their texts are fixed ones, without a word of the body.
        Category::Syntax | Category::Eof => error.to_string(),
        Category::Data | Category::Io => {
            format!("unreadable at line {} column {}", error.line(), error.column())
        }
    };
    ParseError::NotJson { detail }
}

#[derive(Default)]
struct Found<'a> {
    has_entry: bool,
    entries: usize,
    changes: Vec<Change<'a>>,
    /// Where in `changes` the entry being read begins.
    start: usize,
}

impl<'a> Found<'a> {
    fn push(&mut self, change: Change<'a>) {
        let index = self.changes.len() - self.start;
        self.changes.push(Change { entry: self.entries, index, ..change });
    }

    fn end_entry(
        &mut self,
        entry_id: Option<Loose<'a>>,
        entry_time: Option<Loose<'a>>,
        has_changes: bool,
    ) {
        if !has_changes {
            self.push(Change::default());
        }
        for change in &mut self.changes[self.start..] {
            change.entry_id = entry_id;
            change.entry_time = entry_time;
        }
        self.entries += 1;
        self.start = self.changes.len();
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Body,
    Entry,
    Change,
}

/// Reads one level, be it an object or a list of them; other types are noted and passed over.
struct Walk<'w, 'de> {
    level: Level,
    found: &'w mut Found<'de>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Entry,
    Id,
    Time,
    Changes,
    Field,
    Value,
    #[serde(other)]
    Other,
}

impl<'de> Walk<'_, 'de> {
    fn body<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Entry => {
                    map.next_value_seed(Walk { level: Level::Entry, found: self.found })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn entry<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut id, mut time, mut has_changes) = (None, None, false);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Id => id = Some(map.next_value()?),
                Key::Time => time = Some(map.next_value()?),
                Key::Changes => {
                    has_changes = true;
                    map.next_value_seed(Walk { level: Level::Change, found: self.found })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.found.end_entry(id, time, has_changes);
        Ok(())
    }

    fn change<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut change = Change::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Field => change.field = Some(map.next_value()?),
                Key::Value => change.value = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.found.push(change);
        Ok(())
    }

    fn wrong_type(self) {
        match self.level {
            Level::Body => {}
            Level::Entry => self.found.end_entry(None, None, false),
            Level::Change => self.found.push(Change::default()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.found.has_entry |= self.level == Level::Entry;
        match self.level {
            Level::Body => self.body(map),
            Level::Entry => self.entry(map),
            Level::Change => self.change(map),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.found.has_entry |= self.level == Level::Entry;
        loop {
            let item = Walk { level: self.level, found: &mut *self.found };
            if list.next_element_seed(item)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.wrong_type();
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.wrong_type();
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.wrong_type();
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.wrong_type();
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.wrong_type();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.wrong_type();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: &str) -> Vec<String> {
        changes(body.as_bytes()).unwrap().iter().map(Change::pointer).collect()
    }

    #[test]
    fn every_change_knows_its_place_and_its_entry_also_when_the_id_comes_last() {
        let body = r#"{"entry":[{"changes":[{},{}]},{"changes":[{"field":"x"}],"id":17}]}"#;

        let found = changes(body.as_bytes()).unwrap();

        assert_eq!(
            pointers(body),
            ["/entry/0/changes/0", "/entry/0/changes/1", "/entry/1/changes/0"]
        );
        assert_eq!(found[0].waba_id(), None);
        assert_eq!(found[2].waba_id(), Some("17".parse().unwrap()));
    }

    #[test]
    fn a_list_of_one_may_be_that_one() {
        let body = r#"[{"entry":{"id":"1","changes":{"field":"x"}}}]"#;

        assert_eq!(pointers(body), ["/entry/0/changes/0"]);
    }

    #[test]
    fn an_entry_or_change_of_a_wrong_type_stands_for_itself_and_spares_its_neighbours() {
        let body = r#"{"entry":[7,null,{"id":"1"},{"id":"2","changes":["x",{"field":"y"}]}]}"#;

        let found = changes(body.as_bytes()).unwrap();

        assert_eq!(found.len(), 5);
        assert!(found[..4].iter().all(|change| change.field.is_none()));
        assert_eq!(found[4].pointer(), "/entry/3/changes/1");
    }

    #[test]
    fn a_body_without_entries_is_no_webhook() {
        for body in ["null", "7", "\"x\"", "[]", "{}", r#"{"entry":7}"#, r#"{"object":"x"}"#] {
            assert_eq!(changes(body.as_bytes()).err(), Some(ParseError::NotEnvelope), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_refused_without_being_quoted() {
        for body in ["", "{", r#"{"entry":[]} secret"#, r#"{"entry":[secret]}"#] {
            let error = changes(body.as_bytes()).err().unwrap();
            assert!(matches!(error, ParseError::NotJson { .. }), "{body}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let not_utf8 = changes(b"{\xff").err();
        assert_eq!(not_utf8, Some(ParseError::NotUtf8 { after: 1 }));
    }

    #[test]
    fn deep_nesting_ends_in_an_answer_and_not_in_an_overflow() {
        let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
        let lists = deep("[", "]");
        let value = format!(r#"{{"entry":[{{"id":"1","changes":[{{"value":{lists}}}]}}]}}"#);

        assert!(changes(lists.as_bytes()).is_err());
        assert!(changes(deep(r#"{"entry":"#, "}").as_bytes()).is_err());
        assert_eq!(changes(value.as_bytes()).unwrap().len(), 1);
    }
}
