//! How do kernels evaluate a compiled expression over a block?

use std::borrow::Cow;

use alluvium_segments::time::{DAY_MS, Granularity, Interval};
use alluvium_segments::{NullMask, NumericBlock};
use chrono_tz::Tz;

use super::compile::{Cases, DoubleNode, LongNode};
use super::lane::{Lane, no_nulls, zip};
use super::{BlockBindings, InputBlock, rows};
use crate::ast::{BinaryOp, LogicalOp};
use crate::eval::long_power;
use crate::functions::{TimeUnit, floored, in_eternity};
use crate::value::compare_doubles;
use crate::{ExprError, ExprType};

pub(super) fn long_block(
    node: &LongNode,
    inputs: &dyn BlockBindings,
    rows: usize,
) -> Result<NumericBlock<i64>, ExprError> {
    Ok(Run { inputs, rows }.long(node)?.into_block(rows))
}

pub(super) fn double_block(
    node: &DoubleNode,
    inputs: &dyn BlockBindings,
    rows: usize,
) -> Result<NumericBlock<f64>, ExprError> {
    Ok(Run { inputs, rows }.double(node)?.into_block(rows))
}

struct Run<'b> {
    inputs: &'b dyn BlockBindings,
    rows: usize,
}

fn misfit(name: &str) -> ExprError {
    ExprError::evaluation(format!("the block of column `{name}` is not what was announced"))
}

