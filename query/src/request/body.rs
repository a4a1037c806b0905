//! What kinds of native queries are there?

use chrono_tz::Tz;

use super::{GroupBy, Scan, Search, SegmentMetadata, TimeBoundary, Timeseries, TopN};

/// What a query asks for.
#[derive(Debug)]
pub(crate) enum Body {
    Timeseries(Timeseries),
    TopN(TopN),
    GroupBy(Box<GroupBy>),
    Scan(Scan),
    Search(Search),
    TimeBoundary(TimeBoundary),
    SegmentMetadata(SegmentMetadata),
    DataSourceMetadata,
}

impl Body {
    /// On whose clock the answer tells its times.
    pub(crate) fn zone(&self) -> Tz {
        match self {
            Self::Timeseries(query) => query.aggregation.plan.granularity.zone(),
            Self::TopN(query) => query.aggregation.plan.granularity.zone(),
            Self::GroupBy(query) => query.aggregation.plan.granularity.zone(),
            Self::Search(query) => query.granularity.zone(),
            Self::Scan(_) | Self::TimeBoundary(_) | Self::SegmentMetadata(_) | Self::DataSourceMetadata => {
                Tz::UTC
            }
        }
    }
}
