//! How is search written?

use alluvium_expression::{Filter, SearchQuery, StringOrdering};
use alluvium_segments::time::Granularity;
use serde_json::Value;

use super::dimensions::{dimension, virtual_columns};
use super::fields::Fields;
use super::limit::ordering;
use super::shapes::{filter, granularity_or_all};
use crate::QueryError;
use crate::plan::{DimensionPlan, VirtualColumn};

/// `search`.
#[derive(Debug)]
pub(crate) struct Search {
    /// Which values are looked for.
    pub(crate) query: SearchQuery,
    /// Empty: all dimensions.
    pub(crate) dimensions: Vec<DimensionPlan>,
    pub(crate) limit: usize,
    pub(crate) sort: StringOrdering,
    pub(crate) granularity: Granularity,
    pub(crate) filter: Option<Filter>,
    pub(crate) virtual_columns: Vec<VirtualColumn>,
}

impl Search {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let query = fields.get("query").map_or(Ok(SearchQuery::All), SearchQuery::from_json)?;
        let dimensions = match fields.get("searchDimensions") {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().map(dimension).collect::<Result<_, _>>()?,
            Some(one) => vec![dimension(one)?],
        };
        let limit = match fields.long_opt("limit")?.unwrap_or(1000) {
            0 => usize::MAX,
            limit => usize::try_from(limit).map_err(|_| fields.wrong("limit", "0 or more"))?,
        };
        let sort = fields.get("sort").map(|json| ordering(json, fields)).transpose()?.unwrap_or_default();
        Ok(Self {
            query,
            dimensions,
            limit,
            sort,
            granularity: granularity_or_all(fields)?,
            filter: filter(fields)?,
            virtual_columns: virtual_columns(fields.list("virtualColumns")?)?,
        })
    }
}
