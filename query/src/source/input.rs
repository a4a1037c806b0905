//! Which segments does a data source become?

use std::sync::Arc;

use alluvium_expression::{Expr, UnknownLookup};
use alluvium_segments::catalog::{Snapshot, lookup_of_table};
use alluvium_segments::time::Interval;
use alluvium_segments::{ColumnSpec, ColumnType, Segment, SegmentRef, TIME_COLUMN};
use futures::future::{BoxFuture, FutureExt};

use super::condition::Condition;
use super::filtered::filtered;
use super::join::RightSide;
use super::limits::Limit;
use super::unnest::{Unnested, VALUES};
use crate::QueryEngine;
use crate::QueryError;
use crate::column::ColumnData;
use crate::inline::{InlineSegment, is_written};
use crate::partial::Partial;
use crate::plan::{Operator, Plan, RowColumn, RowsPlan, Scope, VirtualColumn, VirtualSource};
use crate::request::{Body, Context, DataSource, Descriptor, Join, NativeQuery, Unnest};
use crate::run::{Control, Segments};

/// Tables by name, the intervals they are read in, and their segments.
pub(crate) type Base = (Vec<String>, Vec<Interval>, Segments);

/// What a query runs over.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) segments: Segments,
    pub(crate) names: Vec<String>,
    /// Columns besides `__time`.
    pub(crate) columns: Vec<ColumnSpec>,
    /// Whether `__time` is one of its columns.
    pub(crate) timed: bool,
    /// Whether the rows lie in the order in which they were given, and are walked in it.
    pub(crate) walked: bool,
    /// Columns whose types nobody has said.
    pub(crate) untyped: Vec<String>,
}

/// For which query, and over what, a data source is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'q> {
    pub(crate) context: &'q Context,
    pub(crate) intervals: &'q [Interval],
    /// Whether it groups what it is read from: groups of groups over all time are at the start of the inner query.
    pub(crate) groups: bool,
    /// The only segments of tables that are asked for, when they are named.
    pub(crate) named: Option<&'q [Descriptor]>,
    pub(crate) snapshot: &'q Snapshot,
    pub(crate) control: &'q Control,
}

impl<'q> Asked<'q> {
    /// That of a query.
    pub(crate) fn by(query: &'q NativeQuery, snapshot: &'q Snapshot, control: &'q Control) -> Self {
        let (context, intervals) = (&query.context, query.intervals.as_slice());
        let (groups, named) = (matches!(query.body, Body::GroupBy(_)), query.segments.as_deref());
        Self { context, intervals, groups, named, snapshot, control }
    }
}

impl Input {
    fn of(segment: Arc<InlineSegment>, snapshot: &Snapshot) -> Self {
        let (mut columns, timed) = (segment.schema().columns.clone(), segment.is_timed());
        columns.retain(|column| !is_written(&column.name));
        let untyped = segment.untyped().to_vec();
        let list = vec![SegmentRef::whole(segment)];
        let segments = Segments { list, lookups: Arc::clone(&snapshot.lookups) };
        Self { segments, names: vec!["inline".to_owned()], columns, timed, walked: true, untyped }
    }

    /// Only one of its segments.
    pub(crate) fn only(&self, segment: &SegmentRef) -> Self {
        let segments = Segments { list: vec![segment.clone()], lookups: Arc::clone(&self.segments.lookups) };
        let (names, columns, untyped) = (self.names.clone(), self.columns.clone(), self.untyped.clone());
        Self { segments, names, columns, timed: self.timed, walked: self.walked, untyped }
    }

    /// The scope of all its rows.
    fn scope(&self, intervals: &[Interval]) -> Scope {
        let mut scope = Scope::table("");
        scope.datasources.clone_from(&self.names);
        scope.intervals = intervals.to_vec();
        scope
    }

    fn put_column(&mut self, spec: ColumnSpec) {
        self.columns.retain(|known| known.name != spec.name);
        self.columns.push(spec);
    }
}