impl<'b> Run<'b> {
    fn long(&self, node: &LongNode) -> Result<Lane<'b, i64>, ExprError> {
        Ok(match node {
            LongNode::Const(value) => Lane::Const(*value),
            LongNode::Input(name) => match self.inputs.block(name) {
                None => Lane::Const(None),
                Some(InputBlock::Longs(block)) if fits(block, self.rows) => Lane::Block(Cow::Borrowed(block)),
                Some(_) => return Err(misfit(name)),
            },
            LongNode::FromDouble(value) => self.double(value)?.map(|d| d as i64),
            LongNode::Math(op, left, right) => {
                long_math(*op, &self.long(left)?, &self.long(right)?, self.rows)?
            }
            LongNode::CompareLongs(op, left, right) => {
                compare_longs(*op, &self.long(left)?, &self.long(right)?)
            }
            LongNode::CompareDoubles(op, left, right) => {
                compare_doubles_lanes(*op, &self.double(left)?, &self.double(right)?)
            }
            LongNode::Logical(op, terms) => self.logical(*op, terms)?,
            LongNode::Not(operand) => self.long(operand)?.map(|v| i64::from(v <= 0)),
            LongNode::Negate(operand) => self.long(operand)?.map(i64::wrapping_neg),
            LongNode::Floor(granularity, t) => floor(granularity, &self.long(t)?),
            LongNode::Extract(unit, zone, t) => extract(*unit, *zone, &self.long(t)?),
            LongNode::Choose(cases) => self.choose(cases, &|node| self.long(node))?,
            LongNode::LongIsNull(wanted, value) => self.null_test(&self.long(value)?, *wanted),
            LongNode::DoubleIsNull(wanted, value) => self.null_test(&self.double(value)?, *wanted),
            LongNode::Rows(expr) => {
                let values = rows::values(expr, self.inputs, self.rows)?;
                rows::numbers(&values, |v| v.as_long())?
            }
            LongNode::Truth(expr) => {
                let values = rows::values(expr, self.inputs, self.rows)?;
                rows::numbers(&values, |v| v.as_bool().map(i64::from))?
            }
        })
    }

    fn double(&self, node: &DoubleNode) -> Result<Lane<'b, f64>, ExprError> {
        Ok(match node {
            DoubleNode::Const(value) => Lane::Const(*value),
            DoubleNode::Input(name) => match self.inputs.block(name) {
                None => Lane::Const(None),
                Some(InputBlock::Doubles(block)) if fits(block, self.rows) => {
                    Lane::Block(Cow::Borrowed(block))
                }
                Some(_) => return Err(misfit(name)),
            },
            DoubleNode::FromLong(value) => self.long(value)?.map(|v| v as f64),
            DoubleNode::Math(op, left, right) => double_math(*op, &self.double(left)?, &self.double(right)?),
            DoubleNode::Negate(operand) => self.double(operand)?.map(|d| -d),
            DoubleNode::Of1(f, x) => self.double(x)?.map(f),
            DoubleNode::Of2(f, x, y) => zip(&self.double(x)?, &self.double(y)?, f),
            DoubleNode::Choose(cases) => self.choose(cases, &|node| self.double(node))?,
            DoubleNode::Rows(expr) => {
                let values = rows::values(expr, self.inputs, self.rows)?;
                rows::numbers(&values, |v| v.as_double())?
            }
        })
    }

    /// Three-valued: a decisive term decides, else any unknown makes the row unknown.
    fn logical(&self, op: LogicalOp, terms: &[LongNode]) -> Result<Lane<'b, i64>, ExprError> {
        let decisive = op == LogicalOp::Or;
        let mut decided = vec![false; self.rows];
        let mut unknown = vec![false; self.rows];
        let mut any_unknown = false;
        for term in terms {
            let lane = self.long(term)?;
            if !lane.has_nulls() {
                match &lane {
                    Lane::Const(value) => {
                        if value.is_some_and(|v| (v > 0) == decisive) {
                            return Ok(Lane::Const(Some(i64::from(decisive))));
                        }
                    }
                    Lane::Block(block) => {
                        for (d, v) in decided.iter_mut().zip(&block.values) {
                            *d |= (*v > 0) == decisive;
                        }
                    }
                }
                continue;
            }
            any_unknown = true;
            for (row, (d, u)) in decided.iter_mut().zip(&mut unknown).enumerate() {
                let null = lane.is_null(row);
                *u |= null;
                *d |= !null && (lane.get(row) > 0) == decisive;
            }
        }
        let values = decided.iter().map(|d| i64::from(*d == decisive)).collect();
        let mut nulls = NullMask::default();
        if any_unknown {
            decided.iter().zip(&unknown).for_each(|(d, u)| nulls.push(*u && !*d));
        } else {
            nulls.push_valid(self.rows);
        }
        Ok(Lane::owned(values, nulls))
    }

    fn choose<T: Copy + Default, N>(
        &self,
        cases: &Cases<N>,
        run: &dyn Fn(&N) -> Result<Lane<'b, T>, ExprError>,
    ) -> Result<Lane<'b, T>, ExprError> {
        let mut conditions = Vec::with_capacity(cases.cases.len());
        let mut results = Vec::with_capacity(cases.cases.len() + 1);
        for (condition, result) in &cases.cases {
            conditions.push(self.long(condition)?);
            results.push(run(result)?);
        }
        results.push(run(&cases.otherwise)?);
        let mut values = Vec::with_capacity(self.rows);
        let mut nulls = NullMask::default();
        for row in 0..self.rows {
            let met = conditions.iter().position(|c| !c.is_null(row) && c.get(row) > 0);
            let lane = &results[met.unwrap_or(conditions.len())];
            let null = lane.is_null(row);
            nulls.push(null);
            values.push(if null { T::default() } else { lane.get(row) });
        }
        Ok(Lane::owned(values, nulls))
    }

    fn null_test<T: Copy + Default>(&self, lane: &Lane<'_, T>, wanted: bool) -> Lane<'b, i64> {
        if !lane.has_nulls() {
            return Lane::Const(Some(i64::from(!wanted)));
        }
        let values = (0..self.rows).map(|row| i64::from(lane.is_null(row) == wanted)).collect();
        Lane::owned(values, no_nulls(self.rows))
    }
}

fn fits<T>(block: &NumericBlock<T>, rows: usize) -> bool {
    block.values.len() == rows && block.nulls.len() == rows
}

fn long_math(
    op: BinaryOp,
    a: &Lane<'_, i64>,
    b: &Lane<'_, i64>,
    rows: usize,
) -> Result<Lane<'static, i64>, ExprError> {
    Ok(match op {
        BinaryOp::Add => zip(a, b, i64::wrapping_add),
        BinaryOp::Subtract => zip(a, b, i64::wrapping_sub),
        BinaryOp::Multiply => zip(a, b, i64::wrapping_mul),
        _ => {
            // A failing pair sends the block to row evaluation, which words the error.
            let present = |row: usize| !a.is_null(row) && !b.is_null(row);
            let fails = |row: usize| match op {
                BinaryOp::Power => long_power(a.get(row), b.get(row)).is_err(),
                _ => b.get(row) == 0,
            };
            let divisor_is_safe = op != BinaryOp::Power && matches!(b, Lane::Const(Some(d)) if *d != 0);
            if !divisor_is_safe && (0..rows).any(|row| present(row) && fails(row)) {
                return Err(ExprError::evaluation("an operation on longs fails"));
            }
            match op {
                BinaryOp::Divide => zip(a, b, |x, y| if y == 0 { 0 } else { x.wrapping_div(y) }),
                BinaryOp::Modulo => zip(a, b, |x, y| if y == 0 { 0 } else { x.wrapping_rem(y) }),
                _ => zip(a, b, |x, y| long_power(x, y).unwrap_or(0)),
            }
        }
    })
}

