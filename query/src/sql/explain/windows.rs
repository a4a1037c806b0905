//! What are window functions in Druid's native language? Operators over the rows of another query: a sort, a partition,
//! and what is computed in each.

use datafusion::logical_expr::expr::{Sort as SortKey, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, Window, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use serde_json::{Value, json};

use super::composed::Composer;
use super::native::{native_name, sorted};
use super::outline::Outline;

/// The query of a plan with windows over groups or rows.
pub(super) fn query(plan: &LogicalPlan, names: &[String], composer: &Composer<'_>) -> Option<Value> {
    let found = Windowed::read(plan, composer)?;
    found.windows.first()?;
    let query = found.below.json(composer)?;
    let mut signature = Vec::new();
    let mut mappings = Vec::new();
    for ((field, name), column) in plan.schema().fields().iter().zip(names).zip(&found.names) {
        let column = column.as_ref()?;
        signature.push(json!({"name": column, "type": native_name(field.data_type())}));
        mappings.push(json!({"queryColumn": column, "outputColumn": name}));
    }
    let eternity = alluvium_segments::time::Interval::ETERNITY.to_string();
    let context = sorted(composer.context.clone());
    let shown = json!({"queryType": "windowOperator", "dataSource": {"type": "query", "query": query},
        "intervals": {"type": "LegacySegmentSpec", "intervals": [eternity]}, "context": context,
        "outputSignature": signature, "operatorDefinition": found.windows, "leafOperators": [],
        "granularity": {"type": "all"}});
    Some(json!({"query": shown, "signature": signature, "columnMappings": mappings}))
}

struct Windowed {
    below: Outline,
    /// For each output, the name of its column.
    names: Vec<Option<String>>,
    windows: Vec<Value>,
    /// How many functions there are so far.
    functions: usize,
}

impl Windowed {
    fn read(plan: &LogicalPlan, composer: &Composer<'_>) -> Option<Self> {
        match plan {
            LogicalPlan::Window(window) => {
                let below = match Self::read(&window.input, composer) {
                    Some(below) => below,
                    None => {
                        let below = Outline::read(&window.input, composer)?;
                        let names = below.names.clone();
                        Self { below, names, windows: Vec::new(), functions: 0 }
                    }
                };
                below.over(window)
            }
            LogicalPlan::Projection(projection) => {
                let mut below = Self::read(&projection.input, composer)?;
                let schema = projection.input.schema();
                let name = |expr: &Expr| match expr.clone().unalias_nested().data {
                    Expr::Column(column) => below.names.get(schema.maybe_index_of_column(&column)?)?.clone(),
                    _ => None,
                };
                below.names = projection.expr.iter().map(name).collect();
                Some(below)
            }
            LogicalPlan::SubqueryAlias(alias) => Self::read(&alias.input, composer),
            _ => None,
        }
    }

    fn name(&self, expr: &Expr, window: &Window) -> Option<String> {
        let schema = window.input.schema();
        match expr.clone().unalias_nested().data {
            Expr::Column(column) => self.names.get(schema.maybe_index_of_column(&column)?)?.clone(),
            _ => None,
        }
    }

    fn over(mut self, window: &Window) -> Option<Self> {
        let mut processors = Vec::with_capacity(window.window_expr.len());
        let mut sorted = None;
        for expr in &window.window_expr {
            let Expr::WindowFunction(function) = expr.clone().unalias_nested().data else { return None };
            let WindowFunction { fun, params } = *function;
            let name = format!("w{}", self.functions);
            self.functions += 1;
            processors.push(self.processor(&fun, &params, &name, window)?);
            self.names.push(Some(name));
            sorted.get_or_insert((params.partition_by, params.order_by));
        }
        let (partition, order) = sorted?;
        let keys: Vec<String> = partition.iter().map(|e| self.name(e, window)).collect::<Option<_>>()?;
        let by_key = keys.iter().map(|key| json!({"column": key, "direction": "ASC"}));
        let mut columns: Vec<Value> = by_key.collect();
        for SortKey { expr, asc, .. } in &order {
            let direction = if *asc { "ASC" } else { "DESC" };
            columns.push(json!({"column": self.name(expr, window)?, "direction": direction}));
        }
        if !columns.is_empty() {
            self.windows.push(json!({"type": "naiveSort", "columns": columns}));
        }
        self.windows.push(json!({"type": "naivePartition", "partitionColumns": keys}));
        let processor = match <[Value; 1]>::try_from(processors) {
            Ok([only]) => only,
            Err(processors) => json!({"type": "composing", "processors": processors}),
        };
        self.windows.push(json!({"type": "window", "processor": processor}));
        Some(self)
    }

    fn processor(
        &self,
        function: &WindowFunctionDefinition,
        params: &WindowFunctionParams,
        name: &str,
        window: &Window,
    ) -> Option<Value> {
        let order = params.order_by.iter().map(|key| self.name(&key.expr, window));
        let group: Vec<String> = order.collect::<Option<_>>()?;
        let from = || self.name(params.args.first()?, window);
        let number = |at: usize, otherwise: i64| match params.args.get(at) {
            Some(Expr::Literal(value, _)) => i64::try_from(value.clone()).unwrap_or(otherwise),
            _ => otherwise,
        };
        Some(match function.name() {
            "rank" => json!({"type": "rank", "group": group, "outputColumn": name, "asPercent": false}),
            "percent_rank" => {
                json!({"type": "rank", "group": group, "outputColumn": name, "asPercent": true})
            }
            "dense_rank" => json!({"type": "denseRank", "group": group, "outputColumn": name}),
            "cume_dist" => json!({"type": "cumeDist", "group": group, "outputColumn": name}),
            "row_number" => json!({"type": "rowNumber", "outputColumn": name}),
            "ntile" => json!({"type": "percentile", "outputColumn": name, "numBuckets": number(0, 1)}),
            "first_value" => json!({"type": "first", "inputColumn": from()?, "outputColumn": name}),
            "last_value" => json!({"type": "last", "inputColumn": from()?, "outputColumn": name}),
            "lag" => {
                json!({"type": "offset", "inputColumn": from()?, "outputColumn": name, "offset": -number(1, 1)})
            }
            "lead" => {
                json!({"type": "offset", "inputColumn": from()?, "outputColumn": name, "offset": number(1, 1)})
            }
            other => json!({"type": "framedAgg", "frame": frame(params, &group),
                "aggregations": [aggregation(other, name, from())]}),
        })
    }
}

/// An aggregate of a frame, by the name of the function.
fn aggregation(function: &str, name: &str, from: Option<String>) -> Value {
    match (function, from) {
        ("count", None) => json!({"type": "count", "name": name}),
        ("count", Some(from)) => json!({"type": "filtered", "aggregator": {"type": "count", "name": name},
            "filter": {"type": "not", "field": {"type": "null", "column": from}}, "name": name}),
        ("min", from) => json!({"type": "longMin", "name": name, "fieldName": from}),
        ("max", from) => json!({"type": "longMax", "name": name, "fieldName": from}),
        (_, from) => json!({"type": "longSum", "name": name, "fieldName": from}),
    }
}

fn frame(params: &WindowFunctionParams, group: &[String]) -> Value {
    let frame = &params.window_frame;
    let offset = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::Preceding(value) if value.is_null() => None,
        WindowFrameBound::Following(value) if value.is_null() => None,
        WindowFrameBound::Preceding(value) => i64::try_from(value.clone()).ok().map(|rows| -rows),
        WindowFrameBound::Following(value) => i64::try_from(value.clone()).ok(),
        WindowFrameBound::CurrentRow => Some(0),
    };
    let (lower, upper) = (offset(&frame.start_bound), offset(&frame.end_bound));
    match frame.units {
        _ if lower.is_none() && upper.is_none() => json!({"type": "unbounded"}),
        WindowFrameUnits::Rows => json!({"type": "rows", "lowerOffset": lower, "upperOffset": upper}),
        _ => json!({"type": "groups", "lowerOffset": lower, "upperOffset": upper, "orderByColumns": group}),
    }
}
