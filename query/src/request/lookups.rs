//! Which registered lookups does a native query name? Its plan is told again where it runs; what stands above the plan
//! is told here.

use alluvium_expression::{FindLookup, UnknownLookup};

use super::{Aggregation, Body, DataSource, GroupBy, NativeQuery, TopMetric};

impl NativeQuery {
    /// Puts the lookups that it and the queries within it name beside their names.
    ///
    /// # Errors
    /// For the first name that `find` does not know.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.source.bind_lookups(find)?;
        match &mut self.body {
            Body::Timeseries(query) => query.aggregation.bind_lookups(find),
            Body::TopN(query) => {
                query.aggregation.bind_lookups(find)?;
                let by_value = !matches!(query.metric, TopMetric::Numeric(_));
                query.aggregation.pull_up(|_| by_value);
                Ok(())
            }
            Body::GroupBy(query) => {
                query.aggregation.bind_lookups(find)?;
                query.having.iter_mut().try_for_each(|having| having.bind_lookups(find))?;
                let GroupBy { aggregation, having, limit, .. } = query.as_mut();
                let ordered = |name: &str| limit.columns.iter().any(|column| column.name == name);
                aggregation.pull_up(|name| having.is_some() || ordered(name));
                Ok(())
            }
            Body::Scan(query) => {
                query.virtual_columns.iter_mut().try_for_each(|column| column.bind_lookups(find))?;
                query.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))
            }
            Body::Search(query) => {
                query.virtual_columns.iter_mut().try_for_each(|column| column.bind_lookups(find))?;
                query.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))?;
                query.dimensions.iter_mut().try_for_each(|dimension| dimension.bind_lookups(find))
            }
            Body::TimeBoundary(query) => {
                query.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))
            }
            Body::SegmentMetadata(_) | Body::DataSourceMetadata => Ok(()),
        }
    }
}

impl DataSource {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match self {
            Self::Tables(_) | Self::Inline(_) => Ok(()),
            Self::Query(query) => query.bind_lookups(find),
            Self::Filter { base, filter } => {
                base.bind_lookups(find)?;
                filter.bind_lookups(find)
            }
            Self::Unnest(unnest) => {
                unnest.base.bind_lookups(find)?;
                unnest.column.bind_lookups(find)?;
                unnest.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))
            }
            Self::Join(join) => {
                join.left.bind_lookups(find)?;
                join.right.bind_lookups(find)?;
                join.condition.bind_lookups(find)?;
                join.left_filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))
            }
        }
    }
}

impl Aggregation {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.virtual_columns.iter_mut().try_for_each(|column| column.bind_lookups(find))?;
        self.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))?;
        self.plan.bind_lookups(find)?;
        self.post.iter_mut().try_for_each(|post| post.bind_lookups(find))
    }
}
