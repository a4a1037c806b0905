//! Of which type is each column of a plan, and is it the same for all rows?

use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction, WindowFunction};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, Values, WindowFunctionDefinition,
};

use super::SqlType;
use crate::sql::aggregates::{picked_of, state_made};
use crate::sql::functions::DruidFunction;

/// What is known of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) kind: SqlType,
    /// Whether it depends on no row: Druid's planner computes it, and pads texts to the length of their type.
    pub(crate) constant: bool,
}

impl Typed {
    /// A column that may differ from row to row.
    pub(crate) fn of(kind: SqlType) -> Self {
        Self { kind, constant: false }
    }
}

/// The columns of a plan, in the order of its schema.
pub(crate) fn columns(plan: &LogicalPlan) -> Vec<Typed> {
    let found = match plan {
        LogicalPlan::Projection(projection) => {
            let below = columns(&projection.input);
            let scope = Scope { schema: projection.input.schema(), columns: &below };
            projection.expr.iter().map(|e| scope.typed(e)).collect()
        }
        LogicalPlan::Aggregate(aggregate) => {
            let below = columns(&aggregate.input);
            let scope = Scope { schema: aggregate.input.schema(), columns: &below };
            let keys = grouping_set_to_exprlist(&aggregate.group_expr).unwrap_or_default();
            let mut found: Vec<Typed> = keys.into_iter().map(|e| scope.typed(e)).collect();
            // Between keys and aggregates stands the id of the grouping set.
            let fields = aggregate.schema.fields();
            let ids = fields.len().saturating_sub(aggregate.aggr_expr.len());
            for field in fields.iter().take(ids).skip(found.len()) {
                found.push(Typed::of(SqlType::of(field.data_type())));
            }
            found.extend(aggregate.aggr_expr.iter().map(|e| scope.typed(e)));
            found
        }
        LogicalPlan::Window(window) => {
            let mut found = columns(&window.input);
            let scope = Scope { schema: window.input.schema(), columns: &found.clone() };
            found.extend(window.window_expr.iter().map(|e| scope.typed(e)));
            found
        }
        LogicalPlan::SubqueryAlias(alias) => columns(&alias.input),
        LogicalPlan::Filter(filter) => columns(&filter.input),
        LogicalPlan::Sort(sort) => columns(&sort.input),
        LogicalPlan::Limit(limit) => columns(&limit.input),
        LogicalPlan::Distinct(distinct) => columns(distinct.input()),
        LogicalPlan::Subquery(subquery) => columns(&subquery.subquery),
        LogicalPlan::Values(values) => of_rows(values),
        LogicalPlan::Union(union) => {
            let all = union.inputs.iter().map(|input| columns(input));
            all.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| Typed::of(a.kind.meet(&b.kind))).collect())
                .unwrap_or_default()
        }
        LogicalPlan::Unnest(unnest) => {
            let below = columns(&unnest.input);
            let lists = |at: usize| unnest.list_type_columns.iter().any(|(list, _)| *list == at);
            let one = |at: &usize| match below.get(*at)?.kind.clone() {
                SqlType::Array(element) if lists(*at) => Some(Typed::of(*element)),
                kind => Some(Typed::of(kind)),
            };
            unnest.dependency_indices.iter().map(one).collect::<Option<_>>().unwrap_or_default()
        }
        LogicalPlan::Join(join) => {
            let mut found = columns(&join.left);
            found.extend(columns(&join.right));
            found
        }
        _ => Vec::new(),
    };
    let fields = plan.schema().fields();
    if found.len() == fields.len() {
        return found;
    }
    fields.iter().map(|field| Typed::of(SqlType::of_field(field))).collect()
}

fn of_rows(values: &Values) -> Vec<Typed> {
    let schema = DFSchema::empty();
    let scope = Scope { schema: &schema, columns: &[] };
    // A null has had to take a type that the others have.
    let typed = |e: &Expr| match e {
        Expr::Literal(value, _) if value.is_null() => Typed::of(SqlType::Null),
        Expr::Cast(cast) if matches!(&*cast.expr, Expr::Literal(..)) => scope.typed(&cast.expr),
        e => scope.typed(e),
    };
    let rows = values.values.iter().map(|row| row.iter().map(typed).collect::<Vec<_>>());
    let meet = |a: Vec<Typed>, b: Vec<Typed>| {
        a.iter().zip(&b).map(|(a, b)| Typed::of(a.kind.meet(&b.kind))).collect::<Vec<_>>()
    };
    let found = rows.reduce(meet).unwrap_or_default();
    found.into_iter().map(|typed| Typed::of(typed.kind)).collect()
}

/// The columns expressions can name.
pub(crate) struct Scope<'s> {
    pub(crate) schema: &'s DFSchema,
    pub(crate) columns: &'s [Typed],
}

