//! How are timeseries and topN written, and what do all aggregating queries have in common?

use std::collections::HashSet;

use alluvium_expression::{ExtractionFn, Filter, StringOrdering};
use alluvium_segments::time::Granularity;
use alluvium_segments::{ColumnType, TIME_COLUMN};

use super::aggregators::aggregators;
use super::dimensions::{dimension, virtual_columns};
use super::fields::Fields;
use super::limit::TopMetric;
use crate::QueryError;
use crate::plan::{
    AggregateFunction, AggregatePlan, DimensionPlan, DimensionTransform, Operator, Plan, Scope, Top,
    VirtualColumn,
};
use crate::post::{PostAggregator, post_aggregators};

/// Groups, aggregates, and what is computed from them.
#[derive(Debug)]
pub(crate) struct Aggregation {
    pub(crate) virtual_columns: Vec<VirtualColumn>,
    pub(crate) filter: Option<Filter>,
    pub(crate) plan: AggregatePlan,
    pub(crate) post: Vec<PostAggregator>,
    /// By name of a dimension: what is made of its values once there are groups.
    pub(crate) late: Vec<(String, ExtractionFn)>,
}

impl Aggregation {
    /// Reads the common fields; `dimensions` are read already.
    pub(crate) fn read(
        fields: &Fields<'_>,
        granularity: Granularity,
        dimensions: Vec<DimensionPlan>,
    ) -> Result<Self, QueryError> {
        let aggregators = aggregators(fields.list("aggregations")?, &dimensions)?;
        let post = post_aggregators(fields.list("postAggregations")?)?;
        let mut names = HashSet::new();
        let outputs = dimensions.iter().map(|d| &d.name).chain(aggregators.iter().map(|a| &a.name));
        let defined = |name: &str| QueryError::invalid(format!("[{name}] already defined"));
        for (at, name) in outputs.enumerate() {
            // A topN may be of times.
            if name == TIME_COLUMN && !(dimensions.get(at).is_some_and(|d| d.drop_empty)) {
                let message = format!("`{TIME_COLUMN}` cannot be the name of a dimension or an aggregator");
                return Err(QueryError::invalid(message));
            }
            if !names.insert(name.as_str()) {
                return Err(defined(name));
            }
        }
        for item in &post {
            if let Some(missing) = item.missing(|name| names.contains(name)) {
                let message = format!("Missing fields [[{missing}]] for postAggregator [{}]", item.name);
                return Err(QueryError::invalid(message));
            }
            if !names.insert(item.name.as_str()) {
                return Err(defined(&item.name));
            }
        }
        if dimensions.len() > 60 {
            return Err(QueryError::invalid("a query can have at most 60 dimensions"));
        }
        let plan = AggregatePlan { granularity, dimensions, aggregators, top: None };
        let filter = filter(fields)?;
        let virtual_columns = virtual_columns(fields.list("virtualColumns")?)?;
        Ok(Self { virtual_columns, filter, plan, post, late: Vec::new() })
    }

    /// Leaves functions that make different texts of different texts until there are groups, but for those of dimensions
    /// that are asked for before.
    pub(crate) fn pull_up(&mut self, asked: impl Fn(&str) -> bool) {
        for dimension in self.plan.dimensions.iter_mut().filter(|dimension| !asked(&dimension.name)) {
            if dimension.output_type != ColumnType::String || !self.post.is_empty() {
                continue;
            }
            let last = dimension.transforms.last();
            if let Some(DimensionTransform::Extract(function)) = last
                && function.is_one_to_one()
            {
                self.late.push((dimension.name.clone(), function.clone()));
                dimension.transforms.pop();
            }
        }
    }

    /// The plan over a scope's datasources and intervals.
    pub(crate) fn plan(&self, mut scope: Scope) -> Plan {
        scope.virtual_columns.clone_from(&self.virtual_columns);
        scope.filter.clone_from(&self.filter);
        Plan::new(scope, Operator::Aggregate(self.plan.clone()))
    }
}

