//! What is in this block of rows? The columns one task needs, stored and computed, each read at most once a
//! block: the whole block, or (after a selective filter) the chosen rows only.

mod leaves;
mod origin;
mod unread;

use std::ops::Range;
use std::sync::Arc;

use alluvium_expression::Expr;
use alluvium_segments::{
    ColumnType, LaneBlock, LaneSlice, MultiBlock, NumericBlock, NumericColumn, Segment, TIME_COLUMN,
};
use hashbrown::HashMap;

pub(crate) use self::origin::Origin;
use super::computed::Computed;
use crate::QueryError;
use crate::column::TextInterner;
use crate::filter::Verdicts;
use crate::plan::{Input, Shown, VirtualColumn, VirtualSource};
use crate::texts::CommonNumbers;

/// Number of a column within a [`Source`].
pub(crate) type SlotId = usize;

/// Columns that most queries need no more than.
const FEW_SLOTS: usize = 6;

/// Values of the current rows.
#[derive(Debug, Default)]
pub(crate) enum Values {
    /// All null.
    #[default]
    Null,
    /// Longs.
    Long(NumericBlock<i64>),
    /// Floats.
    Float(NumericBlock<f32>),
    /// Doubles.
    Double(NumericBlock<f64>),
    /// A dictionary id a row (0: null).
    Ids(Vec<u32>),
    /// Dictionary ids of each row.
    Multi(MultiBlock),
}

/// The kind of values a column yields; the same for all blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Long,
    Float,
    Double,
    Ids,
    Multi,
}

#[derive(Debug)]
struct Slot<'s> {
    origin: Origin<'s>,
    kind: Kind,
    /// What its texts stand for.
    form: ColumnType,
    /// The name by which segments share the texts of a column that is read as it is stored.
    stored: Option<String>,
    values: Values,
    fresh: bool,
    /// The whole block on narrow lanes, where the column is stored so.
    lanes: Option<LaneBlock>,
    laned: bool,
    /// Dictionary of computed texts.
    texts: TextInterner,
}

/// The rows of a segment, block by block.
#[derive(Debug)]
pub(crate) struct Source<'s> {
    segment: &'s Arc<dyn Segment>,
    virtuals: &'s [VirtualColumn],
    verdicts: &'s Verdicts,
    names: HashMap<String, SlotId>,
    slots: Vec<Slot<'s>>,
    range: Range<usize>,
    /// Absolute row numbers, when not all rows of the range are current.
    rows: Option<Vec<u32>>,
    /// Bytes of values read out of a live segment.
    copied_live: u64,
}

impl<'s> Source<'s> {
    pub(crate) fn new(
        segment: &'s Arc<dyn Segment>,
        virtuals: &'s [VirtualColumn],
        verdicts: &'s Verdicts,
    ) -> Self {
        let (names, slots) = (HashMap::with_capacity(FEW_SLOTS), Vec::with_capacity(FEW_SLOTS));
        Self { segment, virtuals, verdicts, names, slots, range: 0..0, rows: None, copied_live: 0 }
    }

    /// The common numbers of the texts that a slot reads as they are stored (see [`Verdicts::numbers`]).
    pub(crate) fn common_numbers(&self, slot: SlotId) -> Result<Option<CommonNumbers>, QueryError> {
        match (self.origin(slot), self.stored_name(slot)) {
            (Origin::Texts(column), Some(name)) => self.verdicts.numbers(name, self.segment, *column),
            _ => Ok(None),
        }
    }

    /// The name by which segments share the texts of a slot, where it reads them as they are stored.
    pub(crate) fn stored_name(&self, slot: SlotId) -> Option<&str> {
        self.slots[slot].stored.as_deref()
    }

    /// What is known of the query's tests of texts, and the segment.
    pub(crate) fn verdicts(&self) -> (&'s Verdicts, &'s Arc<dyn Segment>) {
        (self.verdicts, self.segment)
    }

