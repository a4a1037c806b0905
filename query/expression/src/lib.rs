//! What do Druid's expressions, filters and time formats mean, for a row and for a block of rows?
//!
//! - [`Expr`]: the tree of an expression; [`parse`] reads Druid's text, `Display` writes it.
//! - [`eval`]: its value for one row ([`Bindings`]); [`CompiledExpr`]: its values for a block of rows.
//! - [`Filter`]: the native filters, with three-valued logic; [`matches()`] tests one row, and
//!   [`StringPredicate`], [`LongPredicate`], [`DoublePredicate`] test values or dictionaries of one column.
//! - [`ExtractionFn`]: functions from text to text inside filters and dimension specs.
//! - [`JodaFormat`], [`TimestampFormat`]: instants read from and written as text.
//!
//! Nothing here knows where rows come from: queries bind columns of segments, ingestion binds input fields.

mod ast;
mod block;
mod error;
mod eval;
mod extraction;
mod fields;
mod filter;
mod functions;
mod icu;
mod joda;
mod like;
mod lookup;
mod nested;
mod order;
mod parse;
mod regexes;
mod timestamp;
mod types;
mod value;

pub use ast::{BinaryOp, Call, ColumnTypes, Expr, Lambda, LogicalOp, UnaryOp};
pub use block::{BlockBindings, CompiledExpr, Dictionary, ExprBlock, InputBlock};
pub use error::{ExprError, FilterError};
pub use eval::{Bindings, NoColumns, eval};
pub use extraction::ExtractionFn;
pub use filter::{
    ColumnFilter, ColumnTest, DimensionRef, DoublePredicate, Filter, LongPredicate, RowFilter, SearchQuery,
    StringPredicate, TextRange, WholePredicate, matches,
};
pub use functions::{function_names, of_finished};
pub use joda::{JodaError, JodaFormat};
pub use like::LikePattern;
pub use lookup::{FindLookup, UnknownLookup};
pub use nested::{FindLeaf, JsonPath, LeafColumn, decode, encode, json_text};
pub use order::{StringOrdering, compare_nullable, compare_text, utf16_len};
pub use parse::{MAX_DEPTH, parse};
pub use regexes::JavaRegex;
pub use timestamp::{TimestampError, TimestampFormat};
pub use types::{ExprType, UnknownType};
pub use value::{Value, compare_doubles, double_text, float_text, parse_double, parse_long, parse_number};
