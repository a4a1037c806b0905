//! What does a query mean, and how is it answered over a set of segments?
//!
//! Start reading at [`QueryEngine`]. A native query is read by `request` into a [`plan::Plan`] and what stands
//! above it (post-aggregators, having, order, limit), run by `run` over the segments of one catalogue snapshot
//! (`scan` per segment, with `filter`, `group` and `aggregate`), merged as a [`Partial`], and written by `answer`.
//! SQL ([`sql::SqlEngine`]) lowers onto the same plans.

mod aggregate;
mod answer;
mod cache;
mod column;
mod counters;
mod defaults;
mod engine;
mod error;
mod filter;
mod group;
mod inline;
mod looked_up;
mod native;
mod partial;
pub mod plan;
mod post;
mod projection;
mod quantiles;
mod refusal;
mod refused;
mod remembered;
mod request;
mod run;
mod scan;
mod source;
pub mod sql;
mod texts;

pub use cache::{CacheCounts, CacheLimits, CacheOptions};
pub use column::{ColumnData, Datum, ResultColumn, TextColumn, TextListColumn, TextTable};
pub use counters::Counters;
pub use defaults::QueryDefaults;
pub use engine::{EngineOptions, NativeAnswer, QueryEngine, Running};
pub use error::{QueryError, Refusal};
pub use group::GroupLimits;
pub use inline::InlineSegment;
pub use looked_up::loaded_lookup;
pub use partial::{Groups, Partial, RowBlock, RowSet};
pub use run::{Control, Segments};
