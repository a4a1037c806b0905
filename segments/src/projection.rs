//! What does a schema declare to be aggregated beforehand? Which columns rows are grouped by, into which time
//! buckets, and which metrics are kept of each group.

use serde::{Deserialize, Serialize};

use crate::time::Granularity;
use crate::{ColumnSpec, MetricFunction, Role, Schema};

/// A pre-aggregation. Sealed segments whose schema declares it hold its groups as rows beside their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionSpec {
    /// Unique among the projections of a schema.
    pub name: String,
    /// What `__time` of a group is truncated to, though not to before the segment's interval.
    pub granularity: Granularity,
    /// Dimensions, which are columns of the schema that rows are grouped by; then metrics, whose fields are columns of
    /// the schema (none for counts of rows).
    pub columns: Vec<ColumnSpec>,
}

impl ProjectionSpec {
    /// The schema of its groups.
    #[must_use]
    pub fn schema(&self) -> Schema {
        Schema {
            columns: self.columns.clone(),
            rollup: true,
            query_granularity: self.granularity.clone(),
            timestamp_spec: None,
            projections: Vec::new(),
        }
    }

    /// The dimension of that name.
    #[must_use]
    pub fn dimension(&self, name: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|c| !c.is_metric() && c.name == name)
    }

    /// The metric with this function and type of a field (`None`: of the rows themselves).
    #[must_use]
    pub fn metric(&self, function: MetricFunction, of: Option<(&str, crate::ColumnType)>) -> Option<&str> {
        let found = self.columns.iter().find(|c| match &c.role {
            Role::Metric { function: f, field, .. } => {
                *f == function
                    && field.as_deref() == of.map(|(field, _)| field)
                    && of.is_none_or(|(_, column_type)| c.column_type == column_type)
            }
            Role::Dimension(_) => false,
        });
        found.map(|c| c.name.as_str())
    }
}
