//! Which literals may differ without another plan? Those compared with a column of their own type in a WHERE: they
//! are planned as placeholders, and the conditions over a datasource get their values when a query runs.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use alluvium_segments::time::parse_iso_in;
use chrono_tz::Tz;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::sql::sqlparser::ast::Statement;

use super::mark;
use super::shape::{Literal, Written};
use crate::sql::functions::TIMESTAMP;

/// The name of the type of a placeholder that has been settled.
const SETTLED: &str = "settled";

/// What a literal becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hole {
    Text,
    Long,
    Double,
    /// The text of an instant.
    Instant,
}

impl Hole {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Instant => TIMESTAMP,
        }
    }

    /// How a column of a type is compared without a cast.
    fn of(column: &DataType) -> Option<Self> {
        Some(match column {
            DataType::Utf8 => Self::Text,
            DataType::Int64 => Self::Long,
            DataType::Float64 => Self::Double,
            column if *column == TIMESTAMP => Self::Instant,
            _ => return None,
        })
    }

    /// The value of a literal; `None` where it is none of this kind.
    fn value(self, written: &Written, zone: Tz) -> Option<ScalarValue> {
        Some(match (self, written) {
            (Self::Text, Written::Text(text)) => ScalarValue::Utf8(Some(text.clone())),
            (Self::Long, Written::Long(n)) => ScalarValue::Int64(Some(*n)),
            (Self::Double, Written::Double(d)) => ScalarValue::Float64(Some(*d)),
            (Self::Double, Written::Long(n)) => ScalarValue::Float64(Some(*n as f64)),
            (Self::Instant, Written::Text(text)) => {
                ScalarValue::TimestampMillisecond(Some(parse_iso_in(text, zone).ok()?), None)
            }
            _ => return None,
        })
    }
}

/// What the literals of a text are: the values for the holes of its plan.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    literals: Arc<[Literal]>,
    zone: Tz,
}

impl Default for Values {
    fn default() -> Self {
        Self { literals: Arc::default(), zone: Tz::UTC }
    }
}

impl Values {
    /// Texts of instants are read in a zone.
    pub(crate) fn new(literals: &Arc<[Literal]>, zone: Tz) -> Self {
        Self { literals: Arc::clone(literals), zone }
    }

    /// Whether there is a value for each of these holes.
    pub(super) fn fit(&self, holes: &BTreeMap<usize, Hole>) -> bool {
        let fits = |at: usize, hole: &Hole| hole.value(&self.literals.get(at)?.value, self.zone);
        holes.iter().all(|(at, hole)| fits(*at, hole).is_some())
    }

    /// An expression with these values in its holes.
    pub(crate) fn fill(&self, expr: Expr) -> Expr {
        if self.literals.is_empty() {
            return expr;
        }
        let whole = expr.clone();
        let filled = expr.transform_up(|e| {
            Ok(match self.of(&e) {
                Some(value) => Transformed::yes(Expr::Literal(value, None)),
                None => Transformed::no(e),
            })
        });
        filled.map_or(whole, |f| f.data)
    }

    /// The value for a hole.
    fn of(&self, hole: &Expr) -> Option<ScalarValue> {
        let Expr::Placeholder(Placeholder { id, field }) = hole else { return None };
        let written = &self.literals.get(mark::number(id)?)?.value;
        Hole::of(field.as_ref()?.data_type())?.value(written, self.zone)
    }
}

fn hole_number(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Placeholder(hole) => mark::number(&hole.id),
        _ => None,
    }
}

/// Whether an expression has holes.
pub(crate) fn has_holes(expr: &Expr) -> bool {
    expr.exists(|e| Ok(hole_number(e).is_some())).unwrap_or(true)
}

/// The holes in expressions of a plan's own operators.
pub(crate) fn loose_holes(plan: &LogicalPlan) -> Result<Vec<usize>> {
    let mut loose = Vec::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|e| {
                loose.extend(hole_number(e));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(loose)
}

/// The literals of one statement while it is planned.
#[derive(Debug)]
pub(crate) struct Holes<'l> {
    literals: &'l [Literal],
    zone: Tz,
    /// By number of the literal: whether it is written as an instant.
    marked: BTreeMap<usize, bool>,
    settled: BTreeMap<usize, Hole>,
    /// Columns looked up in several lists, which the optimiser makes one of: it has to know what is in them.
    listed: HashSet<String>,
}

impl<'l> Holes<'l> {
    /// Marks what may become a hole.
    pub(crate) fn mark(statement: &mut Statement, literals: &'l [Literal], zone: Tz, but: &[usize]) -> Self {
        let marked = mark::mark(statement, literals, |at, is_instant, written| {
            let readable = !is_instant || Hole::Instant.value(written, zone).is_some();
            readable && !but.contains(&at)
        });
        Self { literals, zone, marked, settled: BTreeMap::new(), listed: HashSet::new() }
    }