impl QueryEngine {
    /// What a data source becomes.
    pub(crate) fn input<'q>(
        &'q self,
        source: &'q DataSource,
        asked: Asked<'q>,
    ) -> BoxFuture<'q, Result<Input, QueryError>> {
        async move {
            match source {
                DataSource::Tables(names) => tables(names, asked),
                DataSource::Inline(segment) => Ok(Input::of(Arc::clone(segment), asked.snapshot)),
                DataSource::Query(inner) => {
                    let rows = self.subquery(inner, asked).await?;
                    let input = Input::of(Arc::new(rows), asked.snapshot);
                    // Groups of groups are put together one by one.
                    Ok(Input { walked: !asked.groups, ..input })
                }
                DataSource::Filter { base, filter } => {
                    let input = self.input(base, Asked { groups: false, ..asked }).await?;
                    let mut scope = input.scope(asked.intervals);
                    scope.filter = Some(filter.clone());
                    self.filter(input, scope, asked).await
                }
                DataSource::Unnest(unnest) => self.unnest(unnest, asked).await,
                DataSource::Join(join) => self.join(join, asked).await,
            }
        }
        .boxed()
    }

    async fn filter(&self, mut input: Input, scope: Scope, asked: Asked<'_>) -> Result<Input, QueryError> {
        let list = std::mem::take(&mut input.segments.list);
        let (verdicts, control) = (self.runner.verdicts(&input.names, list.len()), asked.control.clone());
        let work = move |segment: &SegmentRef| filtered(&scope, &verdicts, segment, &control);
        input.segments.list = self.runner.over_each(list, work).await?;
        Ok(input)
    }

    async fn unnest(&self, unnest: &Unnest, asked: Asked<'_>) -> Result<Input, QueryError> {
        let mut input = self.input(&unnest.base, Asked { groups: false, ..asked }).await?;
        let name = &unnest.column.name;
        let known = name == TIME_COLUMN || input.columns.iter().any(|column| column.name == *name);
        if known && requires(&unnest.column, name) {
            return Err(QueryError::Internal(format!("Self-referential column[{name}]")));
        }
        let mut scope = input.scope(asked.intervals);
        let (source, output_type) = values_of(&unnest.column.source);
        let of_text = |name: &String| {
            input.columns.iter().any(|c| c.name == *name && c.column_type == ColumnType::String)
        };
        let plain = matches!(&source, VirtualSource::Existing { columns } if columns.iter().all(of_text));
        scope.virtual_columns = vec![VirtualColumn { name: VALUES.to_owned(), source }];
        let unnested = Unnested { name: name.clone(), output_type, plain };
        let list = std::mem::take(&mut input.segments.list);
        let (verdicts, control) = (self.runner.verdicts(&input.names, list.len()), asked.control.clone());
        let work = move |segment: &SegmentRef| unnested.of(&scope, &verdicts, segment, &control);
        input.segments.list = self.runner.over_each(list, work).await?;
        input.put_column(ColumnSpec::dimension(name, output_type));
        let Some(filter) = &unnest.filter else { return Ok(input) };
        let mut scope = input.scope(asked.intervals);
        scope.filter = Some(filter.clone());
        self.filter(input, scope, asked).await
    }

    async fn join(&self, join: &Join, asked: Asked<'_>) -> Result<Input, QueryError> {
        let condition = Condition::read(&join.condition, &join.prefix)?;
        let asked = Asked { groups: false, ..asked };
        let mut input = self.input(&join.left, asked).await?;
        let right = self.rows_of(&join.right, asked).await?;
        let verdicts = self.runner.verdicts(&[], 1);
        let right = RightSide::new(right, condition, (&join.prefix, join.kind), &verdicts, asked.control)?;
        let mut scope = input.scope(asked.intervals);
        scope.virtual_columns = right.keys();
        scope.filter.clone_from(&join.left_filter);
        let right = Arc::new(right);
        let list = std::mem::take(&mut input.segments.list);
        let (verdicts, control) = (self.runner.verdicts(&input.names, list.len()), asked.control.clone());
        let shared = Arc::clone(&right);
        let work = move |segment: &SegmentRef| shared.join(&scope, &verdicts, segment, &control);
        let start = asked.intervals.first().map_or(0, |interval| interval.start);
        let joined = self.runner.over_each(list.clone(), work).await?;
        for (left, (segment, matched)) in list.iter().zip(joined) {
            input.segments.list.push(segment);
            input.segments.list.extend(right.rest(left, &matched, start));
        }
        for spec in right.segment().schema().columns.iter().filter(|spec| !is_written(&spec.name)) {
            input.put_column(ColumnSpec { name: right.named(&spec.name), ..spec.clone() });
        }
        Ok(input)
    }

    /// All rows of a data source in memory.
    async fn rows_of(&self, source: &DataSource, asked: Asked<'_>) -> Result<Arc<dyn Segment>, QueryError> {
        match source {
            DataSource::Inline(segment) => return Ok(Arc::<InlineSegment>::clone(segment)),
            DataSource::Query(inner) => {
                return Ok(Arc::new(self.subquery(inner, asked).await?));
            }
            DataSource::Tables(names) => {
                if let [Some(lookup)] = names.iter().map(|name| lookup_of_table(name)).collect::<Vec<_>>()[..]
                {
                    return Ok(rows_of_lookup(lookup, asked.snapshot)?);
                }
                // Tables do not lie on every server.
                let tables = names.join(",");
                let message =
                    format!("Cannot handle subquery structure for dataSource: the right side is {tables}");
                return Err(QueryError::failed(message));
            }
            DataSource::Filter { .. } | DataSource::Unnest(_) | DataSource::Join(_) => {}
        }
        let input =
            self.input(source, Asked { intervals: &[Interval::ETERNITY], named: None, ..asked }).await?;
        let time = input.timed.then(|| (TIME_COLUMN.to_owned(), ColumnType::Long));
        let stored = input.columns.iter().map(|column| (column.name.clone(), column.column_type));
        let columns: Vec<(String, ColumnType)> = time.into_iter().chain(stored).collect();
        let wanted = |(name, column_type): &(String, ColumnType)| RowColumn {
            name: name.clone(),
            output_type: column_type.is_coded().then_some(*column_type),
            shown: None,
        };
        let limit = Limit::of(asked.context, asked.context, self.options.max_subquery_rows)?;
        let plan = RowsPlan {
            columns: columns.iter().map(wanted).collect(),
            order: Vec::new(),
            offset: 0,
            limit: Some(limit.enough_rows()),
        };
        let plan = Plan::new(input.scope(&[Interval::ETERNITY]), Operator::Rows(plan));
        let Partial::Rows(rows) = self.runner.execute(plan, &input.segments, asked.control).await? else {
            return Err(QueryError::Internal("rows were asked for and not given".to_owned()));
        };
        let mut whole: Vec<_> = columns
            .into_iter()
            .map(|(name, column_type)| (name, Some(column_type), ColumnData::empty(column_type)))
            .collect();
        for block in &rows.blocks {
            for ((_, _, known), data) in whole.iter_mut().zip(&block.columns) {
                *known = known.concat_any(data);
            }
        }
        let rows = InlineSegment::typed("subquery", whole);
        limit.check(&rows)?;
        Ok(Arc::new(rows))
    }
}