    /// The column of that name: virtual, stored, or missing.
    pub(crate) fn slot(&mut self, name: &str) -> Result<SlotId, QueryError> {
        if let Some(slot) = self.names.get(name) {
            return Ok(*slot);
        }
        // A virtual column that names itself means the stored one.
        let mut slot = self.push(self.stored(name)?, self.stored_form(name));
        self.slots[slot].stored = Some(name.to_owned());
        self.names.insert(name.to_owned(), slot);
        if let Some(column) = self.virtuals.iter().find(|v| v.name == name) {
            slot = self.computed(column)?;
            self.names.insert(name.to_owned(), slot);
        }
        Ok(slot)
    }

    /// The column of an input.
    pub(crate) fn input(&mut self, input: &Input) -> Result<SlotId, QueryError> {
        self.input_as(input, None)
    }

    /// The column of an input, a computed one of this type.
    pub(crate) fn input_as(
        &mut self,
        input: &Input,
        output: Option<ColumnType>,
    ) -> Result<SlotId, QueryError> {
        match input {
            Input::Column(name) => self.slot(name),
            Input::Expression(expression) => self.expression(expression, output),
        }
    }

    /// What is shown of a computed column.
    pub(crate) fn shown(&mut self, shown: &Shown) -> Result<SlotId, QueryError> {
        let over = self.over_leaves(&shown.expression)?;
        let over = over.map(|expression| Shown { expression, lists: shown.lists });
        let computed = Computed::shown(over.as_ref().unwrap_or(shown), self)?;
        Ok(self.push_computed(computed))
    }

    /// The column of an expression, of this type.
    fn expression(&mut self, expression: &Expr, output: Option<ColumnType>) -> Result<SlotId, QueryError> {
        let over = self.over_leaves(expression)?;
        if let Some(leaf) = self.whole_leaf(over.as_ref(), output) {
            return Ok(leaf);
        }
        let computed = Computed::new(over.as_ref().unwrap_or(expression), output, self)?;
        Ok(self.push_computed(computed))
    }

    fn push_computed(&mut self, computed: Computed) -> SlotId {
        let form = computed.form();
        self.push(Origin::Computed(Box::new(computed)), form)
    }

    /// `__time`.
    pub(crate) fn time(&mut self) -> Result<SlotId, QueryError> {
        self.slot(TIME_COLUMN)
    }

