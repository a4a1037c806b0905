//! How is each native query carried out? The plan for its shape, run over its data source, and the shape's answer.

mod search;
mod top_n;
mod walk;

use alluvium_expression::Expr;
use alluvium_segments::catalog::Snapshot;
use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::{ColumnType, SegmentRef, TIME_COLUMN};
use chrono_tz::Tz;
use serde_json::json;

use crate::QueryEngine;
use crate::QueryError;
use crate::answer::{self, Cells, ScanColumn, Show, Surroundings, Table, TimeFormat};
use crate::column::ColumnData;
use crate::inline::InlineSegment;
use crate::partial::{Groups, Partial, RowSet};
use crate::plan::{
    Input as PlanInput, KnownColumns, Operator, Plan, RowColumn, RowsPlan, Scope, VirtualColumn,
};
use crate::refused;
use crate::request::{Aggregation, Body, DataSource, NativeQuery, Scan, SegmentMetadata};
use crate::run::{Control, Segments};
use crate::source::{Asked, Base, Input, Limit, segments};

/// The query being carried out.
struct Run<'q> {
    engine: &'q QueryEngine,
    query: &'q NativeQuery,
    input: Input,
    control: &'q Control,
}

/// A column with its name, and its type where the values do not tell.
pub(crate) type Typed = (String, Option<ColumnType>, ColumnData);

impl QueryEngine {
    /// Carries out a native query and writes its answer.
    pub(crate) async fn run_native(
        &self,
        query: &NativeQuery,
        snapshot: &Snapshot,
        control: &Control,
    ) -> Result<Vec<u8>, QueryError> {
        let input = self.input(&query.source, Asked::by(query, snapshot, control)).await?;
        let run = Run { engine: self, query, input, control };
        if query.context.flag("bySegment", false)? { run.by_segment().await } else { run.answer().await }
    }

    /// The names and intervals a query, or the innermost one within it, reads tables by, and their segments; `None`
    /// when it reads none, or more than these.
    pub(crate) fn base(
        &self,
        query: &NativeQuery,
        snapshot: &Snapshot,
        control: &Control,
    ) -> Result<Option<Base>, QueryError> {
        match &query.source {
            DataSource::Tables(names) if names.iter().all(|name| snapshot.datasource(name).is_none()) => {
                Ok(None)
            }
            DataSource::Tables(names) => {
                let segments = segments(names, Asked::by(query, snapshot, control))?;
                Ok(Some((names.clone(), query.intervals.clone(), segments)))
            }
            DataSource::Query(inner) => self.base(inner, snapshot, control),
            DataSource::Inline(_)
            | DataSource::Filter { .. }
            | DataSource::Unnest(_)
            | DataSource::Join(_) => Ok(None),
        }
    }

    /// The result of a query within another.
    pub(crate) async fn subquery(
        &self,
        inner: &NativeQuery,
        outer: Asked<'_>,
    ) -> Result<InlineSegment, QueryError> {
        let (asked, control) = (Asked::by(inner, outer.snapshot, outer.control), outer.control);
        let input = self.input(&inner.source, asked).await?;
        let columns = Run { engine: self, query: inner, input, control }.columns(outer.groups).await?;
        let untyped = match &inner.body {
            Body::Scan(scan) => scan.untyped(),
            _ => Vec::new(),
        };
        let rows = InlineSegment::typed("subquery", columns).with_untyped(untyped);
        Limit::of(outer.context, &inner.context, self.options.max_subquery_rows)?.check(&rows)?;
        Ok(rows)
    }
}

