//! Which state does an aggregator keep, and how do the rows of a block that pass its filter change it?

use alluvium_expression::parse;
use alluvium_segments::{ColumnType, SegmentRef};

use crate::QueryError;
use crate::filter::Matcher;
use crate::partial::{MergeState, Space, State};
use crate::plan::{AggregateFunction, AggregatorPlan, Input, Number};
use crate::scan::{SlotId, Source, Values};

use super::distinct::Distinct;
use super::exact::ExactDistinct;
use super::folded::{Folded, Single};
use super::kernel::{self, Rows, Target};
use super::numeric::Numeric;
use super::pick::Pick;
use super::sketched::QuantileSketches;
use super::summaries::Summaries;

/// An aggregator bound to one segment.
#[derive(Debug)]
pub(crate) struct Accumulator<'p> {
    plan: &'p AggregatorPlan,
    filter: Option<Matcher>,
    work: Work<'p>,
    /// Rows and groups left by the filter.
    rows: Vec<u32>,
    groups: Vec<u32>,
}

/// What it does.
#[derive(Debug)]
enum Work<'p> {
    Count(Vec<i64>),
    CountNonNull(SlotId, Vec<i64>),
    Counts(Box<Numeric>),
    Numeric(Box<Numeric>),
    Pick(Box<Pick>),
    Distinct(Distinct<'p>),
    Summaries(Box<Summaries<'p>>),
    Quantiles(QuantileSketches),
    Exact(Box<ExactDistinct<'p>>),
    Folded(Box<Folded<'p>>),
    Single(Box<Single>),
    Constant(usize),
}

impl<'p> Accumulator<'p> {
    /// Binds a plan to the segment of `source`; `space`: of the values that it tells apart.
    pub(crate) fn new(
        plan: &'p AggregatorPlan,
        space: Option<&Space>,
        segment: &SegmentRef,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        use AggregateFunction as F;
        let filter = plan.filter.as_ref().map(|f| Matcher::new(f, source)).transpose()?;
        let work = match &plan.function {
            F::Count => Work::Count(Vec::new()),
            F::CountNonNull(input) => Work::CountNonNull(source.input(input)?, Vec::new()),
            F::SumOfCounts(input) => {
                let sum = F::Sum(Number::Long, input.clone());
                Work::Counts(Box::new(Numeric::new(&sum, source.input(input)?, filter.is_none(), source)))
            }
            F::Sum(_, input) | F::Min(_, input) | F::Max(_, input) | F::Mean(input) => {
                let slot = source.input(input)?;
                Work::Numeric(Box::new(Numeric::new(&plan.function, slot, filter.is_none(), source)))
            }
            F::First { input, time, value_type, .. } | F::Last { input, time, value_type, .. } => {
                let (value, time) = timed((input, *value_type), time, source)?;
                Work::Pick(Box::new(Pick::new(&plan.function, value, Some(time))))
            }
            F::Any { input, .. } => {
                Work::Pick(Box::new(Pick::new(&plan.function, source.input(input)?, None)))
            }
            F::Cardinality { fields, by_row, .. } => Work::Distinct(Distinct::new(fields, *by_row, source)?),
            F::Summary { recipe, field, rest } => {
                Work::Summaries(Box::new(Summaries::new((recipe, field, rest), space, segment, source)?))
            }
            F::Quantile(input, _) => Work::Quantiles(QuantileSketches::new(source.input(input)?)),
            F::ExactDistinct(field) => {
                Work::Exact(Box::new(ExactDistinct::new(field, space, segment, source)?))
            }
            F::Fold(fold) => Work::Folded(Box::new(Folded::new(fold, source)?)),
            F::Single(column) => Work::Single(Box::new(Single::new(column, source)?)),
            F::Grouping(_) => Work::Constant(0),
        };
        Ok(Self { plan, filter, work, rows: Vec::new(), groups: Vec::new() })
    }

    /// Whether it can go on with states of other segments.
    pub(crate) fn resumes(plan: &AggregatorPlan) -> bool {
        use AggregateFunction as F;
        matches!(
            plan.function,
            F::Count | F::CountNonNull(_) | F::Sum(..) | F::Min(..) | F::Max(..) | F::Mean(_)
        )
    }

    /// Goes on with other states, those of other segments or none; gives those so far.
    pub(crate) fn exchange(&mut self, states: MergeState) -> MergeState {
        let known = match (&mut self.work, states) {
            (Work::Count(counts) | Work::CountNonNull(_, counts), MergeState::Whole(State::Count(next))) => {
                State::Count(std::mem::replace(counts, next))
            }
            (Work::Numeric(numeric), MergeState::Whole(next)) => numeric.exchange(next),
            (_, next) => return next,
        };
        MergeState::Whole(known)
    }

    /// Goes on without groups, but with room for some; gives the states so far.
    pub(crate) fn hand_over(&mut self, room: usize) -> MergeState {
        let mut state = State::new(&self.plan.function);
        state.reserve(room);
        self.exchange(MergeState::Whole(state))
    }

    /// Makes room for `groups` groups.
    pub(crate) fn grow(&mut self, groups: usize) -> Result<(), QueryError> {
        match &mut self.work {
            Work::Count(counts) | Work::CountNonNull(_, counts) => counts.resize(groups, 0),
            Work::Numeric(numeric) | Work::Counts(numeric) => numeric.grow(groups, &self.plan.function),
            Work::Pick(pick) => pick.grow(groups),
            Work::Distinct(distinct) => distinct.grow(groups),
            Work::Summaries(summaries) => summaries.grow(groups)?,
            Work::Quantiles(sketches) => sketches.grow(groups),
            Work::Exact(values) => values.grow(groups)?,
            Work::Folded(folded) => folded.grow(groups),
            Work::Single(single) => single.grow(groups),
            Work::Constant(len) => *len = groups,
        }
        Ok(())
    }

    /// Adds rows of the current block.
    pub(crate) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        let Some(filter) = &mut self.filter else { return self.work.add(source, target, rows) };
        let mask = filter.evaluate(source)?;
        self.rows.clear();
        self.groups.clear();
        let passing = |p: u32| mask.contains(p as usize);
        match (target, rows) {
            (Target::One(_), Rows::Span(start, end)) => {
                self.rows.extend((start as u32..end as u32).filter(|p| passing(*p)));
            }
            (Target::One(_), Rows::At(at)) => self.rows.extend(at.iter().filter(|p| passing(**p))),
            (Target::Each(groups), rows) => {
                for (i, group) in groups.iter().enumerate() {
                    let position = rows.position(i) as u32;
                    if passing(position) {
                        self.rows.push(position);
                        self.groups.push(*group);
                    }
                }
            }
        }
        let target =
            if let Target::One(group) = target { Target::One(group) } else { Target::Each(&self.groups) };
        self.work.add(source, target, Rows::At(&self.rows))
    }

    /// The states of all groups; reads the values that were only noted by row.
    pub(crate) fn finish(self, source: &mut Source<'_>) -> Result<MergeState, QueryError> {
        Ok(MergeState::Whole(match self.work {
            Work::Count(counts) | Work::CountNonNull(_, counts) => State::Count(counts),
            Work::Counts(numeric) => match numeric.finish() {
                State::Long(sums) => State::Count(sums.values),
                _ => return Err(QueryError::Internal("counts are longs".to_owned())),
            },
            Work::Numeric(numeric) => numeric.finish(),
            Work::Pick(pick) => State::Pick(pick.finish(source)?),
            Work::Distinct(distinct) => State::Summaries(distinct.finish()),
            Work::Summaries(summaries) => return summaries.finish(),
            Work::Quantiles(sketches) => State::Quantiles(sketches.finish()),
            Work::Exact(values) => return values.finish(source),
            Work::Folded(folded) => State::Folded(folded.finish()),
            Work::Single(single) => State::Folded(single.finish()),
            Work::Constant(len) => State::Constant(len),
        }))
    }
}

/// Where values and their times are: in two columns, or both in one of pairs, which ingestion has made.
fn timed(
    (input, value_type): (&Input, ColumnType),
    time: &str,
    source: &mut Source<'_>,
) -> Result<(SlotId, SlotId), QueryError> {
    let value = source.input(input)?;
    let (Input::Column(name), ColumnType::Complex(_)) = (input, source.form(value)) else {
        return Ok((value, source.slot(time)?));
    };
    let mut part = |part: &str, of: &str| {
        let column = name.replace('\\', "\\\\").replace('"', "\\\"");
        let expression = parse(&format!("json_value(\"{column}\", '$.{part}', '{of}')"))?;
        source.input(&Input::Expression(expression))
    };
    Ok((part("rhs", value_type.druid_name())?, part("lhs", "LONG")?))
}

impl Work<'_> {
    fn add(&mut self, source: &mut Source<'_>, target: Target<'_>, rows: Rows<'_>) -> Result<(), QueryError> {
        match self {
            Self::Count(counts) => match target {
                Target::One(group) => counts[group as usize] += rows.len() as i64,
                Target::Each(groups) => groups.iter().for_each(|g| counts[*g as usize] += 1),
            },
            Self::CountNonNull(slot, counts) => {
                source.load(*slot)?;
                let values = source.values(*slot);
                kernel::for_each(target, rows, |group, p| counts[group] += i64::from(!values.has_null(p)));
            }
            Self::Numeric(numeric) | Self::Counts(numeric) => numeric.add(source, target, rows)?,
            Self::Pick(pick) => pick.add(source, target, rows)?,
            Self::Distinct(distinct) => distinct.add(source, target, rows)?,
            Self::Summaries(summaries) => summaries.add(source, target, rows)?,
            Self::Quantiles(sketches) => sketches.add(source, target, rows)?,
            Self::Exact(values) => values.add(source, target, rows)?,
            Self::Folded(folded) => folded.add(source, target, rows)?,
            Self::Single(single) => single.add(source, target, rows)?,
            Self::Constant(_) => {}
        }
        Ok(())
    }
}

impl Values {
    /// Whether the value of a row, or one of its several, is null.
    fn has_null(&self, position: usize) -> bool {
        let Self::Multi(b) = self else { return self.is_null(position) };
        let ids = &b.ids[b.offsets[position] as usize..b.offsets[position + 1] as usize];
        ids.is_empty() || ids.contains(&0)
    }

    /// Whether the value of a row is null.
    pub(crate) fn is_null(&self, position: usize) -> bool {
        match self {
            Self::Null => true,
            Self::Long(b) => b.nulls.is_null(position),
            Self::Float(b) => b.nulls.is_null(position),
            Self::Double(b) => b.nulls.is_null(position),
            Self::Ids(ids) => ids[position] == 0,
            Self::Multi(b) => b.ids[b.offsets[position] as usize..b.offsets[position + 1] as usize]
                .iter()
                .all(|id| *id == 0),
        }
    }
}
