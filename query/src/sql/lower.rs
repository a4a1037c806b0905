//! What plan runs for a segment query? Texts are parsed, native filters read, time buckets recognised.

use alluvium_expression::{Expr, Filter, FilterError, parse};
use alluvium_segments::ColumnType;
use alluvium_segments::time::{Granularity, parse_zone};

use alluvium_sketches::{Form, Recipe};

use super::fault::invalid;
use super::functions::unprepared;
use super::translate::{
    Aggregator, ComputedColumn, Dimension, Field, Function, NativeType, Restriction, SegmentQuery, Work,
};
use crate::QueryError;
use crate::plan::{
    AggregateFunction, AggregatePlan, AggregatorPlan, DimensionPlan, Input, Lists, Number, Operator, Plan,
    RowColumn, RowOrderBy, RowsPlan, Scope, Shown, VirtualColumn, VirtualSource,
};

/// A plan, and where in its groups the time bucket stands among the dimensions, if it is one of them.
#[derive(Debug, Clone)]
pub(crate) struct Lowered {
    pub(crate) plan: Plan,
    pub(crate) bucket: Option<usize>,
    /// Whether it is one of several grouping sets: over no rows none of them has a group.
    pub(crate) subtotal: bool,
}

impl Lowered {
    /// The same work over other rows.
    pub(crate) fn over(mut self, rows: &Restriction) -> Result<Self, QueryError> {
        self.plan.scope.intervals.clone_from(&rows.intervals);
        self.plan.scope.filter = rows.filter.as_ref().map(read_filter).transpose()?;
        Ok(self)
    }

    /// The same work of whose result only some columns are looked at; those of other group keys are empty.
    pub(crate) fn seen(mut self, columns: &[usize]) -> Self {
        if let Operator::Aggregate(plan) = &self.plan.operator {
            // The bucket is a column and no dimension.
            let column = |dimension: usize| {
                dimension + usize::from(self.bucket.is_some_and(|bucket| bucket <= dimension))
            };
            let unseen = (0..plan.dimensions.len()).filter(|d| !columns.contains(&column(*d)));
            self.plan.unseen = unseen.collect();
        }
        self
    }
}

/// The plan of a segment query.
pub(crate) fn lower(query: &SegmentQuery) -> Result<Lowered, QueryError> {
    let (operator, bucket) = match &query.work {
        Work::Groups { dimensions, aggregators } => groups(dimensions, aggregators)?,
        Work::Rows { columns, computed, descending, offset, limit } => {
            // Of several values of a row no number can be made.
            let single = |column: &ComputedColumn| {
                let expression = parse(&column.expression).map_err(unprepared)?.fold();
                Ok::<_, QueryError>(Shown { expression, lists: Lists::Refused(column.output) })
            };
            let column = |name: &String| {
                let made = computed.iter().find(|made| made.name == *name && made.output.is_numeric());
                let shown = made.map(single).transpose()?;
                Ok::<_, QueryError>(RowColumn { name: name.clone(), output_type: None, shown })
            };
            let by_time = |descending: &bool| RowOrderBy {
                column: alluvium_segments::TIME_COLUMN.to_owned(),
                descending: *descending,
            };
            let rows = RowsPlan {
                columns: columns.iter().map(column).collect::<Result<_, _>>()?,
                order: descending.iter().map(by_time).collect(),
                offset: *offset,
                limit: *limit,
            };
            (Operator::Rows(rows), None)
        }
    };
    let mut scope = Scope::table("");
    scope.datasources.clone_from(&query.datasources);
    if let Work::Rows { computed, .. } = &query.work {
        scope.virtual_columns = computed.iter().map(virtual_column).collect::<Result<_, _>>()?;
    }
    let plan = Plan::new(scope, operator);
    Lowered { plan, bucket, subtotal: false }.over(&query.rows)
}

fn virtual_column(column: &ComputedColumn) -> Result<VirtualColumn, QueryError> {
    let expression = parse(&column.expression).map_err(unprepared)?.fold();
    let source = VirtualSource::Expression { expression, output_type: Some(column.output) };
    Ok(VirtualColumn { name: column.name.clone(), source })
}