    fn stored(&self, name: &str) -> Result<Origin<'s>, QueryError> {
        Ok(self.segment.column(name)?.map_or(Origin::Missing, Origin::of))
    }

    /// What the texts of a stored column stand for.
    fn stored_form(&self, name: &str) -> ColumnType {
        self.segment.schema().find(name).map_or(ColumnType::String, |(_, spec)| spec.column_type)
    }

    /// The slot of a virtual column.
    fn computed(&mut self, column: &'s VirtualColumn) -> Result<SlotId, QueryError> {
        match &column.source {
            VirtualSource::Expression { expression, output_type } => {
                self.expression(expression, *output_type)
            }
            VirtualSource::Declared { expression, hint, .. } => self.expression(expression, *hint),
            VirtualSource::Existing { columns } => {
                for column in columns {
                    match self.stored(column)? {
                        Origin::Missing => {}
                        found => return Ok(self.push(found, self.stored_form(column))),
                    }
                }
                Ok(self.push(Origin::Missing, ColumnType::String))
            }
            VirtualSource::Values { column, keep } => {
                let Origin::Texts(texts) = self.stored(column)? else {
                    return Ok(self.push(Origin::Missing, ColumnType::String));
                };
                let keep = keep.compile()?;
                let mut passes = Vec::with_capacity(texts.cardinality() as usize);
                for id in 0..texts.cardinality() {
                    passes.push(keep.passes(texts.value(id)?));
                }
                Ok(self.push(Origin::Kept(texts, passes), ColumnType::String))
            }
        }
    }

    fn push(&mut self, origin: Origin<'s>, form: ColumnType) -> SlotId {
        let kind = match &origin {
            Origin::Missing => Kind::Null,
            Origin::Long(_) => Kind::Long,
            Origin::Float(_) => Kind::Float,
            Origin::Double(_) => Kind::Double,
            Origin::Texts(column) if column.is_multi() => Kind::Multi,
            Origin::Texts(_) => Kind::Ids,
            Origin::Kept(..) => Kind::Multi,
            Origin::Computed(computed) => computed.kind(),
        };
        let (values, texts, lanes) = (Values::Null, TextInterner::default(), None);
        let form = if form.is_coded() { form } else { ColumnType::String };
        let (stored, fresh, laned) = (None, false, false);
        self.slots.push(Slot { origin, kind, form, stored, values, fresh, lanes, laned, texts });
        self.slots.len() - 1
    }

    /// Whether some column is an expression.
    pub(crate) fn computes(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot.origin, Origin::Computed(_)))
    }

    /// What a column yields.
    pub(crate) fn kind(&self, slot: SlotId) -> Kind {
        self.slots[slot].kind
    }

    /// What the texts of a column stand for: themselves, or values of a type that is coded as text.
    pub(crate) fn form(&self, slot: SlotId) -> ColumnType {
        self.slots[slot].form
    }

    /// Where a column comes from.
    pub(crate) fn origin(&self, slot: SlotId) -> &Origin<'s> {
        &self.slots[slot].origin
    }

    /// Number of dictionary ids of a column of texts so far, null included.
    pub(crate) fn cardinality(&self, slot: SlotId) -> u32 {
        match &self.slots[slot].origin {
            Origin::Texts(column) | Origin::Kept(column, _) => column.cardinality(),
            _ => self.slots[slot].texts.table.len() as u32 + 1,
        }
    }

    /// The text of a dictionary id.
    pub(crate) fn text(&self, slot: SlotId, id: u32) -> Result<Option<&str>, QueryError> {
        match &self.slots[slot].origin {
            Origin::Texts(column) | Origin::Kept(column, _) => Ok(column.value(id)?),
            _ => Ok(self.slots[slot].texts.table.get(id)),
        }
    }

    /// Moves on to a range of rows.
    pub(crate) fn begin(&mut self, range: Range<usize>) {
        self.range = range;
        self.rows = None;
        self.forget();
    }

    /// Moves on to single rows, ascending.
    pub(crate) fn begin_rows(&mut self, rows: Vec<u32>) {
        self.rows = Some(rows);
        self.forget();
    }

    fn forget(&mut self) {
        for slot in &mut self.slots {
            (slot.fresh, slot.laned) = (false, false);
        }
    }

    /// Keeps only the current rows at these ascending positions; they become rows `0..positions.len()`.
    pub(crate) fn narrow(&mut self, positions: &[u32]) {
        self.rows = Some(positions.iter().map(|p| self.row(*p as usize)).collect());
        for slot in &mut self.slots {
            slot.laned = false;
            if slot.fresh {
                slot.values.narrow(positions);
            }
        }
    }

    /// Whether the current rows are chosen ones.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.rows.is_some()
    }

    /// Number of current rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.range.len(), Vec::len)
    }

    /// The absolute number of the current row `position`.
    pub(crate) fn row(&self, position: usize) -> u32 {
        self.rows.as_ref().map_or((self.range.start + position) as u32, |rows| rows[position])
    }

    /// Reads a column's current rows, unless they are there.
    pub(crate) fn load(&mut self, slot: SlotId) -> Result<(), QueryError> {
        if self.slots[slot].fresh {
            return Ok(());
        }
        let mut values = std::mem::take(&mut self.slots[slot].values);
        if matches!(self.slots[slot].origin, Origin::Computed(_)) {
            self.compute(slot, &mut values)?;
        } else {
            let rows = self.rows.as_deref();
            read(&self.slots[slot].origin, self.slots[slot].kind, &self.range, rows, &mut values)?;
            if self.segment.is_live() {
                self.copied_live += values.bytes();
            }
        }
        self.slots[slot].values = values;
        self.slots[slot].fresh = true;
        Ok(())
    }

    /// Reads a column's current rows as lanes where that is possible, else as [`Source::load`] does.
    pub(crate) fn load_lanes(&mut self, slot: SlotId) -> Result<(), QueryError> {
        let Slot { origin, fresh, lanes, laned, .. } = &mut self.slots[slot];
        if *fresh || *laned {
            return Ok(());
        }
        if self.rows.is_none() {
            let lanes = lanes.get_or_insert_with(LaneBlock::spare);
            *laned = match origin {
                Origin::Long(column) => column.read_lanes(self.range.clone(), lanes)?,
                Origin::Texts(column) if !column.is_multi() => {
                    column.read_lanes(self.range.clone(), lanes)?
                }
                _ => false,
            };
        }
        if self.slots[slot].laned { Ok(()) } else { self.load(slot) }
    }

    /// The lanes and their base of a loaded column of longs without nulls, or of dictionary ids.
    pub(crate) fn lanes(&self, slot: SlotId) -> Option<(u64, LaneSlice<'_>)> {
        let Slot { lanes, laned, values, .. } = &self.slots[slot];
        if let (true, Some(lanes)) = (*laned, lanes) {
            return Some((lanes.base, lanes.slice()));
        }
        match values {
            Values::Ids(ids) => Some((0, LaneSlice::B4(ids))),
            Values::Long(block) if !block.nulls.any() => {
                Some((0, LaneSlice::B8(bytemuck::cast_slice(&block.values))))
            }
            _ => None,
        }
    }

    fn compute(&mut self, slot: SlotId, values: &mut Values) -> Result<(), QueryError> {
        let origin = std::mem::replace(&mut self.slots[slot].origin, Origin::Missing);
        let mut texts = std::mem::take(&mut self.slots[slot].texts);
        let Origin::Computed(mut computed) = origin else { return Ok(()) };
        let result = computed.evaluate(self, &mut texts, values);
        self.slots[slot].origin = Origin::Computed(computed);
        self.slots[slot].texts = texts;
        result
    }

    /// Bytes of values read out of a live segment so far.
    pub(crate) fn copied_live(&self) -> u64 {
        self.copied_live
    }

    /// The values of a loaded column.
    pub(crate) fn values(&self, slot: SlotId) -> &Values {
        &self.slots[slot].values
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(lanes) = self.lanes.take() {
            lanes.give_back();
        }
    }
}

