//! How is a sealed file served? [`MappedSegment`] opens it in time that grows with its columns, not its rows,
//! and reads blocks straight from the map.

mod describe;
mod leaves;
mod numeric;
mod postings;
mod projection;
mod scan;
mod segment;
mod strings;
mod verify;
mod words;

pub(crate) use describe::ColumnBytes;
pub(crate) use numeric::{ALL_NULLS, NO_NULLS, NULL_BYTES};
pub use projection::Projection;
pub use segment::MappedSegment;
pub use verify::Problem;

pub use crate::file::OpenMode;
