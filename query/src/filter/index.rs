//! What can be answered of a filter for a whole segment? Parts that are tests of indexed columns with few enough ids, and of
//! columns whose ids are so narrow that comparing all of them costs next to nothing, become a mask of rows; the rest stays
//! to be tested block by block.

use std::ops::Range;

use alluvium_expression::Filter;

use super::leaf::{Leaf, Test};
use super::matcher::Node;
use super::{Mask, Matcher};
use crate::QueryError;
use crate::scan::{Origin, SPARSE, Source};

/// More ids than this are tested row by row instead of merging their bitmaps.
const MAX_IDS: usize = 2048;

/// Live columns of fewer values are compared.
const FEW_LIVE: u32 = 64;
/// Columns of so many ids have them in a byte each.
const NARROW_IDS: u32 = 256;

/// A filter in two parts, both of which must hold.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// Those of the asked rows that pass the indexed part; `None`: there is none.
    pub(crate) indexed: Option<Mask>,
    /// The other part.
    pub(crate) rest: Option<Matcher>,
}

impl Matcher {
    /// Answers by indexes what they can, for rows that start at a block.
    pub(crate) fn split(
        filter: &Filter,
        source: &mut Source<'_>,
        rows: &Range<usize>,
    ) -> Result<Split, QueryError> {
        let node = Node::new(filter, true, source)?;
        if node.is_never() {
            return Ok(Split { indexed: Some(Mask::default()), rest: None });
        }
        let mut parts = Vec::new();
        flatten(node, &mut parts);
        let (by_index, others): (Vec<Node>, Vec<Node>) =
            parts.into_iter().partition(|part| indexable(part, source));
        let mut indexed: Option<Mask> = None;
        let mut rest = Vec::new();
        let ready = by_index.into_iter().map(|part| (part, true));
        for (part, by_index) in ready.chain(others.into_iter().map(|part| (part, false))) {
            let sparse = indexed.as_ref().is_some_and(|known| known.count() * SPARSE < rows.len());
            if !by_index && (sparse || !is_narrow(&part, source)) {
                rest.push(part);
                continue;
            }
            match &mut indexed {
                None => indexed = Some(marked(&part, source, rows)?),
                Some(known) => restrict(known, &part, source, rows)?,
            }
            if indexed.as_ref().is_some_and(Mask::is_empty) {
                return Ok(Split { indexed, rest: None });
            }
        }
        let rest = (!rest.is_empty()).then(|| Self { node: Node::And(rest) });
        Ok(Split { indexed, rest })
    }
}

fn flatten(node: Node, parts: &mut Vec<Node>) {
    match node {
        Node::And(nodes) => nodes.into_iter().for_each(|node| flatten(node, parts)),
        other => parts.push(other),
    }
}

fn indexable(node: &Node, source: &Source<'_>) -> bool {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().all(|node| indexable(node, source)),
        Node::Except(node) => indexable(node, source),
        Node::Leaf(leaf) => match (&leaf.test, source.origin(leaf.slot)) {
            (Test::Constant(_), _) => true,
            (Test::Ids(set), Origin::Texts(column)) => {
                // Of few values each has many rows; sealed columns have weighed that.
                let worth = column.is_sorted() || column.is_multi() || column.cardinality() >= FEW_LIVE;
                column.has_index() && worth && set.len() <= MAX_IDS
            }
            _ => false,
        },
    }
}

/// Whether all ids of its columns are compared in no time.
fn is_narrow(node: &Node, source: &Source<'_>) -> bool {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().all(|node| is_narrow(node, source)),
        Node::Except(node) => is_narrow(node, source),
        Node::Leaf(leaf) => match (&leaf.test, source.origin(leaf.slot)) {
            (Test::Constant(_), _) => true,
            // Only sealed dictionaries are sorted.
            (Test::Ids(_), Origin::Texts(column)) => {
                column.is_sorted() && !column.is_multi() && column.cardinality() <= NARROW_IDS
            }
            _ => false,
        },
    }
}

/// Drops those of known rows that do not pass.
fn restrict(
    known: &mut Mask,
    node: &Node,
    source: &Source<'_>,
    rows: &Range<usize>,
) -> Result<(), QueryError> {
    if let Node::Leaf(leaf) = node
        && let (Test::Ids(set), Origin::Texts(column)) = (&leaf.test, source.origin(leaf.slot))
    {
        let ids = &mut set.list().iter().copied();
        return Ok(column.restrict(ids, leaf.want, rows.clone(), known.words_mut())?);
    }
    known.and(&marked(node, source, rows)?);
    Ok(())
}

fn marked(node: &Node, source: &Source<'_>, rows: &Range<usize>) -> Result<Mask, QueryError> {
    Ok(match node {
        Node::Leaf(leaf) => leaf_rows(leaf, source, rows)?,
        Node::Except(node) => marked(node, source, rows)?.complement(),
        Node::And(nodes) => {
            let mut found = Mask::all(rows.len());
            nodes.iter().try_for_each(|node| restrict(&mut found, node, source, rows))?;
            found
        }
        Node::Or(nodes) => {
            let mut found = Mask::none(rows.len());
            for node in nodes {
                found.or(&marked(node, source, rows)?);
            }
            found
        }
    })
}

fn leaf_rows(leaf: &Leaf, source: &Source<'_>, rows: &Range<usize>) -> Result<Mask, QueryError> {
    match (&leaf.test, source.origin(leaf.slot)) {
        (Test::Ids(set), Origin::Texts(column)) => {
            let mut found = Mask::none(rows.len());
            column.mark(&mut set.list().iter().copied(), rows.clone(), found.words_mut())?;
            Ok(if leaf.want { found } else { found.complement() })
        }
        (Test::Constant(true), _) => Ok(Mask::all(rows.len())),
        _ => Ok(Mask::none(rows.len())),
    }
}
