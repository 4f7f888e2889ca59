//! Parses the JSON of a JSON Feed: known names only, charged to the budget of the document while parsing. Values of
//! other names are checked and skipped.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Number};

use crate::formats::budget::Budget;

/// The names of JSON Feed.
const NAMES: &[&str] = &[
    "attachments",
    "author",
    "authors",
    "banner_image",
    "content_html",
    "content_text",
    "date_modified",
    "date_published",
    "description",
    "duration_in_seconds",
    "external_url",
    "favicon",
    "feed_url",
    "home_page_url",
    "icon",
    "id",
    "image",
    "items",
    "language",
    "mime_type",
    "name",
    "size_in_bytes",
    "summary",
    "tags",
    "title",
    "url",
    "version",
];

/// A value.
#[derive(Debug)]
pub(super) enum Json {
    /// `null`, `true` or `false`.
    Other,
    Number(Number),
    Text(String),
    List(Vec<Json>),
    /// Each name occurs once.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// Parses a whole document.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not JSON, or its values exceed the budget.
    pub(super) fn parse(text: &str, budget: &Budget) -> Result<Json, Error> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let value = Value(budget).deserialize(&mut parser)?;
        parser.end()?;
        Ok(value)
    }

    /// Returns the value of a name in an object.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(values) = self else { return None };
        values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns the values of the list `name` in an object.
    pub(super) fn list(&self, name: &str) -> &[Json] {
        match self.get(name) {
            Some(Json::List(values)) => values,
            _ => &[],
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Json::Object(_))
    }
}

/// Parses a value.
struct Value<'b>(&'b Budget);

impl Value<'_> {
    fn charge<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        if self.0.charge(bytes) { Ok(()) } else { Err(E::custom("too much memory needed")) }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<Json, D::Error> {
        // A growing list has capacity for twice as many values.
        self.charge(2 * size_of::<Json>())?;
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Other, Json::Number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Json, E> {
        self.charge(text.len())?;
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Value(self.0))? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut values: Vec<(&'static str, Json)> = Vec::new();
        while let Some(name) = object.next_key_seed(Name)? {
            let Some(name) = name else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = object.next_value_seed(Value(self.0))?;
            // The last value of a repeated name counts.
            match values.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => values.push((name, value)),
            }
        }
        // The first push reserves space for four values.
        values.shrink_to_fit();
        Ok(Json::Object(values))
    }
}

/// Parses a name. Returns `None` for an unknown one.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(NAMES.binary_search(&name).ok().and_then(|at| NAMES.get(at).copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn json_keeps_known_names_and_the_last_of_equal_ones() {
        let text = r#"{"title": "a", "x": [{"title": 1}, "\ud800"], "title": "b", "items": [1, -1, 0.5, null, {}]}"#;
        let json = Json::parse(text, &Budget::default()).unwrap();
        assert!(matches!(json.get("title"), Some(Json::Text(title)) if title == "b"));
        assert!(json.get("x").is_none());
        let numbers = json.list("items").iter().map(|item| matches!(item, Json::Number(_)));
        assert_eq!(numbers.collect::<Vec<_>>(), [true, true, true, false, false]);
        assert!(Json::parse("{} {}", &Budget::default()).is_err());
    }

    #[test]
    fn json_beyond_the_budget_is_refused_while_it_is_parsed() {
        let budget = Budget::default();
        assert!(Json::parse(&format!("[{}0]", "0,".repeat(2_000_000)), &budget).is_err());
        assert!(budget.check().is_err());
    }
}
