//! Which nested values become fields? A flatten spec applied to a parsed record.

use super::field::Field;
use super::json_path::JsonPath;
use crate::spec::{FlattenKind, FlattenSpec, SpecError};

/// Whether a path can be read.
pub(crate) fn check_json_path(path: &str) -> Result<(), String> {
    JsonPath::parse(path).map(|_| ())
}

/// A flatten spec, ready to be applied.
#[derive(Debug, Clone)]
pub(crate) struct Flattener {
    /// Whether root fields are seen as they are.
    pub(crate) discover: bool,
    fields: Vec<(String, Place)>,
}

#[derive(Debug, Clone)]
enum Place {
    Root(String),
    Path(JsonPath),
    Tree(Vec<String>),
}

impl Flattener {
    pub(crate) fn new(spec: &FlattenSpec) -> Result<Self, SpecError> {
        let place = |kind: &FlattenKind| {
            Ok(match kind {
                FlattenKind::Root(key) => Place::Root(key.clone()),
                FlattenKind::Tree(keys) => Place::Tree(keys.clone()),
                FlattenKind::Path(path) => Place::Path(
                    JsonPath::parse(path).map_err(|why| SpecError::invalid("flattenSpec.fields", why))?,
                ),
            })
        };
        let fields = spec.fields.iter().map(|f| Ok((f.name.clone(), place(&f.kind)?)));
        Ok(Self { discover: spec.use_field_discovery, fields: fields.collect::<Result<_, SpecError>>()? })
    }

    /// The listed fields of a record, absent ones as null.
    pub(crate) fn fields<'s, 'f>(&'s self, root: &Field<'f>) -> impl Iterator<Item = (&'s str, Field<'f>)> {
        self.fields.iter().map(move |(name, place)| {
            let found = match place {
                Place::Root(key) => root.get(key).cloned(),
                Place::Path(path) => path.read(root),
                Place::Tree(keys) => keys.iter().try_fold(root, |at: &Field<'f>, key| at.get(key)).cloned(),
            };
            (name.as_str(), found.unwrap_or(Field::Null))
        })
    }
}
