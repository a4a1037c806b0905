//! Over which rows does a native query run? Data sources of every kind become segments, so that one executor reads them
//! all: tables are segments already, inner queries and inline rows are segments in memory (`input`), rows that a filter
//! leaves out are hidden (`filtered`), and what makes several rows of one, unnesting and joining, becomes a list of row
//! numbers over the segment below with more columns beside them (`expanded`).

mod column;
mod condition;
mod expanded;
mod filtered;
mod index;
mod input;
mod join;
mod limits;
mod unnest;
mod walked;

pub(crate) use input::{Asked, Base, Input, segments};
pub(crate) use limits::Limit;
pub(crate) use walked::{ends, walked};
