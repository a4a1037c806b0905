//! Which columns of leaves does an expression read where it reads nested columns?

use alluvium_expression::{Expr, LeafColumn};
use alluvium_segments::{ColumnType, Leaf, PathStep, leaf_name};

use super::{Origin, SlotId, Source};
use crate::QueryError;

impl Source<'_> {
    /// The expression over leaves instead of documents, where the segment has them.
    pub(super) fn over_leaves(&mut self, expression: &Expr) -> Result<Option<Expr>, QueryError> {
        if self.segment.is_live() {
            return Ok(None);
        }
        expression.over_leaves(&mut |column, path| self.leaf(column, path))
    }

    /// The column of a leaf and its type.
    fn leaf(&mut self, column: &str, path: &[PathStep]) -> Result<Option<LeafColumn>, QueryError> {
        if self.virtuals.iter().any(|computed| computed.name == column) {
            return Ok(None);
        }
        let (leaf_type, origin) = match self.segment.leaf(column, path)? {
            Leaf::Unknown => return Ok(None),
            Leaf::Absent => (ColumnType::Json, Origin::Missing),
            Leaf::Stored(leaf_type, column) => (leaf_type, Origin::of(column)),
        };
        // No column of a table is named so.
        let name = format!("{column}\0{}", leaf_name(path));
        if !self.names.contains_key(&name) {
            let slot = self.push(origin, leaf_type);
            self.slots[slot].stored = Some(name.clone());
            self.names.insert(name.clone(), slot);
        }
        Ok(Some((name.into(), leaf_type)))
    }

    /// The slot of a leaf that is all of an expression, where it is of the type that is asked for.
    pub(super) fn whole_leaf(&self, over: Option<&Expr>, output: Option<ColumnType>) -> Option<SlotId> {
        let slot = *self.names.get(over?.as_column()?)?;
        let fits = match self.origin(slot) {
            Origin::Long(_) => output == Some(ColumnType::Long),
            Origin::Double(_) => output == Some(ColumnType::Double),
            Origin::Texts(_) => output.is_none_or(|output| output == ColumnType::String),
            _ => false,
        };
        fits.then_some(slot)
    }
}
