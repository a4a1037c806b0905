//! What is the value of an expression over a block? Over one dictionary column each entry is evaluated once a
//! segment; else the block goes through the expression crate's kernels.

use std::sync::Arc;

use alluvium_expression::{
    BlockBindings, CompiledExpr, Dictionary, Expr, ExprBlock, ExprType, InputBlock, Value, encode, eval,
};
use alluvium_segments::{ColumnType, NumericBlock};

use super::row_values::RowValues;
use super::source::{Kind, SlotId, Source, Values};
use crate::QueryError;
use crate::column::TextInterner;
use crate::error::Refusal;
use crate::plan::{Lists, Shown};

/// An expression bound to a segment.
#[derive(Debug)]
pub(crate) struct Computed {
    expression: CompiledExpr,
    kind: Kind,
    /// What its texts stand for.
    form: ColumnType,
    columns: Vec<(Arc<str>, SlotId)>,
    values: RowValues,
    /// The only column, when it has one dictionary id a row, and the results of its entries.
    by_entry: Option<(SlotId, Vec<Option<Value>>)>,
    /// What rows show, evaluated one by one.
    shown: Option<(Expr, Lists)>,
}

impl Computed {
    pub(super) fn new(
        expression: &Expr,
        output: Option<ColumnType>,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let names = expression.required_columns();
        let values = RowValues::new(&names, source)?;
        let slots: Vec<SlotId> = values.slots().collect();
        let multi = slots.iter().any(|slot| source.kind(*slot) == Kind::Multi);
        let types = |name: &str| {
            let at = names.iter().position(|n| n.as_ref() == name)?;
            match source.kind(slots[at]) {
                Kind::Null => None,
                Kind::Long => Some(ExprType::Long),
                Kind::Float | Kind::Double => Some(ExprType::Double),
                Kind::Ids | Kind::Multi => Some(ExprType::from(source.form(slots[at]))),
            }
        };
        let expression = CompiledExpr::compile(expression, &types);
        let form = match (output, expression.output_type()) {
            (Some(output), _) => output,
            (None, Some(ExprType::Json)) => ColumnType::Json,
            _ => ColumnType::String,
        };
        let kind = match (output, expression.output_type()) {
            _ if form.is_coded() => Kind::Ids,
            (Some(ColumnType::Long), _) => Kind::Long,
            (Some(ColumnType::Float), _) => Kind::Float,
            (Some(ColumnType::Double), _) => Kind::Double,
            (None, Some(ExprType::Long)) if !multi => Kind::Long,
            (None, Some(ExprType::Double)) if !multi => Kind::Double,
            (_, Some(array)) if array.is_array() => Kind::Multi,
            _ if makes_several(expression.expr()) => Kind::Multi,
            _ if multi => Kind::Multi,
            _ => Kind::Ids,
        };
        let by_entry = match slots.as_slice() {
            [one] if source.kind(*one) == Kind::Ids => Some((*one, Vec::new())),
            _ => None,
        };
        let columns = names.into_iter().zip(slots).collect();
        Ok(Self { expression, kind, form, columns, values, by_entry, shown: None })
    }

    /// What rows show of a computed column.
    pub(super) fn shown(shown: &Shown, source: &mut Source<'_>) -> Result<Self, QueryError> {
        let output = match shown.lists {
            Lists::Refused(output) => output,
            _ => ColumnType::Json,
        };
        let mut computed = Self::new(&shown.expression, Some(output), source)?;
        let several = computed
            .columns
            .iter()
            .any(|(name, slot)| source.kind(*slot) == Kind::Multi && shown.expression.reads_single(name));
        let lists = match shown.lists {
            Lists::Refused(_) if !several => return Ok(computed),
            Lists::OfEachValue if !several => Lists::AsTheyAre,
            lists => lists,
        };
        computed.shown = Some((shown.expression.clone(), lists));
        Ok(computed)
    }

    /// What it yields.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// What its texts stand for.
    pub(super) fn form(&self) -> ColumnType {
        self.form
    }

    /// Evaluates the current rows.
    pub(super) fn evaluate(
        &mut self,
        source: &mut Source<'_>,
        texts: &mut TextInterner,
        out: &mut Values,
    ) -> Result<(), QueryError> {
        out.be(self.kind);
        out.clear();
        self.values.load(source)?;
        if let Some((expression, lists)) = &self.shown {
            for position in 0..source.len() {
                self.values.seek(source, position)?;
                let value = eval(expression, &self.values).map_err(QueryError::of_row)?;
                let value = as_shown(value, *lists)?;
                push(out, &value, self.form, texts);
            }
            return Ok(());
        }
        if self.by_entry.is_some() {
            return self.entries(source, texts, out);
        }
        let inputs = Inputs::new(&self.columns, source)?;
        let block = self.expression.eval_block(&inputs, source.len()).map_err(QueryError::of_row)?;
        match (out, block) {
            (Values::Long(to), ExprBlock::Longs(block)) => *to = block,
            (Values::Double(to), ExprBlock::Doubles(block)) => *to = block,
            (Values::Ids(ids), ExprBlock::Strings(strings)) if !self.form.is_coded() => {
                ids.extend(strings.iter().map(|text| texts.intern(text.as_deref())));
            }
            (out, block) => (0..block.len()).for_each(|i| push(out, &block.value(i), self.form, texts)),
        }
        Ok(())
    }

