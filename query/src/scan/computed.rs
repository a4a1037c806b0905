//! What is the value of an expression over a block? Over one dictionary column each entry is evaluated once; else
//! row by row.

use alluvium_expression::{Expr, ExprType, Value, eval};
use alluvium_segments::{ColumnType, NumericBlock};

use super::row_values::RowValues;
use super::source::{Kind, SlotId, Source, Values};
use crate::QueryError;
use crate::column::TextInterner;

/// An expression bound to a segment.
#[derive(Debug)]
pub(crate) struct Computed {
    expression: Expr,
    kind: Kind,
    values: RowValues,
    /// The only column, when it has one dictionary id a row, and the results of its entries.
    by_entry: Option<(SlotId, Vec<Option<Value>>)>,
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
                Kind::Ids | Kind::Multi => Some(ExprType::String),
            }
        };
        let result = expression.output_type(&types);
        let kind = match (output, result) {
            (Some(ColumnType::Long), _) => Kind::Long,
            (Some(ColumnType::Float), _) => Kind::Float,
            (Some(ColumnType::Double), _) => Kind::Double,
            (None, Some(ExprType::Long)) if !multi => Kind::Long,
            (None, Some(ExprType::Double)) if !multi => Kind::Double,
            (_, Some(array)) if array.is_array() => Kind::Multi,
            _ if multi => Kind::Multi,
            _ => Kind::Ids,
        };
        let by_entry = match slots.as_slice() {
            [one] if source.kind(*one) == Kind::Ids => Some((*one, Vec::new())),
            _ => None,
        };
        Ok(Self { expression: expression.clone(), kind, values, by_entry })
    }

    /// What it yields.
    pub(super) fn kind(&self) -> Kind {
        self.kind
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
        for position in 0..source.len() {
            let value = match &mut self.by_entry {
                Some((slot, known)) => {
                    let Values::Ids(ids) = source.values(*slot) else { continue };
                    let at = ids[position] as usize;
                    if known.len() <= at {
                        known.resize(at + 1, None);
                    }
                    if known[at].is_none() {
                        self.values.seek_entry(source, at as u32)?;
                        known[at] = Some(eval(&self.expression, &self.values)?);
                    }
                    known[at].clone().unwrap_or_default()
                }
                None => {
                    self.values.seek(source, position)?;
                    eval(&self.expression, &self.values)?
                }
            };
            push(out, &value, texts);
        }
        Ok(())
    }
}

fn number<T: Default>(block: &mut NumericBlock<T>, value: Option<T>) {
    block.nulls.push(value.is_none());
    block.values.push(value.unwrap_or_default());
}

fn push(out: &mut Values, value: &Value, texts: &mut TextInterner) {
    match out {
        Values::Null => {}
        Values::Long(block) => number(block, value.as_long()),
        Values::Float(block) => number(block, value.as_double().map(|d| d as f32)),
        Values::Double(block) => number(block, value.as_double()),
        Values::Ids(ids) => ids.push(texts.intern(value.as_string().as_deref())),
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