fn read(
    origin: &Origin<'_>,
    kind: Kind,
    range: &Range<usize>,
    rows: Option<&[u32]>,
    values: &mut Values,
) -> Result<(), QueryError> {
    fn number<T: Default>(
        column: &dyn NumericColumn<T>,
        range: &Range<usize>,
        rows: Option<&[u32]>,
        block: &mut NumericBlock<T>,
    ) -> Result<(), QueryError> {
        match rows {
            Some(rows) => column.gather(rows, block)?,
            None => column.read(range.clone(), block)?,
        }
        Ok(())
    }
    values.be(kind);
    match (origin, values) {
        (Origin::Long(column), Values::Long(block)) => number(*column, range, rows, block)?,
        (Origin::Float(column), Values::Float(block)) => number(*column, range, rows, block)?,
        (Origin::Double(column), Values::Double(block)) => number(*column, range, rows, block)?,
        (Origin::Texts(column), Values::Ids(ids)) => match rows {
            Some(rows) => column.gather_ids(rows, ids)?,
            None => column.read_ids(range.clone(), ids)?,
        },
        (Origin::Texts(column) | Origin::Kept(column, _), Values::Multi(block)) => {
            match rows {
                Some(rows) => column.gather_multi(rows, block)?,
                None => column.read_multi(range.clone(), block)?,
            }
            if let Origin::Kept(_, passes) = origin {
                keep(block, passes);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Drops the ids that do not pass.
fn keep(block: &mut MultiBlock, passes: &[bool]) {
    let (mut to, mut from) = (0usize, 0usize);
    for end in block.offsets.iter_mut().skip(1) {
        while from < *end as usize {
            let id = block.ids[from];
            if passes.get(id as usize).copied().unwrap_or(false) {
                block.ids[to] = id;
                to += 1;
            }
            from += 1;
        }
        *end = to as u32;
    }
    block.ids.truncate(to);
}
