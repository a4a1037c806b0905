//! How is groupBy written?

use super::dimensions::dimension;
use super::fields::Fields;
use super::having::Having;
use super::limit::LimitSpec;
use super::shapes::{Aggregation, granularity_or_all};
use crate::QueryError;

/// `groupBy`.
#[derive(Debug)]
pub(crate) struct GroupBy {
    pub(crate) aggregation: Aggregation,
    pub(crate) having: Option<Having>,
    pub(crate) limit: LimitSpec,
    /// Output names of the dimensions of each block of results.
    pub(crate) subtotals: Option<Vec<Vec<String>>>,
    /// Names of `grouping` aggregators and the dimensions they ask about.
    pub(crate) groupings: Vec<(String, Vec<String>)>,
}

impl GroupBy {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let dimensions = fields.list("dimensions")?.iter().map(dimension).collect::<Result<Vec<_>, _>>()?;
        fields.need("granularity")?;
        let aggregation = Aggregation::read(fields, granularity_or_all(fields)?, dimensions)?;
        let having = fields.get("having").map(Having::read).transpose()?;
        let limit = fields.get("limitSpec").map(LimitSpec::read).transpose()?.unwrap_or_default();
        let known = |name: &str| aggregation.plan.dimensions.iter().any(|d| d.name == name);
        let outputs = |name: &str| {
            let aggregates = aggregation.plan.aggregators.iter().any(|a| a.name == name);
            known(name) || aggregates || aggregation.post.iter().any(|p| p.name == name)
        };
        if let Some(column) = limit.columns.iter().find(|c| !outputs(&c.name)) {
            let message = format!("Unknown column in order clause[{}]", column.name);
            return Err(QueryError::invalid(message));
        }
        let mut subtotals = None;
        if fields.get("subtotalsSpec").is_some() {
            let mut blocks = Vec::new();
            for block in fields.list("subtotalsSpec")? {
                let Some(names) = block.as_array() else {
                    return Err(fields.wrong("subtotalsSpec", "a list of lists of dimensions"));
                };
                let mut subset = Vec::with_capacity(names.len());
                for name in names {
                    let name = name.as_str().filter(|name| known(name));
                    let wrong = || fields.wrong("subtotalsSpec", "lists of output names of dimensions");
                    subset.push(name.ok_or_else(wrong)?.to_owned());
                }
                blocks.push(subset);
            }
            subtotals = Some(blocks);
        }
        let mut groupings = Vec::new();
        for item in fields.list("aggregations")? {
            let item = Fields::of("aggregator", item)?;
            if item.kind()? == "grouping" {
                groupings.push((item.text("name")?.to_owned(), item.texts("groupings")?));
            }
        }
        Ok(Self { aggregation, having, limit, subtotals, groupings })
    }
}
