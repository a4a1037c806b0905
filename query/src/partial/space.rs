//! Which numbers stand for the group keys of a query? Chosen once from all its segments, so that groups of different
//! segments and workers meet by number and not by value: texts by their common number, longs and time buckets by
//! their distance from the first, other values by their bits.

use std::sync::Arc;

use alluvium_segments::time::Granularity;
use alluvium_segments::{Column, ColumnType, NullMask, NumericBlock, SegmentRef, Storage};

use crate::QueryError;
use crate::column::ColumnData;
use crate::group::{GroupLimits, Layout};
use crate::plan::{AggregateFunction, AggregatePlan, DimensionPlan, Input, Scope};
use crate::run::Control;
use crate::texts::{Dictionaries, SharedTexts};

/// Codes of texts that are numbered while groups come.
const GROWING: u64 = 1 << 31;
/// Longs that lie within so many become distances: all but those that lie at both ends of what there is.
const MOST_DISTANCE: i128 = (1 << 64) - 4;
/// The same of uniform buckets.
const MOST_UNIFORM: i128 = 1 << 40;
/// More calendar buckets than this are not listed.
const MOST_BUCKETS: usize = 1 << 16;

/// What stands for the values of one dimension.
#[derive(Debug, Clone)]
pub(crate) enum Space {
    /// Common numbers of texts; `whole`: those of all segments were given before, and are below `possible`.
    Texts { texts: Arc<SharedTexts>, whole: bool, possible: u64 },
    /// A long less `min` plus 1; 0 is null.
    Distance { min: i64, possible: u64 },
    /// The bits of a value; null is told apart elsewhere.
    Bits,
}

/// What stands for time buckets.
#[derive(Debug, Clone)]
pub(crate) enum BucketSpace {
    /// There is one.
    One,
    /// Bucket `i` starts at `first + i * length`.
    Uniform { first: i64, length: i64, possible: u64 },
    /// Starts, ascending.
    Listed(Vec<i64>),
    /// The start itself.
    Bits,
}

/// All of a plan's.
#[derive(Debug, Clone)]
pub(crate) struct Spaces {
    pub(crate) buckets: BucketSpace,
    pub(crate) dimensions: Vec<Space>,
    /// Of the values that each aggregator tells apart; `None` where it does not.
    pub(crate) distincts: Vec<Option<Space>>,
    /// Rows of all segments.
    pub(crate) rows: usize,
    pub(crate) limits: GroupLimits,
}

impl Spaces {
    /// For the groups of all these segments.
    pub(crate) fn new(
        scope: &Scope,
        plan: &AggregatePlan,
        segments: &[SegmentRef],
        (dictionaries, limits): (&Dictionaries, GroupLimits),
        control: &Control,
    ) -> Result<Self, QueryError> {
        let space = |of| Space::new(scope, of, (segments, dictionaries), control);
        let mut dimensions = Vec::with_capacity(plan.dimensions.len());
        for dimension in &plan.dimensions {
            dimensions.push(space(dimension)?);
        }
        let mut distincts = Vec::with_capacity(plan.aggregators.len());
        for aggregator in &plan.aggregators {
            distincts.push(match &aggregator.function {
                AggregateFunction::ExactDistinct(field) => Some(space(field)?),
                AggregateFunction::Summary { recipe, field, .. } if recipe.counts_distinct() => {
                    Some(space(field)?)
                }
                _ => None,
            });
        }
        let bounds = segments.iter().filter_map(|s| s.segment.time_bounds());
        let bounds = bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let buckets = BucketSpace::new(&plan.granularity, bounds);
        let rows = segments.iter().map(|s| s.segment.rows()).sum();
        Ok(Self { buckets, dimensions, distincts, rows, limits })
    }

    /// For groups of which nothing is known.
    pub(crate) fn unknown(plan: &AggregatePlan) -> Self {
        let space = |d: &DimensionPlan| match d.output_type.storage() {
            Storage::Texts => Space::growing(None),
            _ => Space::Bits,
        };
        let buckets =
            if matches!(plan.granularity, Granularity::All) { BucketSpace::One } else { BucketSpace::Bits };
        let distincts = plan.aggregators.iter().map(|_| None).collect();
        let (dimensions, limits) = (plan.dimensions.iter().map(space).collect(), GroupLimits::default());
        Self { buckets, dimensions, distincts, rows: 0, limits }
    }

    /// Where the codes of the bucket and of each dimension are in keys, when all are bounded and keys have few words.
    pub(crate) fn layout(&self) -> Option<Layout> {
        let mut all = vec![self.buckets.possible()?];
        for space in &self.dimensions {
            all.push(space.possible()?);
        }
        Layout::new(&all)
    }
}

