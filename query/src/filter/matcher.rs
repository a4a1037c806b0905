//! How do tests combine? A tree of masks; each node stands for the rows for which its part of the filter is true,
//! or for those for which it is false.

use alluvium_expression::{Filter, RowFilter};

use super::Mask;
use super::leaf::{Leaf, Test};
use crate::QueryError;
use crate::plan::Input;
use crate::scan::{Kind, RowValues, Source};

/// A filter bound to a segment.
#[derive(Debug)]
pub(crate) struct Matcher {
    pub(super) node: Node,
}

#[derive(Debug)]
pub(super) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    /// Rows that are not in the other.
    Except(Box<Node>),
    Leaf(Box<Leaf>),
}

impl Matcher {
    /// For the rows for which `filter` is true.
    pub(crate) fn new(filter: &Filter, source: &mut Source<'_>) -> Result<Self, QueryError> {
        Ok(Self { node: Node::new(filter, true, source)? })
    }

    /// The current rows that pass.
    pub(crate) fn evaluate(&mut self, source: &mut Source<'_>) -> Result<Mask, QueryError> {
        self.node.evaluate(source)
    }

    /// Whether all or none of the rows of an aligned block pass, as far as zone maps tell.
    pub(crate) fn by_zone(&self, source: &Source<'_>, block: usize) -> Option<bool> {
        self.node.by_zone(source, block)
    }
}

/// Whether the texts of a column stand for values.
fn is_coded(name: &str, source: &mut Source<'_>) -> Result<bool, QueryError> {
    let slot = source.slot(name)?;
    Ok(source.form(slot).is_coded())
}

impl Node {
    pub(super) fn new(filter: &Filter, want: bool, source: &mut Source<'_>) -> Result<Self, QueryError> {
        let mut all = |fields: &[Filter]| -> Result<Vec<Self>, QueryError> {
            fields.iter().map(|field| Self::new(field, want, source)).collect()
        };
        Ok(match filter {
            Filter::True => constant(want),
            Filter::False => constant(!want),
            Filter::And(fields) if want => Self::And(all(fields)?),
            Filter::And(fields) => Self::Or(all(fields)?),
            Filter::Or(fields) if want => Self::Or(all(fields)?),
            Filter::Or(fields) => Self::And(all(fields)?),
            Filter::Not(field) => Self::new(field, !want, source)?,
            Filter::IsTrue(field) if want => Self::new(field, true, source)?,
            Filter::IsTrue(field) => Self::Except(Box::new(Self::new(field, true, source)?)),
            Filter::IsFalse(field) if want => Self::new(field, false, source)?,
            Filter::IsFalse(field) => Self::Except(Box::new(Self::new(field, false, source)?)),
            Filter::Column(column) => {
                if let alluvium_expression::ColumnTest::Equals { value, .. } = &column.test
                    && value.is_array()
                    && !is_coded(&column.column, source)?
                {
                    return by_rows(filter, want, source);
                }
                Self::Leaf(Box::new(Leaf::new(column, want, source)?))
            }
            Filter::Expression(expression) => {
                let slot = source.input(&Input::Expression(expression.clone()))?;
                if matches!(source.kind(slot), Kind::Long | Kind::Double) {
                    return Ok(Self::Leaf(Box::new(Leaf { want, slot, test: Test::Truth })));
                }
                by_rows(filter, want, source)?
            }
            Filter::ColumnComparison(_) => by_rows(filter, want, source)?,
        })
    }

    fn evaluate(&mut self, source: &mut Source<'_>) -> Result<Mask, QueryError> {
        match self {
            Self::Leaf(leaf) => leaf.evaluate(source),
            Self::Except(node) => {
                let mut mask = Mask::all(source.len());
                mask.and_not(&node.evaluate(source)?);
                Ok(mask)
            }
            Self::And(nodes) => {
                let mut mask = Mask::all(source.len());
                for node in nodes {
                    mask.and(&node.evaluate(source)?);
                    if mask.count() == 0 {
                        break;
                    }
                }
                Ok(mask)
            }
            Self::Or(nodes) => {
                let mut mask = Mask::none(source.len());
                for node in nodes {
                    mask.or(&node.evaluate(source)?);
                }
                Ok(mask)
            }
        }
    }

    /// Whether no row passes, whatever is in it.
    pub(super) fn is_never(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_never(),
            Self::And(nodes) => nodes.iter().any(Self::is_never),
            Self::Or(nodes) => nodes.iter().all(Self::is_never),
            Self::Except(_) => false,
        }
    }

    fn by_zone(&self, source: &Source<'_>, block: usize) -> Option<bool> {
        match self {
            Self::Leaf(leaf) => leaf.by_zone(source, block),
            Self::Except(node) => node.by_zone(source, block).map(|all| !all),
            Self::And(nodes) => joined(nodes, false, source, block),
            Self::Or(nodes) => joined(nodes, true, source, block),
        }
    }
}

fn joined(nodes: &[Node], decisive: bool, source: &Source<'_>, block: usize) -> Option<bool> {
    let mut known = Some(!decisive);
    for node in nodes {
        match node.by_zone(source, block) {
            Some(truth) if truth == decisive => return Some(decisive),
            Some(_) => {}
            None => known = None,
        }
    }
    known
}

fn constant(passes: bool) -> Node {
    Node::Leaf(Box::new(Leaf { want: true, slot: 0, test: Test::Constant(passes) }))
}

fn by_rows(filter: &Filter, want: bool, source: &mut Source<'_>) -> Result<Node, QueryError> {
    let values = RowValues::new(&filter.required_columns(), source)?;
    let test = Test::Rows(Box::new(RowFilter::new(filter)), Box::new(values));
    Ok(Node::Leaf(Box::new(Leaf { want, slot: 0, test })))
}
