//! Which aggregates are there, and what do they take?

use alluvium_expression::{Expr, Filter};
use alluvium_segments::ColumnType;
use alluvium_sketches::{Answers, Form, Recipe};
use serde::{Deserialize, Serialize};

use super::{DimensionPlan, Fold};

/// An aggregate of each group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AggregatorPlan {
    /// Output name.
    pub name: String,
    /// What is computed.
    pub function: AggregateFunction,
    /// Only rows for which it is true count.
    pub filter: Option<Filter>,
}

/// Where an aggregate's input comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// A stored or virtual column.
    Column(String),
    /// An expression over columns.
    Expression(Expr),
}

/// The type numbers are aggregated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Number {
    /// 64-bit integer; sums wrap.
    Long,
    /// 32-bit float.
    Float,
    /// 64-bit float.
    Double,
}

/// What an aggregate computes. Nulls are skipped unless said otherwise; over nothing the result is null, and 0
/// for counts and distinct counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AggregateFunction {
    /// Number of rows.
    Count,
    /// Number of rows for which the input is not null.
    CountNonNull(Input),
    /// Number of rows, where the input says of each how many it stands for.
    SumOfCounts(Input),
    /// Sum.
    Sum(Number, Input),
    /// Smallest.
    Min(Number, Input),
    /// Largest.
    Max(Number, Input),
    /// Sum divided by number of values, as a double.
    Mean(Input),
    /// The value (or null) at the smallest time.
    First {
        /// Type of the result.
        value_type: ColumnType,
        /// Values.
        input: Input,
        /// Times, longs.
        time: String,
        /// Texts are cut at this many bytes.
        max_bytes: Option<u32>,
    },
    /// The value (or null) at the largest time.
    Last {
        /// Type of the result.
        value_type: ColumnType,
        /// Values.
        input: Input,
        /// Times, longs.
        time: String,
        /// Texts are cut at this many bytes.
        max_bytes: Option<u32>,
    },
    /// Some value, not null if there is one.
    Any {
        /// Type of the result.
        value_type: ColumnType,
        /// Values.
        input: Input,
        /// Texts are cut at this many bytes.
        max_bytes: Option<u32>,
    },
    /// Estimated number of distinct values of the fields together, or of rows of them.
    Cardinality {
        /// Fields.
        fields: Vec<CardinalityField>,
        /// Whether combinations are counted instead of values.
        by_row: bool,
        /// Whether the result is a whole number.
        round: bool,
    },
    /// A summary of a field's values, or of summaries that the field holds: a sketch, a histogram, a filter. What is
    /// shown of it is the recipe's.
    Summary {
        /// How it is made.
        recipe: Recipe,
        /// Values, keys or summaries.
        field: CardinalityField,
        /// The numbers that belong to a key.
        rest: Vec<Input>,
    },
    /// Number of distinct values of a field, exactly: one of several values in a row counts like one of its own.
    ExactDistinct(CardinalityField),
    /// The value below or at which this fraction (0 to 1) of the input's values lies, as a double; NaN of none.
    Quantile(Input, f64),
    /// Each row makes a new accumulator of the one before it.
    Fold(Box<Fold>),
    /// The value of this column in the only row: a second one is an error.
    Single(String),
    /// Which dimensions are not in the subtotal: bit `n - 1 - i` for the i-th of n names; constant within a plan.
    Grouping(i64),
}

impl AggregateFunction {
    /// How its summaries are made, if it makes any.
    pub(crate) fn recipe(&self) -> Option<Recipe> {
        match self {
            Self::Summary { recipe, .. } => Some(recipe.clone()),
            Self::Cardinality { round, .. } => Some(Recipe::of(Form::HyperUnique { round: *round })),
            _ => None,
        }
    }

    /// Whether it takes the value of a time.
    pub(crate) fn is_by_time(&self) -> bool {
        matches!(self, Self::First { .. } | Self::Last { .. })
    }

    /// Whether it sums numbers up or takes an extreme of them.
    pub(crate) fn is_of_numbers(&self) -> bool {
        matches!(self, Self::Sum(..) | Self::Min(..) | Self::Max(..))
    }

    /// The type of the result, where it may be one whose values are coded as texts.
    pub(crate) fn coded_type(&self) -> Option<ColumnType> {
        match self {
            Self::Summary { recipe, .. } => Some(match recipe.answers() {
                Answers::Longs => ColumnType::Long,
                Answers::Doubles => ColumnType::Double,
                Answers::Anything => ColumnType::Json,
            }),
            Self::First { value_type, .. } | Self::Last { value_type, .. } | Self::Any { value_type, .. } => {
                Some(*value_type)
            }
            Self::Fold(_) | Self::Single(_) => Some(ColumnType::Json),
            _ => None,
        }
    }
}

/// A field of a cardinality aggregate: a dimension whose values are hashed.
pub type CardinalityField = DimensionPlan;
