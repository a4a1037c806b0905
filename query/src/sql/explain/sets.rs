//! What is an aggregation by several grouping sets as one query? Its keys are those of all sets, and each set is a
//! subtotal.

use datafusion::arrow::datatypes::Schema;

use super::outline::{Outline, Shape};
use crate::sql::node::{Part, SegmentNode, Shown};
use crate::sql::translate::{Dimension, Work};

/// The query of a node whose parts are grouping sets.
pub(super) fn outline(node: &SegmentNode, schema: Schema) -> Option<Outline> {
    let first = node.parts.first()?;
    let mut dimensions: Vec<Dimension> = Vec::new();
    let mut names: Vec<Option<String>> = Vec::with_capacity(first.shown.len());
    let mut sets: Vec<Vec<String>> = vec![Vec::new(); node.parts.len()];
    for column in 0..first.shown.len() {
        let keys: Vec<Option<Dimension>> = node.parts.iter().map(|part| key(part, column)).collect();
        let Some(mut key) = keys.iter().flatten().next().cloned() else {
            names.push(aggregator(first, column));
            continue;
        };
        key.name = format!("d{}", dimensions.len());
        for (set, own) in sets.iter_mut().zip(&keys) {
            set.extend(own.iter().map(|_| key.name.clone()));
        }
        names.push(Some(key.name.clone()));
        dimensions.push(key);
    }
    sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
    let Work::Groups { aggregators, .. } = &first.query.work else { return None };
    let mut query = first.query.clone();
    query.work = Work::Groups { dimensions, aggregators: aggregators.clone() };
    let shape = Shape { subtotals: Some(sets), ..Shape::default() };
    Some(Outline { query, schema, source: None, names, shape })
}

/// The key that a part shows in a column.
fn key(part: &Part, column: usize) -> Option<Dimension> {
    let (Shown::Result(at), Work::Groups { dimensions, .. }) = (part.shown.get(column)?, &part.query.work)
    else {
        return None;
    };
    dimensions.get(*at).cloned()
}

/// The aggregator that a part shows in a column.
fn aggregator(part: &Part, column: usize) -> Option<String> {
    let (Shown::Result(at), Work::Groups { dimensions, aggregators }) =
        (part.shown.get(column)?, &part.query.work)
    else {
        return None;
    };
    Some(aggregators.get(at.checked_sub(dimensions.len())?)?.name.clone())
}
