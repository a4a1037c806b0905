//! How do the rows of a batch become rows of the segment? Columns are matched by name, texts become ids, and
//! lists of texts are put into the order the dimension wants.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::column::{ColumnData, extend_numbers};
use super::ids::Ids;
use crate::dictionary::{GrowingDictionary, order};
use crate::{
    BatchColumn, CodedBatch, ColumnSpec, ColumnType, MetricFunction, MultiValueHandling, Role, RowBatch,
    Schema, SegmentError, Storage, StringBatch, TIME_COLUMN, Texts,
};

/// Ids must stay below this; the numbers above stand for lists of ids in rollup keys.
pub(crate) const MAX_IDS: u32 = u32::MAX - (1 << 24);

fn invalid<T>(message: String) -> Result<T, SegmentError> {
    Err(SegmentError::Invalid(message))
}

/// Refuses a column no live segment can hold.
fn check_spec(spec: &ColumnSpec) -> Result<(), SegmentError> {
    let (name, kind) = (&spec.name, spec.column_type);
    match &spec.role {
        _ if name == TIME_COLUMN => invalid(format!("`{TIME_COLUMN}` cannot be the name of another column")),
        Role::Metric { function: MetricFunction::Merge, recipe, .. } => {
            if kind.is_complex() && recipe.is_some() {
                return Ok(());
            }
            invalid(format!(
                "metric `{name}` is {kind}: one that is merged must be COMPLEX and have a recipe"
            ))
        }
        Role::Metric { .. } if !kind.is_numeric() => {
            invalid(format!("metric `{name}` is a {kind}: a metric must be LONG, FLOAT or DOUBLE"))
        }
        Role::Metric { function: MetricFunction::Count, .. } if kind != ColumnType::Long => {
            invalid(format!("metric `{name}` counts rows and must be LONG, not {}", kind.druid_name()))
        }
        _ => Ok(()),
    }
}

/// Refuses a schema no live segment can have.
pub(crate) fn check_schema(schema: &Schema) -> Result<(), SegmentError> {
    let mut names = HashSet::with_capacity(schema.columns.len());
    for spec in &schema.columns {
        check_spec(spec)?;
        if !names.insert(&spec.name) {
            return invalid(format!("the schema has two columns named `{}`", spec.name));
        }
    }
    Ok(())
}

/// Refuses a batch whose columns do not have the rows and types its schema says.
pub(crate) fn check_batch(batch: &RowBatch) -> Result<(), SegmentError> {
    let (rows, specs) = (batch.time.len(), &batch.schema.columns);
    if batch.columns.len() != specs.len() {
        let found = batch.columns.len();
        return invalid(format!("the batch has {found} columns, its schema {}", specs.len()));
    }
    for (spec, column) in specs.iter().zip(&batch.columns) {
        let (storage, found, nulls) = match column {
            BatchColumn::Long(c) => (Storage::Long, c.values.len(), c.nulls.len()),
            BatchColumn::Float(c) => (Storage::Float, c.values.len(), c.nulls.len()),
            BatchColumn::Double(c) => (Storage::Double, c.values.len(), c.nulls.len()),
            BatchColumn::String(c) => {
                let values = c.row_ends.last().map_or(0, |end| *end as usize);
                if values > c.value_ends.len() || values > c.value_nulls.len() {
                    return invalid(format!("column `{}` of the batch lacks values of its rows", spec.name));
                }
                (Storage::Texts, c.row_ends.len(), rows)
            }
            BatchColumn::Coded(c) => {
                let largest = c.codes.iter().copied().max().unwrap_or(0);
                if largest as usize > c.texts.len() {
                    return invalid(format!("column `{}` of the batch lacks texts of its rows", spec.name));
                }
                (Storage::Texts, c.codes.len(), rows)
            }
        };
        if storage != spec.column_type.storage() {
            let (name, says) = (&spec.name, spec.column_type);
            return invalid(format!("column `{name}` of the batch is {storage}, its schema says {says}"));
        }
        if found != rows || nulls != rows {
            return invalid(format!("column `{}` of the batch has {found} rows, not {rows}", spec.name));
        }
    }
    Ok(())
}

/// Which batch column feeds each column of the segment, for batches of one schema.
#[derive(Debug)]
pub(crate) struct Alignment {
    /// Whose meaning this is; held so that the address cannot be used for another.
    pub(crate) schema: Arc<Schema>,
    /// A column of the batch for each column of the segment.
    pub(crate) sources: Vec<Option<usize>>,
}

impl Alignment {
    /// Matches columns by name.
    pub(crate) fn new(segment: &Schema, schema: Arc<Schema>) -> Self {
        let by_name: HashMap<&str, usize> =
            schema.columns.iter().enumerate().map(|(i, c)| (c.name.as_str(), i)).collect();
        let sources: Vec<Option<usize>> =
            segment.columns.iter().map(|c| by_name.get(c.name.as_str()).copied()).collect();
        drop(by_name);
        Self { schema, sources }
    }
}