/// The `filter` of a query.
pub(crate) fn filter(fields: &Fields<'_>) -> Result<Option<Filter>, QueryError> {
    Ok(fields.get("filter").map(Filter::from_json).transpose()?)
}

/// The `granularity` of a query that must have one.
pub(crate) fn granularity(fields: &Fields<'_>) -> Result<Granularity, QueryError> {
    Ok(Granularity::from_json(fields.need("granularity")?)?)
}

/// The `granularity` of a query, all time as one where it is not given.
pub(crate) fn granularity_or_all(fields: &Fields<'_>) -> Result<Granularity, QueryError> {
    Ok(fields.get("granularity").map_or(Ok(Granularity::All), Granularity::from_json)?)
}

/// `timeseries`.
#[derive(Debug)]
pub(crate) struct Timeseries {
    pub(crate) aggregation: Aggregation,
    pub(crate) descending: bool,
    pub(crate) limit: u64,
}

impl Timeseries {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let mut aggregation = Aggregation::read(fields, granularity(fields)?, Vec::new())?;
        // Without dimensions there is nothing to leave out.
        for aggregator in &mut aggregation.plan.aggregators {
            if let AggregateFunction::Grouping(bits) = &mut aggregator.function {
                *bits = 0;
            }
        }
        if let Some(text) = fields.get("descending").and_then(|value| value.as_str())
            && !["true", "false", ""].iter().any(|known| text.eq_ignore_ascii_case(known))
        {
            return Err(fields.wrong("descending", "true or false"));
        }
        Ok(Self { aggregation, descending: fields.flag("descending", false)?, limit: fields.count("limit")? })
    }
}

/// `topN`.
#[derive(Debug)]
pub(crate) struct TopN {
    pub(crate) aggregation: Aggregation,
    pub(crate) metric: TopMetric,
    pub(crate) threshold: u64,
    /// Whether the context says how many groups a segment hands on.
    limited: bool,
}

impl TopN {
    /// Whether the answer depends on what each segment hands on: by how much that is, or by the turn of values that come
    /// in one place of the order asked for.
    pub(crate) fn is_by_segment(&self) -> bool {
        let mut metric = &self.metric;
        while let TopMetric::Inverted(inner) = metric {
            metric = inner;
        }
        let is_partial = |ordering: &StringOrdering| {
            !matches!(ordering, StringOrdering::Lexicographic | StringOrdering::Strlen)
        };
        self.limited || matches!(metric, TopMetric::Dimension { ordering, .. } if is_partial(ordering))
    }

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let mut key = dimension(fields.need("dimension")?)?;
        key.drop_empty = true;
        let name = key.name.clone();
        let mut aggregation = Aggregation::read(fields, granularity(fields)?, vec![key])?;
        let metric = TopMetric::read(fields.need("metric")?)?;
        if fields.long_opt("threshold")?.is_some_and(|threshold| threshold < 0) {
            return Err(QueryError::failed("limit is negative"));
        }
        let threshold = fields.count("threshold")?;
        if threshold == 0 {
            return Err(fields.wrong("threshold", "above 0"));
        }
        let mut by = &metric;
        let mut descending = true;
        while let TopMetric::Inverted(inner) = by {
            (by, descending) = (inner, !descending);
        }
        if let TopMetric::Numeric(metric) = by {
            let aggregators = &aggregation.plan.aggregators;
            let aggregator = aggregators.iter().position(|a| a.name == *metric);
            if aggregator.is_none() && *metric != name && !aggregation.post.iter().any(|p| p.name == *metric)
            {
                let message =
                    format!("topN: metric `{metric}` is neither an aggregation nor a post-aggregation");
                return Err(QueryError::invalid(message));
            }
            let count = usize::try_from(threshold).unwrap_or(usize::MAX);
            // The other way round, groups without a metric come last, which a cut by the metric alone does not know.
            let cut = aggregator.filter(|_| descending);
            aggregation.plan.top = cut.map(|aggregator| Top { aggregator, descending, count });
        }
        let limited = fields.get("context").is_some_and(|context| context.get("minTopNThreshold").is_some());
        Ok(Self { aggregation, metric, threshold, limited })
    }
}
