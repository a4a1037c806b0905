//! How is search written?

use alluvium_expression::{Filter, StringOrdering};
use alluvium_segments::time::Granularity;
use serde_json::{Value, json};

use super::dimensions::{dimension, virtual_columns};
use super::fields::Fields;
use super::limit::ordering;
use super::shapes::{filter, granularity};
use crate::QueryError;
use crate::plan::{DimensionPlan, VirtualColumn};

/// `search`.
#[derive(Debug)]
pub(crate) struct Search {
    /// The search query as a filter on the column `value`.
    pub(crate) query: Filter,
    /// Empty: all string columns.
    pub(crate) dimensions: Vec<DimensionPlan>,
    pub(crate) limit: usize,
    pub(crate) sort: StringOrdering,
    pub(crate) granularity: Granularity,
    pub(crate) filter: Option<Filter>,
    pub(crate) virtual_columns: Vec<VirtualColumn>,
}

/// The column that the search query is about.
pub(crate) const SEARCHED: &str = "value";

impl Search {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let query = fields.need("query")?;
        let query = Filter::from_json(&json!({"type": "search", "dimension": SEARCHED, "query": query}))?;
        let dimensions = match fields.get("searchDimensions") {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().map(dimension).collect::<Result<_, _>>()?,
            Some(one) => vec![dimension(one)?],
        };
        let limit = fields.long_opt("limit")?.unwrap_or(1000);
        let limit =
            usize::try_from(limit).ok().filter(|l| *l > 0).ok_or_else(|| fields.wrong("limit", "above 0"))?;
        let sort = fields.get("sort").map(|json| ordering(json, fields)).transpose()?.unwrap_or_default();
        Ok(Self {
            query,
            dimensions,
            limit,
            sort,
            granularity: granularity(fields)?,
            filter: filter(fields)?,
            virtual_columns: virtual_columns(fields.list("virtualColumns")?)?,
        })
    }
}
