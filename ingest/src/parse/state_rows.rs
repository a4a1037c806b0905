//! Where do the values wait of which states of metrics are made? In columns beside those of the rows, as JSON texts, until
//! the batch is handed over.

use alluvium_segments::time::Millis;
use alluvium_segments::{BatchColumn, ColumnType, Schema};

use super::builder::clip;
use super::field::Field;
use super::put::put_whole;
use super::record::{Reject, RejectKind};
use crate::spec::{DataSchema, MetricInput};
use crate::states::StateMaker;

/// The values of the rows being built.
#[derive(Debug)]
pub(crate) struct StateRows {
    makers: Vec<StateMaker>,
    /// A column a field of each metric.
    fields: Vec<BatchColumn>,
    /// The times of the rows, not truncated; none when there are no metrics.
    times: Vec<Millis>,
}

impl StateRows {
    pub(super) fn new(data: &DataSchema) -> Self {
        let dimensions = data.dimensions.columns.len();
        let (mut makers, mut fields) = (Vec::new(), Vec::new());
        for (i, metric) in data.metrics.iter().enumerate() {
            if let MetricInput::States(spec) = &metric.input {
                let maker = StateMaker::new(spec, dimensions + i, fields.len());
                let width = fields.len() + maker.width();
                fields.resize_with(width, || BatchColumn::of(ColumnType::Json));
                makers.push(maker);
            }
        }
        Self { makers, fields, times: Vec::new() }
    }

    pub(super) fn makers(&self) -> &[StateMaker] {
        &self.makers
    }

    /// Bytes of texts and times held.
    pub(super) fn bytes(&self) -> usize {
        let texts = |column: &BatchColumn| match column {
            BatchColumn::String(column) => column.bytes.len() + 8 * column.value_ends.len(),
            _ => 0,
        };
        8 * self.times.len() + self.fields.iter().map(texts).sum::<usize>()
    }

    /// Puts a value of the row after the first `rows`; a state that is none is a problem, and left out.
    pub(super) fn put(
        &mut self,
        index: usize,
        rows: usize,
        field: &Field<'_>,
        schema: &Schema,
    ) -> Option<Reject> {
        let problem = match field {
            Field::Text(text) => self.makers.iter().find_map(|maker| {
                let own = maker.fields().any(|(number, _)| number == index);
                let why = own.then(|| maker.check(index, text)).flatten()?;
                let name = schema.columns.get(maker.column).map(|column| column.name.clone());
                let message =
                    format!("`{}` for column `{}`: {why}", clip(text), name.clone().unwrap_or_default());
                Some(Reject { kind: RejectKind::BadValue, column: name, message, line: None })
            }),
            _ => None,
        };
        put_whole(&mut self.fields, index, rows, if problem.is_some() { &Field::Null } else { field });
        problem
    }

    /// Notes the time of the next row.
    pub(super) fn push_time(&mut self, time: Millis) {
        if !self.makers.is_empty() {
            self.times.push(time);
        }
    }

    /// Makes null what rows that end now do not have.
    pub(super) fn fill(&mut self, before: usize, count: usize) {
        for column in &mut self.fields {
            if column.rows() == before {
                (0..count).for_each(|_| column.push_null());
            }
        }
    }

    /// Forgets the rows from `rows` on.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.times.truncate(rows);
        self.fields
            .iter_mut()
            .filter(|column| column.rows() >= rows)
            .for_each(|column| column.truncate(rows));
    }

    /// Makes the states of all rows, and forgets these.
    pub(super) fn settle(&mut self, columns: &mut [BatchColumn]) {
        for maker in &self.makers {
            if let Some(column) = columns.get_mut(maker.column) {
                *column = maker.column(&self.fields, &self.times);
            }
        }
        self.times.clear();
        self.fields.iter_mut().for_each(|column| *column = BatchColumn::of(ColumnType::Json));
    }
}
