//! Has a projection all a query asks for? Its dimensions, its time buckets or coarser ones, and a metric for each
//! aggregate; then the query is asked of the groups, with sums of sums and of counts.

use std::sync::Arc;

use alluvium_expression::{BinaryOp, Expr, Filter, Value};
use alluvium_segments::time::Granularity;
use alluvium_segments::{Column, ColumnType, MetricFunction, ProjectionSpec, Segment, TIME_COLUMN};

use crate::QueryError;
use crate::plan::{
    AggregateFunction, AggregatePlan, AggregatorPlan, Input, Number, Scope, VirtualColumn, VirtualSource,
};

/// What a query asks of the groups of a projection.
#[derive(Debug)]
pub(super) struct Fit {
    /// Gives states of the same form as the query's own aggregates.
    pub(super) asked: Arc<AggregatePlan>,
    /// What must hold for the columns of a segment.
    needs: Vec<(String, Need)>,
}

/// What must hold for a column of a segment, which may lack it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// It is of the type that the projection has it in.
    Type(ColumnType),
    /// It holds numbers.
    Number,
    /// It holds longs, and none is null.
    WholeLongs,
}

impl Fit {
    /// Whether the groups of a segment give what its rows do.
    pub(super) fn holds_for(&self, segment: &dyn Segment) -> Result<bool, QueryError> {
        for (name, need) in &self.needs {
            let column = segment.column(name)?;
            let holds = match need {
                Need::Type(wanted) => column.is_none_or(|column| type_of(column) == *wanted),
                Need::Number => column.is_none_or(|column| type_of(column) != ColumnType::String),
                Need::WholeLongs => match column {
                    Some(Column::Time(column) | Column::Long(column)) => !column.may_have_nulls(),
                    _ => false,
                },
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn type_of(column: Column<'_>) -> ColumnType {
    match column {
        Column::Time(_) | Column::Long(_) => ColumnType::Long,
        Column::Float(_) => ColumnType::Float,
        Column::Double(_) => ColumnType::Double,
        Column::String(_) => ColumnType::String,
    }
}

/// What `plan` asks of the groups of a projection; `None` when they cannot tell.
pub(super) fn fit(scope: &Scope, plan: &AggregatePlan, spec: &ProjectionSpec) -> Option<Fit> {
    let mut fitting = Fitting { virtuals: &scope.virtual_columns, spec, needs: Vec::new() };
    let fits = plan.granularity.coarsens(&spec.granularity)
        && plan.dimensions.iter().all(|dimension| fitting.input(&dimension.input))
        && scope.filter.iter().all(|filter| fitting.filter(filter));
    if !fits {
        return None;
    }
    let mut aggregators = Vec::with_capacity(plan.aggregators.len());
    for aggregator in &plan.aggregators {
        if !aggregator.filter.iter().all(|filter| fitting.filter(filter)) {
            return None;
        }
        let function = fitting.aggregate(&aggregator.function)?;
        aggregators.push(AggregatorPlan { function, ..aggregator.clone() });
    }
    let asked = Arc::new(AggregatePlan { aggregators, ..plan.clone() });
    Some(Fit { asked, needs: fitting.needs })
}

struct Fitting<'q> {
    virtuals: &'q [VirtualColumn],
    spec: &'q ProjectionSpec,
    needs: Vec<(String, Need)>,
}

impl Fitting<'_> {
    fn need(&mut self, column: &str, need: Need) {
        self.needs.push((column.to_owned(), need));
    }

    fn virtual_column(&self, name: &str) -> Option<&VirtualColumn> {
        self.virtuals.iter().find(|v| v.name == name)
    }

    /// Whether rows of a group have one value in this column.
    fn column(&mut self, name: &str) -> bool {
        match self.virtual_column(name).map(|v| v.source.clone()) {
            None => self.stored(name),
            Some(VirtualSource::Existing { .. }) => false,
            Some(VirtualSource::Values { column, .. }) => self.stored(&column),
            Some(
                VirtualSource::Expression { expression, .. } | VirtualSource::Declared { expression, .. },
            ) => {
                // The names of virtual columns mean stored ones in the expressions of virtual columns that need them:
                // rare enough to be left to the rows.
                self.expression(&expression, |fitting, name| {
                    fitting.virtual_column(name).is_none() && fitting.stored(name)
                })
            }
        }
    }

    fn stored(&mut self, name: &str) -> bool {
        if name == TIME_COLUMN {
            return self.spec.granularity == Granularity::None;
        }
        let Some(column_type) = self.spec.dimension(name).map(|column| column.column_type) else {
            return false;
        };
        self.need(name, Need::Type(column_type));
        true
    }

    fn expression(&mut self, expr: &Expr, mut column: impl FnMut(&mut Self, &str) -> bool) -> bool {
        match expr.as_time_floor() {
            Some((TIME_COLUMN, granularity)) if self.virtual_column(TIME_COLUMN).is_none() => {
                granularity.coarsens(&self.spec.granularity)
            }
            _ => expr.required_columns().iter().all(|name| column(self, name)),
        }
    }

    fn input(&mut self, input: &Input) -> bool {
        match input {
            Input::Column(name) => self.column(name),
            Input::Expression(expression) => self.expression(expression, Self::column),
        }
    }

    fn filter(&mut self, filter: &Filter) -> bool {
        filter.required_columns().iter().all(|name| self.column(name))
    }

    fn aggregate(&mut self, function: &AggregateFunction) -> Option<AggregateFunction> {
        use AggregateFunction as F;
        Some(match function {
            F::Count => {
                let counts = self.visible(self.spec.metric(MetricFunction::Count, None)?)?;
                F::SumOfCounts(Input::Column(counts))
            }
            F::Sum(number, input) => F::Sum(*number, self.sum(*number, input)?),
            F::Min(number, input) => F::Min(*number, self.extreme(MetricFunction::Min, *number, input)?),
            F::Max(number, input) => F::Max(*number, self.extreme(MetricFunction::Max, *number, input)?),
            // How often a value comes does not matter.
            F::ExactDistinct(field) if self.input(&field.input) => function.clone(),
            F::Summary { recipe, field, .. } if recipe.counts_distinct() && self.input(&field.input) => {
                function.clone()
            }
            F::Cardinality { fields, .. } if fields.iter().all(|field| self.input(&field.input)) => {
                function.clone()
            }
            F::Grouping(bits) => F::Grouping(*bits),
            _ => return None,
        })
    }

    /// The expression of an input over stored columns.
    fn over_stored(&mut self, input: &Input) -> Option<Expr> {
        let (expr, cast) = match input {
            Input::Expression(expression) => (expression.clone(), None),
            Input::Column(name) => match self.virtual_column(name).map(|v| &v.source) {
                None => return Some(Expr::column(name)),
                Some(VirtualSource::Expression { expression, output_type }) => {
                    (expression.clone(), *output_type)
                }
                Some(_) => return None,
            },
        };
        for name in expr.required_columns() {
            if self.virtual_column(&name).is_some() {
                return None;
            }
            // The cast changes nothing of a column that has this type.
            if let Some(column_type) = cast {
                self.need(&name, Need::Type(column_type));
            }
        }
        Some(expr)
    }

    fn extreme(&mut self, function: MetricFunction, number: Number, input: &Input) -> Option<Input> {
        if self.input(input) {
            return Some(input.clone());
        }
        let expr = self.over_stored(input)?;
        self.metric(function, number, expr.as_column()?, Need::Number).map(Input::Column)
    }

    /// Sums of one column, or of longs that are made of columns by adding, subtracting and multiplying.
    fn sum(&mut self, number: Number, input: &Input) -> Option<Input> {
        let expr = self.over_stored(input)?;
        if let Some(column) = expr.as_column() {
            return self.metric(MetricFunction::Sum, number, column, Need::Number).map(Input::Column);
        }
        if number != Number::Long {
            return None;
        }
        self.sum_of_terms(&expr).map(Input::Expression)
    }

    /// Longs wrap, so that the sum of differences is the difference of sums, if no term is null; what all rows of a group
    /// share is a factor of its sum.
    fn sum_of_terms(&mut self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Binary(op @ (BinaryOp::Add | BinaryOp::Subtract), left, right) => {
                Some(Expr::binary(*op, self.sum_of_terms(left)?, self.sum_of_terms(right)?))
            }
            Expr::Binary(op @ BinaryOp::Multiply, left, right) => {
                let (factor, term) = if self.is_factor(left) {
                    (left, right)
                } else if self.is_factor(right) {
                    (right, left)
                } else {
                    return None;
                };
                Some(Expr::binary(*op, Expr::clone(factor), self.sum_of_terms(term)?))
            }
            Expr::Column(column) => {
                let metric = self.metric(MetricFunction::Sum, Number::Long, column, Need::WholeLongs)?;
                Some(Expr::column(&metric))
            }
            _ => None,
        }
    }

    /// Whether this is one long for all rows of a group.
    fn is_factor(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Literal(value) => matches!(value, Value::Long(_)),
            Expr::Column(column) => {
                let dimension = self.spec.dimension(column);
                let is_long = dimension.is_some_and(|d| d.column_type == ColumnType::Long);
                if is_long {
                    self.need(column, Need::WholeLongs);
                }
                is_long
            }
            _ => false,
        }
    }

    /// The name of a metric, which no virtual column may hide.
    fn visible(&self, metric: &str) -> Option<String> {
        self.virtual_column(metric).is_none().then(|| metric.to_owned())
    }

    fn metric(
        &mut self,
        function: MetricFunction,
        number: Number,
        column: &str,
        need: Need,
    ) -> Option<String> {
        let column_type = match number {
            Number::Long => ColumnType::Long,
            Number::Float => ColumnType::Float,
            Number::Double => ColumnType::Double,
        };
        let metric = self.visible(self.spec.metric(function, Some((column, column_type)))?)?;
        self.need(column, need);
        Some(metric)
    }
}