fn groups(
    dimensions: &[Dimension],
    aggregators: &[Aggregator],
) -> Result<(Operator, Option<usize>), QueryError> {
    let mut granularity = Granularity::All;
    let mut bucket = None;
    let mut plans = Vec::with_capacity(dimensions.len());
    for (i, dimension) in dimensions.iter().enumerate() {
        if let (Field::TimeFloor { period, zone }, None) = (&dimension.field, bucket) {
            granularity = Granularity::period(period.parse()?, parse_zone(zone)?, None)?;
            bucket = Some(i);
            continue;
        }
        plans.push(DimensionPlan {
            name: dimension.name.clone(),
            input: input(&dimension.field)?,
            transforms: Vec::new(),
            output_type: dimension.output,
            drop_empty: dimension.unnested,
            once: false,
        });
    }
    let aggregators = aggregators.iter().map(aggregator).collect::<Result<_, _>>()?;
    let plan = AggregatePlan { granularity, dimensions: plans, aggregators, top: None };
    Ok((Operator::Aggregate(plan), bucket))
}

fn read_filter(json: &serde_json::Value) -> Result<Filter, QueryError> {
    Filter::from_json(json).map_err(|e| match e {
        FilterError::Expression(error) => unprepared(error),
        other => invalid(other.to_string()),
    })
}

fn input(field: &Field) -> Result<Input, QueryError> {
    match field {
        Field::Column(name) => Ok(Input::Column(name.clone())),
        other => {
            let expression = parse(&other.text()).map_err(unprepared)?;
            Ok(Input::Expression(expression.fold()))
        }
    }
}

/// The values whose distinct ones are counted.
fn distinct_field(
    aggregator: &Aggregator,
    field: &Field,
    output: NativeType,
) -> Result<DimensionPlan, QueryError> {
    Ok(DimensionPlan {
        name: aggregator.name.clone(),
        input: input(field)?,
        transforms: Vec::new(),
        output_type: output,
        drop_empty: false,
        once: false,
    })
}

/// What is aggregated as a double need not be cast to one before.
fn as_double(input: Input) -> Input {
    let Input::Expression(Expr::Call(call)) = &input else { return input };
    match (call.name(), call.args()) {
        ("cast", [Expr::Column(column), Expr::Literal(to)])
            if to.as_string().as_deref() == Some("DOUBLE") =>
        {
            Input::Column(column.to_string())
        }
        _ => input,
    }
}

fn number(native: NativeType) -> Number {
    match native {
        ColumnType::Long => Number::Long,
        ColumnType::Float => Number::Float,
        ColumnType::Double
        | ColumnType::String
        | ColumnType::Array(_)
        | ColumnType::Json
        | ColumnType::Complex(_) => Number::Double,
    }
}

fn aggregator(aggregator: &Aggregator) -> Result<AggregatorPlan, QueryError> {
    let function = match &aggregator.function {
        Function::Count => AggregateFunction::Count,
        Function::CountNonNull(field) => AggregateFunction::CountNonNull(input(field)?),
        Function::Sum(kind, field) => AggregateFunction::Sum(number(*kind), input(field)?),
        Function::Min(kind, field) => AggregateFunction::Min(number(*kind), input(field)?),
        Function::Max(kind, field) => AggregateFunction::Max(number(*kind), input(field)?),
        Function::Mean(field) => AggregateFunction::Mean(as_double(input(field)?)),
        Function::First { output, field, time, max_bytes } => AggregateFunction::First {
            value_type: *output,
            input: input(field)?,
            time: time.clone(),
            max_bytes: *max_bytes,
        },
        Function::Last { output, field, time, max_bytes } => AggregateFunction::Last {
            value_type: *output,
            input: input(field)?,
            time: time.clone(),
            max_bytes: *max_bytes,
        },
        Function::Any { output, field, max_bytes } => {
            AggregateFunction::Any { value_type: *output, input: input(field)?, max_bytes: *max_bytes }
        }
        // Of a column of collectors.
        Function::Distinct(field, ColumnType::Json) => AggregateFunction::Summary {
            recipe: Recipe::of(Form::HyperUnique { round: true }),
            field: distinct_field(aggregator, field, ColumnType::Json)?,
            rest: Vec::new(),
        },
        Function::Distinct(field, output) => {
            let dimension = distinct_field(aggregator, field, *output)?;
            AggregateFunction::Cardinality { fields: vec![dimension], by_row: false, round: true }
        }
        Function::Summary { recipe, field, output, rest } => AggregateFunction::Summary {
            recipe: Recipe::clone(recipe),
            field: distinct_field(aggregator, field, *output)?,
            rest: rest.iter().map(input).collect::<Result<_, _>>()?,
        },
        Function::ExactDistinct(field, output) => {
            AggregateFunction::ExactDistinct(distinct_field(aggregator, field, *output)?)
        }
        Function::Quantile(field, fraction) => AggregateFunction::Quantile(input(field)?, *fraction),
    };
    let filter = aggregator.filter.as_ref().map(read_filter).transpose()?;
    Ok(AggregatorPlan { name: aggregator.name.clone(), function, filter })
}