/// Whether the texts of a column are those of its keys: not where they stand for values that are wanted in another form.
fn keeps_texts(name: &str, wanted: ColumnType, segments: &[SegmentRef]) -> bool {
    let form = |segment: &SegmentRef| {
        segment.segment.schema().columns.iter().find(|c| c.name == name).map(|c| c.column_type)
    };
    let stored = segments.iter().filter_map(form);
    stored.filter(|stored| stored.is_coded() || wanted.is_coded()).all(|stored| stored == wanted)
}

impl Space {
    fn growing(control: Option<&Control>) -> Self {
        Self::Texts { texts: SharedTexts::of_query(control), whole: false, possible: GROWING }
    }

    fn new(
        scope: &Scope,
        dimension: &DimensionPlan,
        (segments, dictionaries): (&[SegmentRef], &Dictionaries),
        control: &Control,
    ) -> Result<Self, QueryError> {
        let stored = match &dimension.input {
            Input::Column(name) if dimension.transforms.is_empty() => {
                scope.virtual_columns.iter().all(|v| v.name != *name).then_some(name)
            }
            _ => None,
        };
        Ok(match (dimension.output_type.storage(), stored) {
            (Storage::Texts, Some(name)) => {
                let texts = match keeps_texts(name, dimension.output_type, segments) {
                    true => Self::texts(scope, name, segments, dictionaries)?,
                    false => None,
                };
                texts.unwrap_or_else(|| Self::growing(Some(control)))
            }
            (Storage::Texts, None) => Self::growing(Some(control)),
            (Storage::Long, Some(name)) => Self::distance(name, segments)?.unwrap_or(Self::Bits),
            _ => Self::Bits,
        })
    }

    /// The texts that segments share.
    fn texts(
        scope: &Scope,
        name: &str,
        segments: &[SegmentRef],
        dictionaries: &Dictionaries,
    ) -> Result<Option<Self>, QueryError> {
        let texts = dictionaries.of(&scope.datasources, name);
        for segment in segments {
            match segment.segment.column(name)? {
                None => {}
                Some(Column::String(column)) if Dictionaries::takes(column) && !texts.is_full() => {
                    texts.of_segment(&segment.segment, column)?;
                }
                Some(_) => return Ok(None),
            }
        }
        let possible = texts.possible();
        Ok(Some(Self::Texts { texts, whole: true, possible }))
    }

