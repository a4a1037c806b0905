//! What are the rows of a join? Those of the left side, each as often as rows of the right one belong to it, with the
//! columns of these; the right side lies in a hash table.

use std::sync::Arc;

use alluvium_expression::{Bindings, Value};
use alluvium_segments::time::Interval;
use alluvium_segments::{NullMask, NumericBlock, Segment, SegmentRef, TIME_COLUMN};
use roaring::RoaringBitmap;

use super::column::NOWHERE;
use super::condition::Condition;
use super::expanded::Expanded;
use super::index::Index;
use super::unnest::check_rows;
use crate::QueryError;
use crate::column::ColumnData;
use crate::filter::Verdicts;
use crate::inline::InlineSegment;
use crate::plan::{Scope, VirtualColumn, VirtualSource};
use crate::request::JoinKind;
use crate::run::Control;
use crate::scan::{Kind, RowValues, visit};

/// The right side of a join, ready to be asked.
#[derive(Debug)]
pub(super) struct RightSide {
    segment: Arc<dyn Segment>,
    index: Index,
    condition: Condition,
    prefix: String,
    kind: JoinKind,
}

/// A segment of the left side, joined, and the rows of the right side that belong to some of its rows.
pub(super) type Joined = (SegmentRef, RoaringBitmap);

impl RightSide {
    /// The rows of a segment in memory.
    pub(super) fn new(
        segment: Arc<dyn Segment>,
        condition: Condition,
        (prefix, kind): (&str, JoinKind),
        verdicts: &Verdicts,
        control: &Control,
    ) -> Result<Self, QueryError> {
        let index = Index::new(&segment, &condition, verdicts, control)?;
        Ok(Self { segment, index, condition, prefix: prefix.to_owned(), kind })
    }

    /// What the left side is compared by, as columns of these names.
    pub(super) fn keys(&self) -> Vec<VirtualColumn> {
        let column = |(i, equality): (usize, &super::condition::Equality)| {
            let source = VirtualSource::Expression { expression: equality.left.clone(), output_type: None };
            VirtualColumn { name: key_name(i), source }
        };
        self.condition.equalities.iter().enumerate().map(column).collect()
    }

    /// The rows of a segment of the left side that are in the scope, whose virtual columns are the keys.
    pub(super) fn join(
        &self,
        scope: &Scope,
        verdicts: &Verdicts,
        segment: &SegmentRef,
        control: &Control,
    ) -> Result<Joined, QueryError> {
        let names: Vec<Arc<str>> = (0..self.condition.equalities.len()).map(|i| key_name(i).into()).collect();
        let mut pairs = Pairs::default();
        let start = |source: &mut crate::scan::Source<'_>| {
            let mut by_entry = None;
            if let [name] = names.as_slice() {
                let slot = source.slot(name)?;
                by_entry = (source.kind(slot) == Kind::Ids).then_some(slot);
            }
            Ok((RowValues::new(&names, source)?, by_entry, Vec::<Option<&[u32]>>::new()))
        };
        visit((scope, verdicts), segment, control, start, |state, source| {
            let (values, by_entry, known) = state;
            values.load(source)?;
            for position in 0..source.len() {
                let entry = by_entry.and_then(|slot| match source.values(slot) {
                    crate::scan::Values::Ids(ids) => ids.get(position).map(|id| *id as usize),
                    _ => None,
                });
                let remembered = entry.and_then(|entry| *known.get(entry)?);
                let right = match remembered {
                    Some(right) => right,
                    None => {
                        values.seek(source, position)?;
                        let key: Vec<Value> = names.iter().map(|name| values.get(name)).collect();
                        let right = if self.condition.never { &[] } else { self.index.find(&key)? };
                        if let Some(entry) = entry {
                            known.resize(known.len().max(entry + 1), None);
                            known[entry] = Some(right);
                        }
                        right
                    }
                };
                pairs.add(source.row(position), right, self.kind);
            }
            check_rows(pairs.left.len())
        })?;
        let Pairs { left, right } = pairs;
        let matched = match self.kind.keeps_right() {
            true => right.iter().copied().filter(|row| *row != NOWHERE).collect(),
            false => RoaringBitmap::new(),
        };
        let joined =
            Expanded::new(&segment.segment, left).with(&self.segment, right, |name| self.named(name));
        let joined = SegmentRef { segment: Arc::new(joined), visible: segment.visible, hidden: None };
        Ok((joined, matched))
    }

    /// The rows that belong to no row of a segment of the left side, at a time; `None` when they are not wanted or there
    /// are none. Druid joins each segment alone: a row comes once for each it has no partner in.
    pub(super) fn rest(&self, left: &SegmentRef, matched: &RoaringBitmap, time: i64) -> Option<SegmentRef> {
        let count = u32::try_from(self.segment.rows()).unwrap_or(u32::MAX);
        let rows: Vec<u32> = (0..count).filter(|row| !matched.contains(*row)).collect();
        if !self.kind.keeps_right() || rows.is_empty() {
            return None;
        }
        let mut nulls = NullMask::default();
        nulls.push_valid(rows.len());
        let times = NumericBlock { values: vec![time; rows.len()], nulls };
        let columns = vec![(TIME_COLUMN.to_owned(), ColumnData::Longs(times))];
        let times: Arc<dyn Segment> = Arc::new(InlineSegment::new("join", columns));
        let rest =
            Expanded::without(&left.segment, &times).with(&self.segment, rows, |name| self.named(name));
        Some(SegmentRef { segment: Arc::new(rest), visible: Interval::ETERNITY, hidden: None })
    }

    /// A column of the right side as the join calls it.
    pub(super) fn named(&self, column: &str) -> String {
        format!("{}{column}", self.prefix)
    }

    /// The right side's rows.
    pub(super) fn segment(&self) -> &Arc<dyn Segment> {
        &self.segment
    }
}

/// No column of a table has such a name.
fn key_name(i: usize) -> String {
    format!("\u{0}key {i}")
}

/// Rows of both sides that belong together.
#[derive(Debug, Default)]
struct Pairs {
    left: Vec<u32>,
    right: Vec<u32>,
}

impl Pairs {
    fn add(&mut self, left: u32, right: &[u32], kind: JoinKind) {
        match right {
            [] if kind.keeps_left() => {
                self.left.push(left);
                self.right.push(NOWHERE);
            }
            rows => {
                self.left.extend(std::iter::repeat_n(left, rows.len()));
                self.right.extend_from_slice(rows);
            }
        }
    }
}