/// The rows of a lookup, which lie in memory already.
fn rows_of_lookup(name: &str, snapshot: &Snapshot) -> Result<Arc<dyn Segment>, UnknownLookup> {
    let rows = snapshot.lookups.get(name).and_then(|loaded| loaded.table.sealed.first());
    rows.map(|rows| Arc::clone(&rows.segment)).ok_or_else(|| UnknownLookup(name.to_owned()))
}

/// What an unnested column is computed by, and the type of its values.
fn values_of(source: &VirtualSource) -> (VirtualSource, ColumnType) {
    match source {
        VirtualSource::Expression { expression, output_type } => {
            let source = match expression.as_column() {
                Some(column) => VirtualSource::Existing { columns: vec![column.to_owned()] },
                None => VirtualSource::Expression { expression: expression.clone(), output_type: None },
            };
            (source, output_type.unwrap_or(ColumnType::String))
        }
        VirtualSource::Declared { expression, hint, .. } => {
            let (expression, output_type) = (expression.clone(), *hint);
            values_of(&VirtualSource::Expression { expression, output_type })
        }
        other => (other.clone(), ColumnType::String),
    }
}

/// Whether a computed column reads a column.
fn requires(column: &VirtualColumn, name: &str) -> bool {
    match &column.source {
        VirtualSource::Expression { expression, .. } | VirtualSource::Declared { expression, .. } => {
            Expr::required_columns(expression).iter().any(|read| **read == *name)
        }
        VirtualSource::Existing { columns } => columns.iter().any(|read| read == name),
        VirtualSource::Values { column, .. } => column == name,
    }
}

