//! What can indexes answer of a filter for a whole segment? Parts that are tests of indexed columns with few
//! enough ids become a bitmap of rows; the rest stays to be tested block by block.

use alluvium_expression::Filter;
use roaring::RoaringBitmap;

use super::Matcher;
use super::leaf::{Leaf, Test};
use super::matcher::Node;
use crate::QueryError;
use crate::scan::{Origin, Source};

/// More ids than this are tested row by row instead of merging their bitmaps.
const MAX_IDS: usize = 2048;

/// A filter in two parts, both of which must hold.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// Rows that pass the indexed part; `None`: there is none.
    pub(crate) indexed: Option<RoaringBitmap>,
    /// The other part.
    pub(crate) rest: Option<Matcher>,
}

impl Matcher {
    /// Answers by indexes what they can.
    pub(crate) fn split(filter: &Filter, source: &mut Source<'_>) -> Result<Split, QueryError> {
        let node = Node::new(filter, true, source)?;
        let mut parts = Vec::new();
        flatten(node, &mut parts);
        let mut indexed: Option<RoaringBitmap> = None;
        let mut rest = Vec::new();
        for part in parts {
            if !indexable(&part, source) {
                rest.push(part);
                continue;
            }
            let rows = rows(&part, source)?;
            indexed = Some(match indexed {
                None => rows,
                Some(known) => known & rows,
            });
            if indexed.as_ref().is_some_and(RoaringBitmap::is_empty) {
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
            (Test::Ids(set), Origin::Texts(column)) => column.has_index() && set.len() <= MAX_IDS,
            _ => false,
        },
    }
}

fn every(source: &Source<'_>) -> RoaringBitmap {
    let mut all = RoaringBitmap::new();
    all.insert_range(0..source.segment().rows() as u32);
    all
}

fn rows(node: &Node, source: &Source<'_>) -> Result<RoaringBitmap, QueryError> {
    Ok(match node {
        Node::Leaf(leaf) => leaf_rows(leaf, source)?,
        Node::Except(node) => every(source) - rows(node, source)?,
        Node::And(nodes) => {
            let mut found = every(source);
            for node in nodes {
                found &= rows(node, source)?;
            }
            found
        }
        Node::Or(nodes) => {
            let mut found = RoaringBitmap::new();
            for node in nodes {
                found |= rows(node, source)?;
            }
            found
        }
    })
}

fn leaf_rows(leaf: &Leaf, source: &Source<'_>) -> Result<RoaringBitmap, QueryError> {
    match (&leaf.test, source.origin(leaf.slot)) {
        (Test::Ids(set), Origin::Texts(column)) => {
            let found = column.postings(&mut set.ids())?;
            Ok(if leaf.want { found } else { every(source) - found })
        }
        (Test::Constant(true), _) => Ok(every(source)),
        _ => Ok(RoaringBitmap::new()),
    }
}