impl Run<'_> {
    fn scope(&self) -> Scope {
        let mut scope = Scope::table("");
        scope.datasources.clone_from(&self.input.names);
        scope.intervals.clone_from(&self.query.intervals);
        scope
    }

    fn around(&self) -> Result<Surroundings<'_>, QueryError> {
        let as_long = self.query.context.flag("serializeDateTimeAsLong", false)?;
        let coverage = self.input.segments.coverage(&self.query.intervals);
        let show = if self.query.context.flag("finalize", true)? { Show::Finalized } else { Show::Kept };
        let times = TimeFormat { as_long, zone: self.query.body.zone() };
        Ok(Surroundings { intervals: &self.query.intervals, coverage, times, show })
    }

    /// What is known of the columns that computed ones read.
    fn known<'k>(&'k self, virtuals: &'k [VirtualColumn]) -> KnownColumns<'k> {
        let Input { columns, timed, segments, walked, .. } = &self.input;
        KnownColumns { columns, timed: *timed, segments: &segments.list, virtuals, in_memory: *walked }
    }

    async fn execute(&self, plan: Plan) -> Result<Partial, QueryError> {
        self.execute_over(plan, &self.input.segments).await
    }

    async fn execute_over(&self, mut plan: Plan, segments: &Segments) -> Result<Partial, QueryError> {
        plan.projections = self.query.context.projections()?;
        plan.caching = self.query.context.caching()?.segments;
        plan.scope.virtual_columns = self.known(&plan.scope.virtual_columns).resolved();
        self.engine.runner.execute(plan, segments, self.control).await
    }

    /// Nested values and sketches are no values that groupBy could tell apart: one group has them all.
    fn group_nothing(&self, plan: &mut Plan) {
        let virtuals = plan.scope.virtual_columns.clone();
        let known = self.known(&virtuals);
        let (Body::GroupBy(_), Operator::Aggregate(groups)) = (&self.query.body, &mut plan.operator) else {
            return;
        };
        for dimension in &mut groups.dimensions {
            if let PlanInput::Column(name) = &dimension.input
                && matches!(known.column_type(name), Some(ColumnType::Json | ColumnType::Complex(_)))
            {
                dimension.input = PlanInput::Expression(Expr::null());
            }
        }
    }

    async fn groups(&self, aggregation: &Aggregation) -> Result<Groups, QueryError> {
        let mut plan = aggregation.plan(self.scope());
        self.group_nothing(&mut plan);
        match self.execute_groups(plan).await? {
            Partial::Groups(blocks) => Groups::of_blocks(&aggregation.plan, blocks),
            _ => Ok(Groups::empty(&aggregation.plan)),
        }
    }

    /// The answers over each segment alone.
    async fn by_segment(&self) -> Result<Vec<u8>, QueryError> {
        if self.query.context.flag("grandTotal", false)? {
            return Err(QueryError::Internal("bySegment and grandTotal exclude each other".to_owned()));
        }
        let list = &self.input.segments.list;
        let ends = match &self.query.body {
            // Only the first and the last can have the bounds.
            Body::TimeBoundary(_) => [0, list.len().saturating_sub(1)],
            _ => [usize::MAX; 2],
        };
        let mut out = vec![b'['];
        for (at, segment) in list.iter().enumerate() {
            let wanted = self.query.intervals.iter().filter_map(|i| i.intersect(segment.visible));
            let wanted =
                wanted.reduce(|a, b| Interval { start: a.start.min(b.start), end: a.end.max(b.end) });
            let Some(wanted) = wanted.filter(|_| ends[0] == usize::MAX || ends.contains(&at)) else {
                continue;
            };
            let run = Run {
                engine: self.engine,
                query: self.query,
                input: self.input.only(segment),
                control: self.control,
            };
            let answer = run.answer().await?;
            if out.len() > 1 {
                out.push(b',');
            }
            let as_long = self.query.context.flag("serializeDateTimeAsLong", false)?;
            out.extend(b"{\"timestamp\":");
            TimeFormat { as_long, zone: Tz::UTC }.write(wanted.start, &mut out);
            out.extend(b",\"result\":{\"results\":");
            out.extend(answer);
            let (id, interval) = (segment.segment.id().to_string(), wanted.to_string());
            out.extend(format!(",\"segment\":{},\"interval\":{}}}}}", json!(id), json!(interval)).bytes());
        }
        out.push(b']');
        Ok(out)
    }

    /// Refuses what Druid does.
    fn check(&self) -> Result<(), QueryError> {
        let virtuals = match &self.query.body {
            Body::Timeseries(query) => &query.aggregation.virtual_columns,
            Body::TopN(query) => &query.aggregation.virtual_columns,
            Body::GroupBy(query) => &query.aggregation.virtual_columns,
            Body::Scan(query) => &query.virtual_columns,
            Body::Search(query) => &query.virtual_columns,
            Body::TimeBoundary(_) | Body::SegmentMetadata(_) | Body::DataSourceMetadata => return Ok(()),
        };
        refused::check(self.query, &self.known(virtuals))
    }

    async fn answer(&self) -> Result<Vec<u8>, QueryError> {
        self.check()?;
        let around = self.around()?;
        let context = &self.query.context;
        match &self.query.body {
            Body::Timeseries(query) => {
                let groups = self.groups(&query.aggregation).await?;
                answer::timeseries(query, groups, &around, context, self.control)
            }
            Body::TopN(query) => answer::top_n(query, self.top_groups(query).await?, &around, self.control),
            Body::GroupBy(query) => {
                let groups = self.groups(&query.aggregation).await?;
                answer::check_dictionary(&groups, context)?;
                answer::group_by(query, groups, &around, context)
            }
            Body::Scan(query) => {
                let columns = answer::scan_columns(query, &self.known(&query.virtual_columns));
                let rows = self.rows(query, answer::row_columns(&columns, true)).await?;
                let Input { segments, untyped, .. } = &self.input;
                Ok(answer::scan(query, &rows, &columns, (&segments.list, untyped)))
            }
            Body::Search(query) => self.search(query, &around).await,
            Body::TimeBoundary(query) => {
                let mut scope = self.scope();
                scope.filter.clone_from(&query.filter);
                let bounds = self.time_bounds(scope).await?;
                Ok(answer::time_boundary(query, bounds, around.times))
            }
            Body::SegmentMetadata(query) => self.segment_metadata(query),
            Body::DataSourceMetadata => {
                Ok(answer::data_source_metadata(&self.input.segments.list, around.times))
            }
        }
    }

    async fn rows(&self, query: &Scan, columns: Vec<RowColumn>) -> Result<RowSet, QueryError> {
        let mut scope = self.scope();
        scope.virtual_columns.clone_from(&query.virtual_columns);
        scope.filter.clone_from(&query.filter);
        let plan = RowsPlan { columns, order: query.order.clone(), offset: query.offset, limit: query.limit };
        match self.execute(Plan::new(scope, Operator::Rows(plan))).await? {
            Partial::Rows(rows) => Ok(rows),
            _ => Ok(RowSet::default()),
        }
    }

    fn segment_metadata(&self, query: &SegmentMetadata) -> Result<Vec<u8>, QueryError> {
        let list = &self.input.segments.list;
        if self.query.intervals_given {
            return answer::segment_metadata(query, list, self.control);
        }
        // Without intervals: some time before the end of the last segment.
        let Some(end) = list.iter().map(|s| s.segment.id().interval.end).max() else {
            return Ok(Vec::from(*b"[]"));
        };
        let history = self.engine.options.defaults.history;
        let wanted = Interval { start: history.add_to(end, -1, Tz::UTC), end };
        let recent: Vec<SegmentRef> =
            list.iter().filter(|s| s.segment.id().interval.overlaps(wanted)).cloned().collect();
        answer::segment_metadata(query, &recent, self.control)
    }

    /// The result as columns, for a query around this one.
    async fn columns(&self, for_groups: bool) -> Result<Vec<Typed>, QueryError> {
        self.check()?;
        let context = &self.query.context;
        let finalizes = context.has("finalize") && context.flag("finalize", true)?;
        let show = if finalizes { Show::Finalized } else { Show::Summaries };
        let around = Surroundings { show, ..self.around()? };
        match &self.query.body {
            Body::Timeseries(query) => {
                let groups = self.groups(&query.aggregation).await?;
                let (table, order) = answer::timeseries_table(query, groups, &around, context, self.control)?;
                Ok(table.into_columns(&order, Some(around.all_time())))
            }
            Body::TopN(query) => {
                let (table, blocks) = answer::top_n_table(query, self.top_groups(query).await?, show)?;
                Ok(table.into_columns(&blocks.concat(), Some(around.all_time())))
            }
            Body::GroupBy(query) => {
                let groups = self.groups(&query.aggregation).await?;
                let all = matches!(query.aggregation.plan.granularity, Granularity::All);
                // All of time as one bucket has no time of its own.
                let start = self.query.intervals.first().map_or(0, |i| i.start);
                let time = if all { for_groups.then_some(start) } else { Some(0) };
                let (table, rows) = answer::group_by_table(query, groups, show, context)?;
                Ok(table.into_columns(&rows, time))
            }
            Body::Scan(query) => {
                let columns = answer::scan_columns(query, &self.known(&query.virtual_columns));
                let rows = self.rows(query, answer::row_columns(&columns, false)).await?;
                let empty =
                    |output: Option<ColumnType>| ColumnData::empty(output.unwrap_or(ColumnType::String));
                let typed = |column: ScanColumn| (column.name, column.column_type, empty(column.column_type));
                let mut whole: Vec<Typed> = columns.into_iter().map(typed).collect();
                for block in &rows.blocks {
                    for ((.., known), data) in whole.iter_mut().zip(&block.columns) {
                        *known = known.concat_any(data);
                    }
                }
                Ok(whole)
            }
            _ => Err(QueryError::unsupported(format!(
                "a query of type `{}` cannot be a data source; timeseries, topN, groupBy and scan can",
                self.query.query_type
            ))),
        }
    }
}

impl Table {
    /// The given rows as columns, with `__time` unless there is none: that of the bucket, or the one given.
    fn into_columns(self, rows: &[usize], time: Option<i64>) -> Vec<Typed> {
        let take: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
        let mut columns = Vec::with_capacity(self.columns.len() + 1);
        if let Some(time) = time {
            let times = rows.iter().map(|row| self.buckets.get(*row).copied().unwrap_or(time));
            let times: Vec<_> = times.map(alluvium_expression::Value::Long).collect();
            columns.push((TIME_COLUMN.to_owned(), None, ColumnData::from_values(&times)));
        }
        for column in self.columns {
            columns.push(match column.cells {
                Cells::Data(data) => (column.name, None, data.take(&take)),
                Cells::Computed(values) => {
                    let (column_type, data) = ColumnData::coded(&values);
                    (column.name, column_type, data.take(&take))
                }
            });
        }
        columns
    }
}