    /// None at all.
    pub(crate) fn none() -> Holes<'static> {
        Holes {
            literals: &[],
            zone: Tz::UTC,
            marked: BTreeMap::new(),
            settled: BTreeMap::new(),
            listed: HashSet::new(),
        }
    }

    /// What each hole takes.
    pub(crate) fn settled(self) -> BTreeMap<usize, Hole> {
        self.settled
    }

    /// Gives holes compared with columns the columns' types; the others become literals again.
    pub(crate) fn settle(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if self.marked.is_empty() {
            return Ok(plan);
        }
        self.listed = in_several_lists(&plan)?;
        let settled = plan.transform_up_with_subqueries(|plan| {
            let mut schema = merge_schema(&plan.inputs());
            if let LogicalPlan::TableScan(scan) = &plan {
                schema.merge(&scan.projected_schema);
            }
            plan.map_expressions(|expr| expr.transform_down(|e| Ok(self.settle_one(e, &schema))))
        })?;
        Ok(settled.data)
    }

    fn settle_one(&mut self, mut expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
        match &mut expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(*op) => {
                if matches!(**left, Expr::Column(_)) {
                    self.fit(left, &mut [right], schema);
                } else if matches!(**right, Expr::Column(_)) {
                    self.fit(right, &mut [left], schema);
                }
            }
            Expr::Between(between) => {
                self.fit(&between.expr, &mut [&mut between.low, &mut between.high], schema);
            }
            Expr::InList(list) if !self.is_listed(&list.expr) => {
                let mut items: Vec<&mut Expr> = list.list.iter_mut().collect();
                self.fit(&list.expr, &mut items, schema);
            }
            Expr::Like(like) if !like.case_insensitive => {
                self.fit(&like.expr, &mut [&mut like.pattern], schema);
            }
            Expr::Placeholder(hole) if hole.field.as_ref().is_none_or(|f| f.name() != SETTLED) => {
                if let Some(literal) = self.literal(&hole.id) {
                    return Transformed::yes(literal);
                }
            }
            _ => {}
        }
        Transformed::yes(expr)
    }

    fn is_listed(&self, column: &Expr) -> bool {
        matches!(column, Expr::Column(column) if self.listed.contains(&column.name))
    }

    /// Settles `items`, all of them or none, as what a column is compared with.
    fn fit(&mut self, column: &Expr, items: &mut [&mut Expr], schema: &DFSchema) {
        let Expr::Column(_) = column else { return };
        let Ok(data_type) = column.get_type(schema) else { return };
        let hole = |item: &&mut Expr| {
            let at = hole_number(item)?;
            Some((at, self.hole(at, &data_type)?))
        };
        let Some(holes) = items.iter().map(hole).collect::<Option<Vec<_>>>() else { return };
        for (item, (at, hole)) in items.iter_mut().zip(holes) {
            let field = Arc::new(Field::new(SETTLED, hole.data_type(), false));
            **item = Expr::Placeholder(Placeholder::new_with_field(mark::name(at), Some(field)));
            self.settled.insert(at, hole);
        }
    }

    /// How a literal is compared with a column of a type, where that needs no cast of the column.
    fn hole(&self, at: usize, column: &DataType) -> Option<Hole> {
        let (is_instant, written) = (*self.marked.get(&at)?, &self.literals.get(at)?.value);
        let hole = Hole::of(column).filter(|hole| !is_instant || *hole == Hole::Instant)?;
        hole.value(written, self.zone).map(|_| hole)
    }

    /// What a literal is without a column beside it.
    fn literal(&self, id: &str) -> Option<Expr> {
        let at = mark::number(id)?;
        let written = &self.literals.get(at)?.value;
        let hole = match written {
            Written::Text(_) if *self.marked.get(&at)? => Hole::Instant,
            Written::Text(_) => Hole::Text,
            Written::Long(_) => Hole::Long,
            Written::Double(_) => Hole::Double,
        };
        Some(Expr::Literal(hole.value(written, self.zone)?, None))
    }
}

/// The names of columns that stand in more than one list.
fn in_several_lists(plan: &LogicalPlan) -> Result<HashSet<String>> {
    let (mut once, mut several) = (HashSet::new(), HashSet::new());
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|e| {
                if let Expr::InList(list) = e
                    && let Expr::Column(column) = &*list.expr
                    && !once.insert(column.name.clone())
                {
                    several.insert(column.name.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(several)
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}