fn double_math(op: BinaryOp, a: &Lane<'_, f64>, b: &Lane<'_, f64>) -> Lane<'static, f64> {
    match op {
        BinaryOp::Add => zip(a, b, |x, y| x + y),
        BinaryOp::Subtract => zip(a, b, |x, y| x - y),
        BinaryOp::Multiply => zip(a, b, |x, y| x * y),
        BinaryOp::Divide => zip(a, b, |x, y| x / y),
        BinaryOp::Modulo => zip(a, b, |x, y| x % y),
        _ => zip(a, b, f64::powf),
    }
}

fn compare_longs(op: BinaryOp, a: &Lane<'_, i64>, b: &Lane<'_, i64>) -> Lane<'static, i64> {
    match op {
        BinaryOp::Less => zip(a, b, |x, y| i64::from(x < y)),
        BinaryOp::LessEqual => zip(a, b, |x, y| i64::from(x <= y)),
        BinaryOp::Greater => zip(a, b, |x, y| i64::from(x > y)),
        BinaryOp::GreaterEqual => zip(a, b, |x, y| i64::from(x >= y)),
        BinaryOp::Equal => zip(a, b, |x, y| i64::from(x == y)),
        _ => zip(a, b, |x, y| i64::from(x != y)),
    }
}

fn compare_doubles_lanes(op: BinaryOp, a: &Lane<'_, f64>, b: &Lane<'_, f64>) -> Lane<'static, i64> {
    match op {
        BinaryOp::Less => zip(a, b, |x, y| i64::from(compare_doubles(x, y).is_lt())),
        BinaryOp::LessEqual => zip(a, b, |x, y| i64::from(compare_doubles(x, y).is_le())),
        BinaryOp::Greater => zip(a, b, |x, y| i64::from(compare_doubles(x, y).is_gt())),
        BinaryOp::GreaterEqual => zip(a, b, |x, y| i64::from(compare_doubles(x, y).is_ge())),
        BinaryOp::Equal => zip(a, b, |x, y| i64::from(x == y)),
        _ => zip(a, b, |x, y| i64::from(x != y)),
    }
}

/// Division where buckets have one length; else the last bucket is remembered, as neighbours often share it.
fn floor(granularity: &Granularity, t: &Lane<'_, i64>) -> Lane<'static, i64> {
    if let Some((millis, start)) = granularity.uniform() {
        return t.map(|t| match t {
            0.. if in_eternity(t) => t - (t - start).rem_euclid(millis),
            _ if in_eternity(t) => floored(granularity, t),
            _ => t,
        });
    }
    let last = std::cell::Cell::new(Interval { start: 0, end: 0 });
    t.map(|t| {
        if !in_eternity(t) {
            return t;
        }
        if !last.get().contains(t) {
            let start = floored(granularity, t);
            if start > t {
                return start;
            }
            last.set(Interval { start, end: granularity.bucket_end(start) });
        }
        last.get().start
    })
}

/// What is the same all day is remembered for the day, as neighbours often share it.
fn extract(unit: TimeUnit, zone: Tz, t: &Lane<'_, i64>) -> Lane<'static, i64> {
    if zone != Tz::UTC || !unit.is_of_day() {
        return t.map(|t| unit.of(t, zone));
    }
    let last = std::cell::Cell::new((Interval { start: 0, end: 0 }, 0));
    t.map(|t| {
        let (day, value) = last.get();
        if day.contains(t) {
            return value;
        }
        let start = t.saturating_sub(t.rem_euclid(DAY_MS));
        let value = unit.of(t, zone);
        last.set((Interval { start, end: start.saturating_add(DAY_MS) }, value));
        value
    })
}

/// The type a block of results has.
pub(super) fn is_text(output: Option<ExprType>) -> bool {
    output == Some(ExprType::String)
}