    fn entries(
        &mut self,
        source: &Source<'_>,
        texts: &mut TextInterner,
        out: &mut Values,
    ) -> Result<(), QueryError> {
        let Self { expression, form, values, by_entry, .. } = self;
        let Some((slot, known)) = by_entry else { return Ok(()) };
        let Values::Ids(ids) = source.values(*slot) else { return Ok(()) };
        known.resize(known.len().max(source.cardinality(*slot) as usize), None);
        for id in ids {
            let entry = known.get_mut(*id as usize);
            let entry =
                entry.ok_or_else(|| QueryError::Internal(format!("dictionary id {id} is out of range")))?;
            if entry.is_none() {
                values.seek_entry(source, *id)?;
                *entry = Some(eval(expression.expr(), &*values).map_err(QueryError::of_row)?);
            }
            if let Some(value) = entry {
                push(out, value, *form, texts);
            }
        }
        Ok(())
    }
}

/// A result as it is shown.
fn as_shown(value: Value, lists: Lists) -> Result<Value, QueryError> {
    Ok(match lists {
        Lists::Refused(wanted) if value.is_array() => {
            let wanted = wanted.druid_name();
            let message = format!("Cannot coerce field from type [java.util.ArrayList] to type [{wanted}]");
            return Err(QueryError::refused(Refusal::Unplannable, message));
        }
        Lists::OneStandsAlone if value.array_len() == Some(1) => value.elements().swap_remove(0),
        Lists::OfEachValue if !value.is_array() => {
            let element = value.value_type().unwrap_or(ExprType::String);
            Value::array_of(element, &[value])
        }
        _ => value,
    })
}

/// Whether an expression makes several values of an array.
fn makes_several(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if call.name() == "array_to_mv")
}

/// The loaded columns of a source as an expression wants them.
struct Inputs<'i, 's> {
    columns: Vec<(&'i str, Converted<'i, 's>)>,
}

/// A column of a block.
enum Converted<'i, 's> {
    Loaded(&'i Values),
    Texts { ids: &'i [u32], dictionary: Entries<'i, 's> },
    Doubles(NumericBlock<f64>),
    Values(Vec<Value>),
    Arrays(Vec<Value>),
}

struct Entries<'i, 's> {
    source: &'i Source<'s>,
    slot: SlotId,
}

impl Dictionary for Entries<'_, '_> {
    fn text(&self, id: u32) -> Option<&str> {
        // Entries were checked to be readable when the inputs were made.
        self.source.text(self.slot, id).ok().flatten()
    }
}

impl<'i, 's> Inputs<'i, 's> {
    fn new(columns: &'i [(Arc<str>, SlotId)], source: &'i Source<'s>) -> Result<Self, QueryError> {
        let mut converted = Vec::with_capacity(columns.len());
        for (name, slot) in columns {
            let column = match source.values(*slot) {
                Values::Float(block) => Converted::Doubles(NumericBlock {
                    values: block.values.iter().map(|v| f64::from(*v)).collect(),
                    nulls: block.nulls.clone(),
                }),
                Values::Ids(_) if source.form(*slot).is_coded() => each_row(name, *slot, source)?,
                Values::Ids(ids) => {
                    for id in ids {
                        source.text(*slot, *id)?;
                    }
                    Converted::Texts { ids, dictionary: Entries { source, slot: *slot } }
                }
                Values::Multi(_) => each_row(name, *slot, source)?,
                loaded => Converted::Loaded(loaded),
            };
            converted.push((name.as_ref(), column));
        }
        Ok(Self { columns: converted })
    }
}

/// A column row by row.
fn each_row<'i, 's>(
    name: &Arc<str>,
    slot: SlotId,
    source: &Source<'s>,
) -> Result<Converted<'i, 's>, QueryError> {
    let mut row = RowValues::of_slot(name, slot);
    let mut values = Vec::with_capacity(source.len());
    for position in 0..source.len() {
        row.seek(source, position)?;
        values.push(row.first());
    }
    let arrays = matches!(source.form(slot), ColumnType::Array(_));
    Ok(if arrays { Converted::Arrays(values) } else { Converted::Values(values) })
}

impl BlockBindings for Inputs<'_, '_> {
    fn block(&self, name: &str) -> Option<InputBlock<'_>> {
        let (_, column) = self.columns.iter().find(|(known, _)| *known == name)?;
        match column {
            Converted::Loaded(Values::Long(block)) => Some(InputBlock::Longs(block)),
            Converted::Loaded(Values::Double(block)) => Some(InputBlock::Doubles(block)),
            Converted::Loaded(_) => None,
            Converted::Texts { ids, dictionary } => Some(InputBlock::Ids { ids, dictionary }),
            Converted::Doubles(block) => Some(InputBlock::Doubles(block)),
            Converted::Values(values) => Some(InputBlock::Values(values)),
            Converted::Arrays(values) => Some(InputBlock::Arrays(values)),
        }
    }
}

fn number<T: Default>(block: &mut NumericBlock<T>, value: Option<T>) {
    block.nulls.push(value.is_none());
    block.values.push(value.unwrap_or_default());
}

fn push(out: &mut Values, value: &Value, form: ColumnType, texts: &mut TextInterner) {
    match out {
        Values::Null => {}
        Values::Long(block) => number(block, value.as_long()),
        Values::Float(block) => number(block, value.as_double().map(|d| d as f32)),
        Values::Double(block) => number(block, value.as_double()),
        Values::Ids(ids) => ids.push(texts.intern(encode(value, form).as_deref())),
        Values::Multi(block) => {
            for element in value.elements() {
                block.ids.push(texts.intern(element.as_string().as_deref()));
            }
            block.offsets.push(block.ids.len() as u32);
        }
    }
}

impl Values {
    /// Forgets all rows.
    fn clear(&mut self) {
        match self {
            Self::Null => {}
            Self::Long(block) => block.clear(),
            Self::Float(block) => block.clear(),
            Self::Double(block) => block.clear(),
            Self::Ids(ids) => ids.clear(),
            Self::Multi(block) => {
                block.ids.clear();
                block.offsets.clear();
                block.offsets.push(0);
            }
        }
    }
}
