//! What is to be done with the segments of a datasource? Plain, versioned, serialisable descriptions: both
//! languages lower to them, one executor runs them, on this node or another.

mod aggregator;
mod check;
mod declared;
mod dimension;
mod fold;
mod lookups;
mod rows;
mod uses;
mod virtual_column;

use alluvium_expression::Filter;
use alluvium_segments::time::{Granularity, Interval};
use serde::{Deserialize, Serialize};

pub use aggregator::{AggregateFunction, AggregatorPlan, CardinalityField, Input, Number};
pub(crate) use declared::KnownColumns;
pub use dimension::{DimensionPlan, DimensionTransform, ValueFilter};
pub use fold::Fold;
pub(crate) use lookups::find_among;
pub use rows::{Lists, RowColumn, RowOrderBy, RowsPlan, Shown};
pub use uses::{CacheUse, ProjectionUse};
pub use virtual_column::{VirtualColumn, VirtualSource};

/// Version of the plan's form; other versions are refused.
pub const PLAN_VERSION: u32 = 1;

/// A whole piece of segment work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Always [`PLAN_VERSION`].
    pub version: u32,
    /// Over which rows.
    pub scope: Scope,
    /// What to do with them.
    pub operator: Operator,
    /// Whether rows may be answered from what was aggregated beforehand.
    pub projections: ProjectionUse,
    /// What may be done with partial results of sealed segments, where the server keeps such.
    #[serde(default)]
    pub caching: CacheUse,
    /// Numbers of dimensions that groups are told apart by but whose values nobody looks at: the result has none.
    #[serde(default)]
    pub unseen: Vec<usize>,
}

impl Plan {
    /// A plan of the current version.
    #[must_use]
    pub fn new(scope: Scope, operator: Operator) -> Self {
        let projections = ProjectionUse::default();
        let (caching, unseen) = (CacheUse::NONE, Vec::new());
        Self { version: PLAN_VERSION, scope, operator, projections, caching, unseen }
    }
}

/// Which rows, and which computed columns they have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// Names; several are concatenated.
    pub datasources: Vec<String>,
    /// Sorted, disjoint (see `time::condense`).
    pub intervals: Vec<Interval>,
    /// Computed columns; a name that equals a stored column's hides it.
    pub virtual_columns: Vec<VirtualColumn>,
    /// Rows for which it is true.
    pub filter: Option<Filter>,
    /// The loads of the lookups that the names in the plan stand for, once that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<u64>,
}

impl Scope {
    /// All rows of one datasource.
    #[must_use]
    pub fn table(datasource: &str) -> Self {
        Self {
            datasources: vec![datasource.to_owned()],
            intervals: vec![Interval::ETERNITY],
            virtual_columns: Vec::new(),
            filter: None,
            lookups: Vec::new(),
        }
    }
}

/// What to do with the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operator {
    /// Group and aggregate.
    Aggregate(AggregatePlan),
    /// Return rows.
    Rows(RowsPlan),
    /// Smallest and largest `__time`.
    TimeBounds,
}

/// Groups and what is computed for each. Without dimensions and with granularity `all` there is one group,
/// even over no rows (the finisher decides whether it shows).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AggregatePlan {
    /// Time buckets that groups are kept apart by.
    pub granularity: Granularity,
    /// Group keys.
    pub dimensions: Vec<DimensionPlan>,
    /// Aggregates.
    pub aggregators: Vec<AggregatorPlan>,
    /// Which groups will be asked for (may be used to keep fewer).
    pub top: Option<Top>,
}

/// Only the first groups by an aggregate are wanted, in each bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Top {
    /// Number of the aggregator.
    pub aggregator: usize,
    /// Whether the largest are wanted.
    pub descending: bool,
    /// How many.
    pub count: usize,
}
