//! How does a partial result travel? One versioned form: `AP`, version, kind, then columns; read against the
//! plan it belongs to, so that states of another shape are refused.

use super::bytes::{Fixed, Reader, put_column, put_flags, put_run};
use super::folded;
use super::{Groups, Numbers, Partial, Picks, RowBlock, RowSet, State, ValueSets};
use crate::QueryError;
use crate::column::ColumnData;
use crate::plan::{AggregateFunction, AggregatePlan, Operator};
use crate::quantiles::Quantiles;

const MAGIC: [u8; 2] = *b"AP";
const VERSION: u8 = 2;

impl Partial {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = head();
        match self {
            Self::Groups(blocks) => {
                0u8.put(&mut out);
                for groups in blocks {
                    put_groups(&mut out, groups.len, &groups.buckets, &groups.keys, &groups.states);
                }
            }
            Self::Rows(rows) => {
                1u8.put(&mut out);
                (rows.blocks.len() as u64).put(&mut out);
                for block in &rows.blocks {
                    put_run(&mut out, block.segment.as_bytes());
                    (block.rows as u64).put(&mut out);
                    (block.order.len() as u64).put(&mut out);
                    block.columns.iter().chain(&block.order).for_each(|c| put_column(&mut out, c));
                }
            }
            Self::TimeBounds(bounds) => {
                2u8.put(&mut out);
                let ends: Vec<i64> = bounds.iter().flat_map(|(min, max)| [*min, *max]).collect();
                put_run(&mut out, &ends);
            }
        }
        out
    }

    /// Reads what `to_bytes` wrote for the same operator.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn from_bytes(bytes: &[u8], operator: &Operator) -> Result<Self, QueryError> {
        let mut reader = Reader::new(bytes);
        let head = [reader.one::<u8>()?, reader.one::<u8>()?, reader.one::<u8>()?];
        if head != [MAGIC[0], MAGIC[1], VERSION] {
            return Err(reader.fail("`AP` and version 2"));
        }
        let partial = match (reader.one::<u8>()?, operator) {
            (0, Operator::Aggregate(plan)) => {
                let mut blocks = vec![read_groups(&mut reader, plan)?];
                while !reader.is_at_end() {
                    blocks.push(read_groups(&mut reader, plan)?);
                }
                Self::Groups(blocks)
            }
            (1, Operator::Rows(plan)) => Self::Rows(read_rows(&mut reader, plan.columns.len())?),
            (2, Operator::TimeBounds) => Self::TimeBounds(match reader.run::<i64>()?.as_slice() {
                [] => None,
                [min, max] => Some((*min, *max)),
                _ => return Err(reader.fail("no or two bounds")),
            }),
            _ => return Err(reader.fail("a result of this plan")),
        };
        if reader.is_at_end() { Ok(partial) } else { Err(reader.fail("the end")) }
    }
}

/// What the bytes of every partial result begin with.
fn head() -> Vec<u8> {
    let mut out = Vec::from(MAGIC);
    VERSION.put(&mut out);
    out
}

fn put_groups(out: &mut Vec<u8>, len: usize, buckets: &[i64], keys: &[ColumnData], states: &[State]) {
    (len as u64).put(out);
    put_run(out, buckets);
    keys.iter().for_each(|key| put_column(out, key));
    states.iter().for_each(|state| put_state(out, state));
}

impl Groups {
    /// What `Partial::to_bytes` makes of one block of groups with these parts.
    pub(super) fn bytes_of(len: usize, buckets: &[i64], keys: &[ColumnData], states: &[State]) -> Vec<u8> {
        let mut out = head();
        0u8.put(&mut out);
        put_groups(&mut out, len, buckets, keys, states);
        out
    }

    /// Reads groups of a plan.
    pub(super) fn from_bytes(bytes: &[u8], plan: &AggregatePlan) -> Result<Self, QueryError> {
        let mut reader = Reader::new(bytes);
        let head = [reader.one::<u8>()?, reader.one::<u8>()?, reader.one::<u8>()?, reader.one::<u8>()?];
        if head != [MAGIC[0], MAGIC[1], VERSION, 0] {
            return Err(reader.fail("`AP`, version 2 and groups"));
        }
        let groups = read_groups(&mut reader, plan)?;
        if reader.is_at_end() { Ok(groups) } else { Err(reader.fail("the end")) }
    }
}

fn put_numbers<T: Fixed>(out: &mut Vec<u8>, tag: u8, numbers: &Numbers<T>) {
    tag.put(out);
    put_run(out, &numbers.values);
    put_flags(out, &numbers.seen);
}

fn put_state(out: &mut Vec<u8>, state: &State) {
    match state {
        State::Count(counts) => {
            0u8.put(out);
            put_run(out, counts);
        }
        State::Long(n) => put_numbers(out, 1, n),
        State::Float(n) => put_numbers(out, 2, n),
        State::Double(n) => put_numbers(out, 3, n),
        State::Mean(sums, counts) => {
            4u8.put(out);
            put_run(out, sums);
            put_run(out, counts);
        }
        State::Pick(picks) => {
            5u8.put(out);
            put_run(out, &picks.times);
            put_flags(out, &picks.seen);
            put_column(out, &picks.values);
        }
        State::Summaries(summaries) => {
            6u8.put(out);
            (summaries.len() as u64).put(out);
            for summary in summaries {
                put_run(out, &summary.as_ref().map_or_else(Vec::new, |s| s.to_bytes()));
            }
        }
        State::Constant(len) => {
            7u8.put(out);
            (*len as u64).put(out);
        }
        State::Quantiles(sketches) => {
            9u8.put(out);
            (sketches.len() as u64).put(out);
            for sketch in sketches {
                put_run(out, &sketch.as_ref().map_or_else(Vec::new, |s| s.to_words()));
            }
        }
        State::Folded(values) => {
            11u8.put(out);
            folded::put(out, values);
        }
        State::Values(sets) => {
            10u8.put(out);
            sets.put(out);
        }
    }
}

