//! What does a native query ask for? JSON bodies read into typed requests; every complaint names the field.

mod aggregators;
mod body;
mod context;
mod dimensions;
mod fields;
mod fold;
mod group_by;
mod having;
mod limit;
mod lookups;
mod metadata;
mod rows;
mod search;
mod shapes;
mod sources;

use std::sync::Arc;

use alluvium_expression::Filter;
use alluvium_segments::time::{Interval, condense};
use serde_json::Value;

use crate::QueryError;
use crate::inline::InlineSegment;

pub(crate) use aggregators::grouping;
pub(crate) use body::Body;
pub(crate) use context::{Caching, Context};
pub(crate) use dimensions::{NESTED_LISTS, expression};
pub(crate) use fields::Fields;
pub(crate) use group_by::GroupBy;
pub(crate) use limit::{LimitSpec, OrderColumn, TopMetric};
pub(crate) use metadata::{Analysis, SegmentMetadata, Strategy, TimeBoundary};
pub(crate) use rows::{Scan, ScanFormat};
pub(crate) use search::Search;
pub(crate) use shapes::{Aggregation, Timeseries, TopN};
pub(crate) use sources::{Descriptor, Join, JoinKind, Unnest, intervals};
use sources::{data_source, descriptors};

/// A native query.
#[derive(Debug)]
pub(crate) struct NativeQuery {
    /// `queryType` as written.
    pub(crate) query_type: String,
    /// Over what.
    pub(crate) source: DataSource,
    /// When; sorted and disjoint.
    pub(crate) intervals: Vec<Interval>,
    /// Whether the intervals were written.
    pub(crate) intervals_given: bool,
    /// The only segments that are asked for, when they are named.
    pub(crate) segments: Option<Vec<Descriptor>>,
    /// How.
    pub(crate) context: Context,
    /// What.
    pub(crate) body: Body,
}

/// What a query runs over.
#[derive(Debug)]
pub(crate) enum DataSource {
    /// Tables, concatenated.
    Tables(Vec<String>),
    /// Rows in the query.
    Inline(Arc<InlineSegment>),
    /// The result of another query.
    Query(Box<NativeQuery>),
    /// The rows of another that pass.
    Filter { base: Box<DataSource>, filter: Filter },
    /// A row for each value of a column.
    Unnest(Box<Unnest>),
    /// Rows of two that belong together.
    Join(Box<Join>),
}

impl NativeQuery {
    /// Reads a query; `depth` counts queries around it.
    pub(crate) fn read(json: &Value, depth: usize) -> Result<Self, QueryError> {
        if depth > 8 {
            return Err(QueryError::invalid("queries are nested more than 8 deep"));
        }
        let fields = Fields::of("query", json)?;
        let query_type = fields.text("queryType")?;
        let body = match query_type {
            "timeseries" => Body::Timeseries(Timeseries::read(&fields)?),
            "topN" => Body::TopN(TopN::read(&fields)?),
            "groupBy" => Body::GroupBy(Box::new(GroupBy::read(&fields)?)),
            "scan" => Body::Scan(Scan::read(&fields)?),
            "search" => Body::Search(Search::read(&fields)?),
            "timeBoundary" => Body::TimeBoundary(TimeBoundary::read(&fields)?),
            "segmentMetadata" => Body::SegmentMetadata(SegmentMetadata::read(&fields)?),
            "dataSourceMetadata" => Body::DataSourceMetadata,
            "select" => {
                return Err(QueryError::invalid(
                    "the `select` query has been removed from Druid; use a `scan` query instead",
                ));
            }
            other => {
                let known = "timeseries, topN, groupBy, scan, search, timeBoundary, segmentMetadata and \
                             dataSourceMetadata";
                let message = format!("query type `{other}` is not available; there are {known}");
                return Err(QueryError::invalid(message));
            }
        };
        let needs_intervals =
            !matches!(body, Body::TimeBoundary(_) | Body::SegmentMetadata(_) | Body::DataSourceMetadata);
        let given = fields.get("intervals");
        let segments = given.map(descriptors).transpose()?.flatten();
        let intervals = match (given, &segments) {
            (_, Some(named)) => condense(named.iter().map(|descriptor| descriptor.interval).collect()),
            (Some(json), None) => intervals(json)?,
            (None, None) if needs_intervals => {
                return Err(QueryError::invalid("query needs the field `intervals`"));
            }
            (None, None) => vec![Interval::ETERNITY],
        };
        let context = Context::read(json)?;
        context.check()?;
        let source = data_source(fields.need("dataSource")?, depth)?;
        if matches!(body, Body::SegmentMetadata(_)) && !matches!(source, DataSource::Tables(_)) {
            return Err(fields.wrong("dataSource", "a table or a union of tables"));
        }
        Ok(Self {
            query_type: query_type.to_owned(),
            source,
            intervals,
            intervals_given: given.is_some(),
            segments,
            context,
            body,
        })
    }
}