    fn distance(name: &str, segments: &[SegmentRef]) -> Result<Option<Self>, QueryError> {
        let mut bounds: Option<(i64, i64)> = None;
        for segment in segments {
            match segment.segment.column(name)? {
                None => {}
                Some(Column::Long(column) | Column::Time(column)) => {
                    match column.bounds().map(|z| z.bounds) {
                        None => return Ok(None),
                        Some(None) => {}
                        Some(Some((low, high))) => {
                            bounds = Some(bounds.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
                        }
                    }
                }
                Some(_) => return Ok(None),
            }
        }
        let (min, max) = bounds.unwrap_or((0, 0));
        let span = i128::from(max) - i128::from(min);
        Ok((span < MOST_DISTANCE).then(|| Self::Distance { min, possible: span as u64 + 2 }))
    }

    /// The number of codes, where they are known beforehand and 0 alone is null.
    pub(crate) fn bounded(&self) -> Option<u64> {
        match self {
            Self::Texts { whole: true, possible, .. } | Self::Distance { possible, .. } => Some(*possible),
            Self::Texts { .. } | Self::Bits => None,
        }
    }

    /// The number of codes.
    pub(super) fn possible(&self) -> Option<u64> {
        match self {
            Self::Texts { possible, .. } | Self::Distance { possible, .. } => Some(*possible),
            Self::Bits => None,
        }
    }

    /// The codes of values in the output type, and which of them are null.
    pub(crate) fn codes(&self, values: &ColumnData) -> Result<Vec<u64>, QueryError> {
        let distance = |v: i64| match self {
            Self::Distance { min, .. } => v.wrapping_sub(*min).wrapping_add(1) as u64,
            _ => v as u64,
        };
        Ok(match (values, self) {
            (ColumnData::Longs(b), _) => code(b, distance),
            (ColumnData::Floats(b), _) => code(b, |v| u64::from(v.to_bits())),
            (ColumnData::Doubles(b), _) => code(b, f64::to_bits),
            (ColumnData::Texts(c), Self::Texts { texts, .. }) => {
                let codes =
                    texts.of_ids(c.table.len() + 1, c.ids.iter().copied(), |id| Ok(c.table.get(id)))?;
                codes.into_iter().map(u64::from).collect()
            }
            _ => return Err(QueryError::Internal("a group key of an unexpected type".to_owned())),
        })
    }

    /// The values of codes, in the output type; `null(i)`: value `i` is null, whatever its code.
    pub(crate) fn decode(
        &self,
        output: ColumnType,
        codes: &[u64],
        null: impl Fn(usize) -> bool,
    ) -> ColumnData {
        match (self, output) {
            (Self::Texts { texts, .. }, _) => {
                ColumnData::Texts(texts.column(codes.iter().map(|code| *code as u32)))
            }
            (Self::Distance { min, .. }, _) => {
                let value = |code: u64| min.wrapping_add(code as i64).wrapping_sub(1);
                ColumnData::Longs(decoded(codes, |i| null(i) || codes[i] == 0, value))
            }
            (Self::Bits, ColumnType::Float) => {
                ColumnData::Floats(decoded(codes, null, |code| f32::from_bits(code as u32)))
            }
            (Self::Bits, ColumnType::Double) => ColumnData::Doubles(decoded(codes, null, f64::from_bits)),
            (Self::Bits, _) => ColumnData::Longs(decoded(codes, null, |code| code as i64)),
        }
    }
}

/// Null is 0.
fn code<T: Copy>(block: &NumericBlock<T>, bits: impl Fn(T) -> u64) -> Vec<u64> {
    let mut codes: Vec<u64> = block.values.iter().map(|v| bits(*v)).collect();
    if block.nulls.any() {
        codes.iter_mut().enumerate().filter(|(i, _)| block.nulls.is_null(*i)).for_each(|(_, code)| *code = 0);
    }
    codes
}

fn decoded<T: Default>(
    codes: &[u64],
    null: impl Fn(usize) -> bool,
    value: impl Fn(u64) -> T,
) -> NumericBlock<T> {
    let mut block = NumericBlock { values: Vec::with_capacity(codes.len()), nulls: NullMask::default() };
    block.values.extend(codes.iter().map(|code| value(*code)));
    block.nulls.push_valid(codes.len());
    let nulls: Vec<usize> = (0..codes.len()).filter(|i| null(*i)).collect();
    if !nulls.is_empty() {
        block.nulls = NullMask::default();
        let mut next = 0;
        for at in nulls {
            block.values[at] = T::default();
            block.nulls.push_valid(at - next);
            block.nulls.push_null(1);
            next = at + 1;
        }
        block.nulls.push_valid(codes.len() - next);
    }
    block
}

impl BucketSpace {
    fn new(granularity: &Granularity, bounds: Option<(i64, i64)>) -> Self {
        if matches!(granularity, Granularity::All) {
            return Self::One;
        }
        let Some((min, max)) = bounds else { return Self::Bits };
        let first = granularity.bucket_start(min);
        if let Some((length, _)) = granularity.uniform() {
            let span = (i128::from(max.max(first)) - i128::from(first)) / i128::from(length);
            return if span < MOST_UNIFORM {
                Self::Uniform { first, length, possible: span as u64 + 1 }
            } else {
                Self::Bits
            };
        }
        let mut starts = vec![first];
        let mut end = granularity.bucket_end(first);
        while end <= max && starts.len() <= MOST_BUCKETS {
            starts.push(end);
            end = granularity.bucket_end(end);
        }
        if starts.len() <= MOST_BUCKETS { Self::Listed(starts) } else { Self::Bits }
    }

    fn possible(&self) -> Option<u64> {
        match self {
            Self::One => Some(1),
            Self::Uniform { possible, .. } => Some(*possible),
            Self::Listed(starts) => Some(starts.len() as u64),
            Self::Bits => None,
        }
    }

    /// The code of a bucket that starts at `start`.
    pub(crate) fn code(&self, start: i64) -> u64 {
        match self {
            Self::One => 0,
            Self::Uniform { first, length, .. } => (start.wrapping_sub(*first) / length) as u64,
            Self::Listed(starts) => starts.partition_point(|known| *known < start) as u64,
            Self::Bits => start as u64,
        }
    }

    /// Where a bucket starts.
    pub(crate) fn start(&self, code: u64) -> i64 {
        match self {
            Self::One => 0,
            Self::Uniform { first, length, .. } => first + code as i64 * length,
            Self::Listed(starts) => starts.get(code as usize).copied().unwrap_or_default(),
            Self::Bits => code as i64,
        }
    }
}