impl Scope<'_> {
    /// What is known of an expression.
    pub(crate) fn typed(&self, expr: &Expr) -> Typed {
        match expr {
            Expr::Alias(alias) => self.typed(&alias.expr),
            Expr::Column(column) => {
                let at = self.schema.maybe_index_of_column(column);
                at.and_then(|at| self.columns.get(at)).cloned().unwrap_or_else(|| self.computed(expr))
            }
            Expr::Literal(value, _) => Typed { kind: of_literal(value), constant: true },
            Expr::BinaryExpr(binary) => self.binary(binary).unwrap_or_else(|| self.computed(expr)),
            Expr::Negative(inner) => self.typed(inner),
            Expr::Case(case) => {
                let branches = case.when_then_expr.iter().map(|(_, then)| &**then);
                let branches: Vec<Typed> =
                    branches.chain(case.else_expr.as_deref()).map(|e| self.typed(e)).collect();
                let conditions = case.when_then_expr.iter().map(|(when, _)| &**when);
                let conditions = conditions.chain(case.expr.as_deref()).all(|e| self.typed(e).constant);
                let constant = conditions && branches.iter().all(|b| b.constant);
                let kind = branches.into_iter().map(|b| b.kind).reduce(|a, b| a.meet(&b));
                Typed { kind: kind.unwrap_or(SqlType::Null), constant }
            }
            Expr::Not(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner) => {
                Typed { kind: SqlType::Boolean, constant: self.typed(inner).constant }
            }
            Expr::ScalarFunction(call) => self.call(call).unwrap_or_else(|| self.computed(expr)),
            Expr::AggregateFunction(call) => self.aggregate(call).unwrap_or_else(|| self.computed(expr)),
            Expr::WindowFunction(call) => self.window(call).unwrap_or_else(|| self.computed(expr)),
            Expr::ScalarSubquery(query) => {
                let first = columns(&query.subquery).into_iter().next();
                first.map_or_else(|| self.computed(expr), |typed| Typed::of(typed.kind))
            }
            other => self.computed(other),
        }
    }

    /// By the type in which it is computed.
    fn computed(&self, expr: &Expr) -> Typed {
        Typed::of(expr.get_type(self.schema).map_or(SqlType::Varchar, |t| SqlType::of(&t)))
    }

    fn binary(&self, binary: &BinaryExpr) -> Option<Typed> {
        let (left, right) = (self.typed(&binary.left), self.typed(&binary.right));
        let constant = left.constant && right.constant;
        let kind = match binary.op {
            Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo => {
                left.kind.arithmetic(&right.kind)?
            }
            Operator::StringConcat => match (&left.kind, &right.kind) {
                (SqlType::Char(a), SqlType::Char(b)) => SqlType::Char(a + b),
                (SqlType::Char(a), SqlType::Null) | (SqlType::Null, SqlType::Char(a)) => SqlType::Char(*a),
                _ => SqlType::Varchar,
            },
            _ => SqlType::Boolean,
        };
        Some(Typed { kind, constant })
    }

    fn call(&self, call: &ScalarFunction) -> Option<Typed> {
        let args: Vec<Typed> = call.args.iter().map(|a| self.typed(a)).collect();
        let constant = args.iter().all(|a| a.constant);
        let kinds: Vec<SqlType> = args.into_iter().map(|a| a.kind).collect();
        if call.func.name() == "make_array" {
            let element = kinds.into_iter().reduce(|a, b| a.meet(&b)).unwrap_or(SqlType::Null);
            return Some(Typed { kind: SqlType::Array(Box::new(element)), constant });
        }
        let function = call.func.inner().downcast_ref::<DruidFunction>()?;
        let kind = function.definition.returns.sql(&kinds, &call.args)?;
        Some(Typed { kind, constant })
    }

    fn aggregate(&self, call: &AggregateFunction) -> Option<Typed> {
        self.aggregate_named(call.func.name(), &call.params.args)
    }

    fn window(&self, call: &WindowFunction) -> Option<Typed> {
        let args = &call.params.args;
        match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function) => self.aggregate_named(function.name(), args),
            WindowFunctionDefinition::WindowUDF(function) => match function.name() {
                "lag" | "lead" | "first_value" | "last_value" | "nth_value" => {
                    Some(Typed::of(self.typed(args.first()?).kind))
                }
                _ => None,
            },
        }
    }

    /// Aggregates that have the type of what they are given.
    fn aggregate_named(&self, name: &str, args: &[Expr]) -> Option<Typed> {
        match name {
            "min" | "max" | "first_value" | "last_value" => Some(Typed::of(self.typed(args.first()?).kind)),
            "earliest_by" | "latest_by" | "any_value" => {
                Some(Typed::of(match self.typed(args.first()?).kind {
                    SqlType::State(pair) => SqlType::of(&picked_of(pair)?),
                    known if known.is_numeric() || known.is_text() || known == SqlType::Boolean => known,
                    _ => SqlType::Varchar,
                }))
            }
            name => state_made(name).map(|state| Typed::of(SqlType::State(state))),
        }
    }
}

fn of_literal(value: &ScalarValue) -> SqlType {
    match value {
        ScalarValue::Null => SqlType::Null,
        ScalarValue::Int64(Some(n)) => {
            if i32::try_from(*n).is_ok() {
                SqlType::Integer
            } else {
                SqlType::BigInt
            }
        }
        // One with an exponent has been made a call by the rewriter.
        ScalarValue::Float64(Some(_)) => SqlType::Decimal,
        ScalarValue::Utf8(Some(text)) => SqlType::Char(text.encode_utf16().count()),
        other => SqlType::of(&other.data_type()),
    }
}
