//! What is a segment, how is it built, sealed, mapped, verified, inspected, and found by time?
//!
//! The nouns, in the order a row meets them:
//! - [`RowBatch`]: typed columns that one writer appends.
//! - [`live::LiveSegment`]: rows that are still arriving; readers take [`live::LiveView`]s without a lock.
//! - [`seal`]: frozen rows, sorted and encoded, become one file (`FORMAT.md`).
//! - [`mapped::MappedSegment`]: such a file, memory-mapped and served as it lies.
//! - [`Segment`]: the one reading seam; live views and mapped files implement it alike.
//! - [`catalog`]: which segments a datasource consists of at one instant, and who may change that.

pub mod batch;
mod bitmap;
pub mod catalog;
pub mod column_type;
pub mod combine;
pub mod dictionary;
mod encoding;
pub mod error;
mod file;
pub mod id;
pub mod inspect;
pub mod kernel;
pub mod lanes;
mod leaf;
pub mod live;
pub mod mapped;
mod projection;
pub mod rows;
pub mod schema;
pub mod seal;
pub mod segment;
pub mod time;

pub use batch::{BatchColumn, CodedBatch, NumericBatch, RowBatch, StringBatch, Texts};
pub use column_type::{ColumnType, Complex, Element, Storage};
pub use combine::{CombineStates, Combining, combines_nothing};
pub use error::{ErrorClass, SegmentError};
pub use id::SegmentId;
pub use lanes::{LaneBlock, LaneSlice, RunSlice};
pub use leaf::{Leaf, PathStep, leaf_name};
pub use mapped::Projection;
pub use projection::ProjectionSpec;
pub use schema::{
    BitmapIndex, ColumnSpec, DimensionOptions, MetricFunction, MultiValueHandling, Role, Schema, TIME_COLUMN,
};
pub use segment::{
    BLOCK_ROWS, Column, MultiBlock, NullMask, NumericBlock, NumericColumn, RowOrder, Segment, SegmentRef,
    StringColumn, Zone,
};