fn tables(names: &[String], asked: Asked<'_>) -> Result<Input, QueryError> {
    let segments = segments(names, asked)?;
    let mut columns: Vec<ColumnSpec> = Vec::new();
    let tables = names.iter().filter_map(|name| asked.snapshot.datasource(name));
    for spec in tables.flat_map(|table| table.current_columns()) {
        if columns.iter().all(|c| c.name != spec.name) {
            columns.push(spec);
        }
    }
    let lookup = names.iter().any(|name| lookup_of_table(name).is_some());
    let names = names.to_vec();
    Ok(Input { segments, names, columns, timed: !lookup, walked: false, untyped: Vec::new() })
}

/// The segments of tables that a query asks for.
pub(crate) fn segments(names: &[String], asked: Asked<'_>) -> Result<Segments, QueryError> {
    let mut scope = Scope::table("");
    scope.datasources = names.to_vec();
    scope.intervals = asked.intervals.to_vec();
    let partial = asked.context.flag("returnPartialResults", false)?;
    let mut segments = Segments::of(&scope, asked.snapshot, partial)?;
    realtime_mode(asked.context, &mut segments)?;
    if let Some(named) = asked.named {
        segments.list = named.iter().flat_map(|descriptor| found(descriptor, &segments.list)).collect();
    }
    Ok(segments)
}

/// The segment that a descriptor names, as far as it asks for it.
fn found(descriptor: &Descriptor, segments: &[SegmentRef]) -> Vec<SegmentRef> {
    let is_it = |s: &&SegmentRef| {
        let id = s.segment.id();
        id.version == descriptor.version
            && id.partition == descriptor.partition
            && id.interval.covers(descriptor.interval)
    };
    let part =
        |s: &SegmentRef| Some(SegmentRef { visible: s.visible.intersect(descriptor.interval)?, ..s.clone() });
    segments.iter().filter(is_it).filter_map(part).collect()
}

/// `realtimeSegmentsMode` and its older form.
fn realtime_mode(context: &Context, segments: &mut Segments) -> Result<(), QueryError> {
    let mode = match context.text("realtimeSegmentsMode") {
        Some(mode) => mode.to_ascii_lowercase(),
        None if context.flag("realtimeSegmentsOnly", false)? => "exclusive".to_owned(),
        None => return Ok(()),
    };
    match mode.as_str() {
        "include" => {}
        "exclude" => segments.list.retain(|s| !s.segment.is_live()),
        "exclusive" => segments.list.retain(|s| s.segment.is_live()),
        other => {
            let message = format!("realtimeSegmentsMode `{other}` is none of include, exclude and exclusive");
            return Err(QueryError::invalid(message));
        }
    }
    Ok(())
}
