//! How are rows folded by an expression, and how is the value of the only row taken?

use alluvium_expression::{Bindings, Value};

use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::plan::Fold;
use crate::refusal::Refusal;
use crate::scan::{RowValues, Source};

/// The accumulators of the groups of one segment.
#[derive(Debug)]
pub(super) struct Folded<'p> {
    fold: &'p Fold,
    row: RowValues,
    columns: Vec<std::sync::Arc<str>>,
    groups: Vec<Option<Value>>,
}

impl<'p> Folded<'p> {
    pub(super) fn new(fold: &'p Fold, source: &mut Source<'_>) -> Result<Self, QueryError> {
        let columns = fold.columns();
        let row = RowValues::new(&columns, source)?;
        Ok(Self { fold, row, columns, groups: Vec::new() })
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, None);
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        if !self.fold.folds {
            return Ok(());
        }
        self.row.load(source)?;
        let Self { fold, row, columns, groups } = self;
        let mut failed = None;
        for_each(target, rows, |group, p| {
            if failed.is_some() {
                return;
            }
            let step = || -> Result<Option<Value>, QueryError> {
                row.seek(source, p)?;
                if !fold.counts_nulls && columns.iter().any(|name| row.get(name).is_null()) {
                    return Ok(None);
                }
                fold.step(groups[group].as_ref(), row).map(Some)
            };
            let mut step = step;
            match step() {
                Ok(Some(value)) => groups[group] = Some(value),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        });
        failed.map_or(Ok(()), Err)
    }

    pub(super) fn finish(self) -> Vec<Option<Value>> {
        self.groups
    }
}

/// The values of the only rows of groups.
#[derive(Debug)]
pub(super) struct Single {
    row: RowValues,
    groups: Vec<Option<Value>>,
}

impl Single {
    pub(super) fn new(column: &str, source: &mut Source<'_>) -> Result<Self, QueryError> {
        Ok(Self { row: RowValues::new(&[column.into()], source)?, groups: Vec::new() })
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, None);
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        self.row.load(source)?;
        let Self { row, groups } = self;
        let mut failed = None;
        for_each(target, rows, |group, p| {
            if failed.is_some() {
            } else if groups[group].is_some() {
                failed = Some(more_than_one());
            } else if let Err(error) = row.seek(source, p) {
                failed = Some(error);
            } else {
                groups[group] = Some(row.first());
            }
        });
        failed.map_or(Ok(()), Err)
    }

    pub(super) fn finish(self) -> Vec<Option<Value>> {
        self.groups
    }
}

/// A second row where there must be one.
pub(crate) fn more_than_one() -> QueryError {
    QueryError::refused(Refusal::Function, "Subquery expression returned more than one row")
}