/// Summaries of groups, each a run that is empty where there is none.
fn read_summaries<F: Fixed, T>(
    reader: &mut Reader<'_>,
    read: impl Fn(&[F]) -> Option<T>,
) -> Result<Vec<Option<Box<T>>>, QueryError> {
    let mut summaries = Vec::new();
    for _ in 0..reader.len(8)? {
        let run: Vec<F> = reader.run()?;
        let summary = read(&run);
        if summary.is_none() && !run.is_empty() {
            return Err(reader.fail("the summary of a group's values"));
        }
        summaries.push(summary.map(Box::new));
    }
    Ok(summaries)
}

fn read_state(reader: &mut Reader<'_>, function: &AggregateFunction) -> Result<State, QueryError> {
    Ok(match reader.one::<u8>()? {
        0 => State::Count(reader.run()?),
        1 => State::Long(Numbers { values: reader.run()?, seen: reader.flags()? }),
        2 => State::Float(Numbers { values: reader.run()?, seen: reader.flags()? }),
        3 => State::Double(Numbers { values: reader.run()?, seen: reader.flags()? }),
        4 => State::Mean(reader.run()?, reader.run()?),
        5 => State::Pick(Picks { times: reader.run()?, seen: reader.flags()?, values: reader.column()? }),
        6 => {
            let recipe = function.recipe().ok_or_else(|| reader.fail("a state of the plan's aggregator"))?;
            State::Summaries(read_summaries(reader, |bytes| recipe.read(bytes).ok())?)
        }
        7 => State::Constant(usize::try_from(reader.one::<u64>()?).unwrap_or(usize::MAX)),
        11 => State::Folded(folded::read(reader)?),
        10 => State::Values(Box::new(ValueSets::read(reader)?)),
        9 => State::Quantiles(read_summaries(reader, Quantiles::from_words)?),
        _ => return Err(reader.fail("an aggregate state")),
    })
}

impl State {
    /// Whether all its columns have `len` rows.
    fn has_len(&self, len: usize) -> bool {
        match self {
            Self::Count(counts) => counts.len() == len,
            Self::Long(n) => n.values.len() == len && n.seen.len() == len,
            Self::Float(n) => n.values.len() == len && n.seen.len() == len,
            Self::Double(n) => n.values.len() == len && n.seen.len() == len,
            Self::Mean(sums, counts) => sums.len() == len && counts.len() == len,
            Self::Pick(p) => p.times.len() == len && p.seen.len() == len && p.values.len() == len,
            Self::Summaries(summaries) => summaries.len() == len,
            Self::Quantiles(sketches) => sketches.len() == len,
            Self::Values(sets) => sets.len() == len,
            Self::Folded(values) => values.len() == len,
            Self::Constant(known) => *known == len,
        }
    }
}

fn same_kind(a: &ColumnData, b: &ColumnData) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

fn read_groups(reader: &mut Reader<'_>, plan: &AggregatePlan) -> Result<Groups, QueryError> {
    let len = usize::try_from(reader.one::<u64>()?).map_err(|_| reader.fail("a number of groups"))?;
    let mut groups = Groups::empty(plan);
    groups.len = len;
    groups.buckets = reader.run()?;
    let bucketed = !matches!(plan.granularity, alluvium_segments::time::Granularity::All);
    let mut fits = groups.buckets.len() == if bucketed { len } else { 0 };
    for key in &mut groups.keys {
        let column = reader.column()?;
        fits &= same_kind(key, &column) && column.len() == len;
        *key = column;
    }
    for (state, aggregator) in groups.states.iter_mut().zip(&plan.aggregators) {
        let read = read_state(reader, &aggregator.function)?;
        fits &= std::mem::discriminant(state) == std::mem::discriminant(&read) && read.has_len(len);
        if let (State::Pick(a), State::Pick(b)) = (&*state, &read) {
            fits &= same_kind(&a.values, &b.values);
        }
        if let (State::Values(a), State::Values(b)) = (&*state, &read) {
            fits &= a.is_like(b);
        }
        *state = read;
    }
    if fits { Ok(groups) } else { Err(reader.fail("columns of the plan's types and one length")) }
}

fn read_rows(reader: &mut Reader<'_>, columns: usize) -> Result<RowSet, QueryError> {
    let mut blocks = Vec::new();
    for _ in 0..reader.len(1)? {
        let segment = reader.text()?.to_owned();
        let rows = usize::try_from(reader.one::<u64>()?).map_err(|_| reader.fail("a number of rows"))?;
        let keys = reader.len(1)?;
        let mut read = |count: usize| (0..count).map(|_| reader.column()).collect::<Result<Vec<_>, _>>();
        let (columns, order) = (read(columns)?, read(keys)?);
        if columns.iter().chain(&order).any(|c| c.len() != rows) {
            return Err(reader.fail("columns of one length"));
        }
        blocks.push(RowBlock { segment, rows, columns, order });
    }
    Ok(RowSet { blocks })
}