/// The columns of `incoming` the segment lacks.
///
/// # Errors
/// When a column both have is of another type or purpose, or rows are made in another way.
pub(crate) fn new_columns(known: &Schema, incoming: &Schema) -> Result<Vec<ColumnSpec>, SegmentError> {
    if known.rollup != incoming.rollup || known.query_granularity != incoming.query_granularity {
        return invalid("the batch differs from its segment in rollup or query granularity".to_owned());
    }
    check_schema(incoming)?;
    let by_name: HashMap<&str, &ColumnSpec> = known.columns.iter().map(|c| (c.name.as_str(), c)).collect();
    let mut new = Vec::new();
    for spec in &incoming.columns {
        let Some(old) = by_name.get(spec.name.as_str()) else {
            new.push(spec.clone());
            continue;
        };
        if old.column_type != spec.column_type {
            let (is, brought) = (old.column_type.druid_name(), spec.column_type.druid_name());
            return invalid(format!(
                "column `{}` is {is} in the segment, the batch brings {brought}",
                spec.name
            ));
        }
        let same = match (&old.role, &spec.role) {
            (Role::Dimension(a), Role::Dimension(b)) => a == b,
            (
                Role::Metric { function: a, recipe: known, .. },
                Role::Metric { function: b, recipe: brought, .. },
            ) => a == b && known == brought,
            _ => false,
        };
        if !same {
            let (is, brought) = (&old.role, &spec.role);
            return invalid(format!(
                "column `{}` is a {is:?} in the segment, in the batch {brought:?}",
                spec.name
            ));
        }
    }
    Ok(new)
}

/// Appends rows of a batch to columns laid out as the segment's: `__time`, then one a source.
/// `dictionaries[i]` is that of the segment's column `i`.
pub(crate) fn encode(
    batch: &RowBatch,
    rows: Range<usize>,
    sources: &[Option<usize>],
    schema: &Schema,
    dictionaries: &mut [TextIds],
    out: &mut [ColumnData],
) {
    let [ColumnData::Long(time), out @ ..] = out else { return debug_assert!(false, "no time column") };
    time.values.extend_from_slice(&batch.time[rows.clone()]);
    time.nulls.push_valid(rows.len());
    for (i, to) in out.iter_mut().enumerate() {
        let from = sources.get(i).copied().flatten().and_then(|s| batch.columns.get(s));
        match (from, to) {
            (None, to) => to.push_null(rows.len()),
            (Some(BatchColumn::Long(from)), ColumnData::Long(to)) => extend_numbers(to, from, rows.clone()),
            (Some(BatchColumn::Float(from)), ColumnData::Float(to)) => extend_numbers(to, from, rows.clone()),
            (Some(BatchColumn::Double(from)), ColumnData::Double(to)) => {
                extend_numbers(to, from, rows.clone())
            }
            (Some(BatchColumn::String(from)), ColumnData::String(to)) => {
                let handling = match schema.columns[i].role {
                    Role::Dimension(options) => options.multi_value,
                    Role::Metric { .. } => MultiValueHandling::Array,
                };
                encode_texts(from, rows.clone(), handling, &mut dictionaries[i].dictionary, to);
            }
            (Some(BatchColumn::Coded(from)), ColumnData::String(to)) => {
                dictionaries[i].encode(from, rows.clone(), to);
            }
            _ => debug_assert!(false, "columns of different types"),
        }
    }
}

/// The dictionary of a column, and what is known of the numbers that batches bring.
#[derive(Debug, Default)]
pub(crate) struct TextIds {
    pub(crate) dictionary: GrowingDictionary,
    /// The texts of the last numbered batch; held so that the address cannot be used for others.
    texts: Arc<Texts>,
    /// The id of each of its numbers, `UNKNOWN` for those not met yet.
    known: Vec<u32>,
}

/// No id is as large.
const UNKNOWN: u32 = u32::MAX;

impl TextIds {
    /// Bytes of memory it takes, about.
    pub(crate) fn size(&self) -> usize {
        self.dictionary.size() + self.known.capacity() * size_of::<u32>()
    }

    /// Appends rows of a numbered batch: a text is looked up when its number is met for the first time.
    fn encode(&mut self, batch: &CodedBatch, rows: Range<usize>, to: &mut Ids) {
        if !Arc::ptr_eq(&self.texts, &batch.texts) || self.known.is_empty() {
            self.texts = Arc::clone(&batch.texts);
            self.known.clear();
            self.known.resize(batch.texts.len() + 1, UNKNOWN);
            self.known[0] = 0;
        }
        let Self { dictionary, texts, known } = self;
        to.extend_single(batch.codes[rows].iter().map(|code| {
            let known = &mut known[*code as usize];
            if *known == UNKNOWN {
                let text = texts.get(*code as usize - 1);
                *known = text.map_or(0, |text| dictionary.intern(text));
            }
            *known
        }));
    }
}

fn encode_texts(
    batch: &StringBatch,
    rows: Range<usize>,
    handling: MultiValueHandling,
    dictionary: &mut GrowingDictionary,
    to: &mut Ids,
) {
    to.reserve(rows.len());
    let mut list = Vec::new();
    let mut ids = Vec::new();
    for row in rows {
        let values = batch.row(row);
        match values.len() {
            0 => to.push_null(1),
            1 => match batch.value(values.start) {
                Some(text) if !to.is_multi() => to.push_single(dictionary.intern(text)),
                text => to.push_row(&[text.map_or(0, |t| dictionary.intern(t))]),
            },
            _ => {
                list.clear();
                list.extend(values.map(|v| batch.value(v)));
                arrange(&mut list, handling);
                ids.clear();
                ids.extend(list.iter().map(|text| text.map_or(0, |t| dictionary.intern(t))));
                to.push_row(&ids);
            }
        }
    }
}

/// Puts the values of a row into the order the dimension wants; null comes first.
fn arrange(list: &mut Vec<Option<&str>>, handling: MultiValueHandling) {
    if handling == MultiValueHandling::Array {
        return;
    }
    list.sort_by(|a, b| match (a, b) {
        (Some(a), Some(b)) => order::compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    if handling == MultiValueHandling::SortedSet {
        list.dedup();
    }
}
