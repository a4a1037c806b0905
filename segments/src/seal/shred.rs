//! What are the leaves of the documents of a nested column? Every path at which some document has a scalar or a list of
//! scalars, with the values there.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::ColumnType;

/// No more leaves of a column are kept, those with the most values.
const MOST_LEAVES: usize = 1024;
/// No more paths are followed.
const MOST_PATHS: usize = 4 * MOST_LEAVES;

/// All leaves of a column.
#[derive(Debug)]
pub(super) struct Leaves {
    /// By name.
    pub(super) leaves: Vec<Leaf>,
    /// Whether none was left out.
    pub(super) complete: bool,
}

/// The values at one path.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The path, as [`crate::leaf_name`] writes it.
    pub(super) name: String,
    values: Vec<(u32, Scalar)>,
}

/// What a document has at a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// A whole number.
    Long(i64),
    /// Another number.
    Double(f64),
    /// A text.
    Text(String),
    /// A boolean or a list of scalars, as JSON.
    Json(String),
}

impl Leaf {
    /// The type of its column: of longs, doubles or texts where all values are, else of nested values.
    pub(super) fn column_type(&self) -> ColumnType {
        let all = |is: fn(&Scalar) -> bool| self.values.iter().all(|(_, value)| is(value));
        if all(|value| matches!(value, Scalar::Long(_))) {
            ColumnType::Long
        } else if all(|value| matches!(value, Scalar::Double(_))) {
            ColumnType::Double
        } else if all(|value| matches!(value, Scalar::Text(_))) {
            ColumnType::String
        } else {
            ColumnType::Json
        }
    }

    /// Its values, by ascending number of the document.
    pub(super) fn values(&self) -> impl Iterator<Item = (u32, &Scalar)> {
        self.values.iter().map(|(document, value)| (*document, value))
    }
}

/// The leaves of documents, which come with ascending numbers. Text that is no JSON is itself.
pub(super) fn shred<'d>(documents: impl Iterator<Item = (u32, &'d str)>) -> Leaves {
    let mut paths = Paths::default();
    for (number, text) in documents {
        let json = serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
        paths.walk(number, json, &mut "[".to_owned());
    }
    let Paths { mut leaves, complete, .. } = paths;
    let all = leaves.len();
    leaves.sort_by(|a, b| b.values.len().cmp(&a.values.len()).then_with(|| a.name.cmp(&b.name)));
    leaves.truncate(MOST_LEAVES);
    let complete = complete && leaves.len() == all;
    leaves.sort_by(|a, b| a.name.cmp(&b.name));
    Leaves { leaves, complete }
}

/// The paths that were met.
#[derive(Debug)]
struct Paths {
    leaves: Vec<Leaf>,
    numbers: HashMap<String, usize>,
    complete: bool,
}

impl Default for Paths {
    fn default() -> Self {
        Self { leaves: Vec::new(), numbers: HashMap::new(), complete: true }
    }
}

impl Paths {
    /// Follows a value whose path, without the closing bracket, is `here`.
    fn walk(&mut self, document: u32, json: Json, here: &mut String) {
        match json {
            Json::Null => {}
            Json::Object(fields) => {
                for (name, value) in fields {
                    self.step(document, value, here, &Json::String(name).to_string());
                }
            }
            Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                for (at, item) in items.into_iter().enumerate() {
                    self.step(document, item, here, &at.to_string());
                }
            }
            Json::String(text) => self.put(document, Scalar::Text(text), here),
            Json::Number(number) => {
                let value = match (number.as_i64(), number.as_f64()) {
                    (Some(long), _) => Scalar::Long(long),
                    (None, Some(double)) => Scalar::Double(double),
                    (None, None) => Scalar::Json(number.to_string()),
                };
                self.put(document, value, here);
            }
            other => self.put(document, Scalar::Json(other.to_string()), here),
        }
    }

    fn step(&mut self, document: u32, json: Json, here: &mut String, step: &str) {
        let length = here.len();
        if length > 1 {
            here.push(',');
        }
        here.push_str(step);
        self.walk(document, json, here);
        here.truncate(length);
    }

    fn put(&mut self, document: u32, value: Scalar, here: &mut String) {
        here.push(']');
        match self.numbers.get(here.as_str()) {
            Some(number) => self.leaves[*number].values.push((document, value)),
            None if self.leaves.len() < MOST_PATHS => {
                self.numbers.insert(here.clone(), self.leaves.len());
                self.leaves.push(Leaf { name: here.clone(), values: vec![(document, value)] });
            }
            None => self.complete = false,
        }
        here.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PathStep, leaf_name};

    fn values(leaves: &Leaves, path: &[PathStep]) -> Option<Vec<(u32, Scalar)>> {
        let leaf = leaves.leaves.iter().find(|leaf| leaf.name == leaf_name(path))?;
        Some(leaf.values().map(|(document, value)| (document, value.clone())).collect())
    }

    #[test]
    fn every_path_to_scalars_is_a_leaf() {
        let field = |name: &str| PathStep::Field(name.into());
        let documents = [
            (1, r#"{"a":1,"b":{"c d":"x","e":[1,null]},"f":[{"g":true},{"g":0.5}],"h":null}"#),
            (3, r#"{"a":-7,"b":"scalar","f":[[]],"h":{}}"#),
            (4, "no JSON"),
        ];
        let found = shred(documents.into_iter());
        assert!(found.complete);
        let at = |path: &[PathStep]| values(&found, path);
        assert_eq!(at(&[field("a")]), Some(vec![(1, Scalar::Long(1)), (3, Scalar::Long(-7))]));
        assert_eq!(at(&[field("b"), field("c d")]), Some(vec![(1, Scalar::Text("x".into()))]));
        assert_eq!(at(&[field("b"), field("e")]), Some(vec![(1, Scalar::Json("[1,null]".into()))]));
        assert_eq!(at(&[field("b")]), Some(vec![(3, Scalar::Text("scalar".into()))]));
        let item = |at| at_item(&found, at);
        assert_eq!(item(0), Some(vec![(1, Scalar::Json("true".into()))]));
        assert_eq!(item(1), Some(vec![(1, Scalar::Double(0.5))]));
        assert_eq!(
            at(&[field("f"), PathStep::Item(0)]),
            Some(vec![(3, Scalar::Json("[]".into()))]),
            "a list in a list"
        );
        assert_eq!(at(&[]), Some(vec![(4, Scalar::Text("no JSON".into()))]));
        assert_eq!((at(&[field("h")]), at(&[field("f")])), (None, None));
        let types: Vec<ColumnType> = found.leaves.iter().map(Leaf::column_type).collect();
        assert!(types.contains(&ColumnType::Long) && types.contains(&ColumnType::Json));
    }

    fn at_item(found: &Leaves, at: u64) -> Option<Vec<(u32, Scalar)>> {
        let field = |name: &str| PathStep::Field(name.into());
        values(found, &[field("f"), PathStep::Item(at), field("g")])
    }

    #[test]
    fn the_most_frequent_leaves_are_kept_of_very_many() {
        let fields = (0..MOST_LEAVES + 9).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(",");
        let wide = format!("{{{fields}}}");
        let documents = [(1, wide.as_str()), (2, r#"{"k1032":1,"often":2}"#), (3, r#"{"often":3}"#)];
        let found = shred(documents.into_iter());
        assert!(!found.complete);
        assert_eq!(found.leaves.len(), MOST_LEAVES);
        let often = PathStep::Field("often".into());
        assert_eq!(values(&found, &[often]).map(|found| found.len()), Some(2));
        assert!(found.leaves.is_sorted_by(|a, b| a.name < b.name));
    }
}
