//! What is asked of the segments of one datasource? A description in texts and native JSON, from which both the
//! plan that runs and the query that EXPLAIN shows are made.

use alluvium_segments::time::Interval;
use alluvium_segments::{ColumnType, Element};
use alluvium_sketches::Recipe;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use serde_json::Value;

use crate::sql::functions::{JSON, Operand, quote_name, quote_text};

/// A piece of work over one datasource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SegmentQuery {
    /// One, or several as one.
    pub(crate) datasources: Vec<String>,
    pub(crate) rows: Restriction,
    /// What `rows` is made of where that has holes, as of the values it was planned with; empty where it has none.
    pub(crate) conditions: Vec<Expr>,
    pub(crate) work: Work,
}

/// Which rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Restriction {
    pub(crate) intervals: Vec<Interval>,
    /// A native filter.
    pub(crate) filter: Option<Value>,
}

/// What to do with the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// Group and aggregate. Result columns are the dimensions, then the aggregators.
    Groups { dimensions: Vec<Dimension>, aggregators: Vec<Aggregator> },
    /// Return columns, some of them computed, in the order of time where that is asked for.
    Rows {
        columns: Vec<String>,
        computed: Vec<ComputedColumn>,
        descending: Option<bool>,
        offset: u64,
        limit: Option<u64>,
    },
}

/// A column of rows that an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ComputedColumn {
    /// Unlike the names of all columns of the datasource.
    pub(crate) name: String,
    /// In the expression language.
    pub(crate) expression: String,
    pub(crate) output: NativeType,
}

/// A column, or an expression over columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field {
    Column(String),
    Expression(String),
    /// The start of the calendar period in which `__time` lies.
    TimeFloor {
        period: String,
        zone: String,
    },
}

impl Field {
    /// A rendered expression; a bare column stays one.
    pub(crate) fn of(operand: Operand) -> Self {
        let inner = operand.text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        match inner {
            Some(name) if !name.contains(['"', '\\']) => Self::Column(name.to_owned()),
            _ => Self::Expression(operand.text),
        }
    }

    /// In the expression language.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Column(name) => quote_name(name),
            Self::Expression(text) => text.clone(),
            Self::TimeFloor { period, zone } => {
                format!("timestamp_floor(\"__time\",{},null,{})", quote_text(period), quote_text(zone))
            }
        }
    }
}

/// The type of a value below.
pub(crate) type NativeType = ColumnType;

/// A group key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) field: Field,
    pub(crate) output: NativeType,
    /// Whether a row is in a group for each of several values, and in none without values.
    pub(crate) unnested: bool,
}

/// An aggregate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregator {
    pub(crate) name: String,
    pub(crate) function: Function,
    /// A native filter.
    pub(crate) filter: Option<Value>,
}

/// What is computed of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Function {
    Count,
    CountNonNull(Field),
    Sum(NativeType, Field),
    Min(NativeType, Field),
    Max(NativeType, Field),
    Mean(Field),
    First { output: NativeType, field: Field, time: String, max_bytes: Option<u32> },
    Last { output: NativeType, field: Field, time: String, max_bytes: Option<u32> },
    Any { output: NativeType, field: Field, max_bytes: Option<u32> },
    Distinct(Field, NativeType),
    Summary { recipe: Box<Recipe>, field: Field, output: NativeType, rest: Vec<Field> },
    ExactDistinct(Field, NativeType),
    Quantile(Field, f64),
}

/// The type below of an SQL type.
pub(crate) fn native_type(data_type: &DataType) -> Option<NativeType> {
    Some(match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Null => ColumnType::String,
        t if *t == JSON => ColumnType::Json,
        DataType::List(item) => ColumnType::Array(match native_type(item.data_type())? {
            ColumnType::Long => Element::Long,
            ColumnType::Float | ColumnType::Double => Element::Double,
            ColumnType::String => Element::String,
            ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_) => return None,
        }),
        DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Boolean | DataType::Timestamp(..) => ColumnType::Long,
        t if t.is_integer() => ColumnType::Long,
        _ => return None,
    })
}
