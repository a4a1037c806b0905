//! Where are the single values of a nested column, and as what are they stored? Sealed segments hold them twice: in the
//! documents, and each path's as a column of its own, a *leaf* (the shredding of Dremel, Melnik et al., 2010, without
//! its levels: lists of scalars are one value, and items of other lists have paths of their own).

use serde::{Deserialize, Serialize};

use crate::{Column, ColumnType};

/// A step into a nested value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PathStep {
    /// To the item of a list with this number, from 0.
    Item(u64),
    /// To the field of an object.
    Field(Box<str>),
}

/// What a segment has stored of the values at a path of a nested column.
#[derive(Debug, Clone, Copy)]
pub enum Leaf<'s> {
    /// It is not known: the documents must be read.
    Unknown,
    /// No document has a scalar, or a list of scalars, there; null is none.
    Absent,
    /// A value a row, null where a document has none. A column of longs, doubles or texts has all of them; in one of nested
    /// values (scalars of several types, booleans, lists of scalars) each is JSON.
    Stored(ColumnType, Column<'s>),
}

/// The name of a leaf: its path as a JSON list of names and numbers, `["a","b",0]`.
#[must_use]
pub fn leaf_name(path: &[PathStep]) -> String {
    // Texts and numbers can always be written.
    serde_json::to_string(path).unwrap_or_default()
}
