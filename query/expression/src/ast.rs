//! Of which parts is an expression made? The tree, its constructors, and what can be asked of it without rows.

mod analyze;
mod print;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use crate::ast::analyze::ColumnTypes;
pub(crate) use crate::ast::analyze::math_type;
pub(crate) use crate::ast::print::write_literal;
use crate::functions::{Function, Prepared};
use crate::{ExprError, Value};

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-x`
    Minus,
    /// `!x`
    Not,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`; joins texts when both sides are text.
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`; cuts towards zero between longs.
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl BinaryOp {
    /// How it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// Whether it compares.
    #[must_use]
    pub fn is_comparison(self) -> bool {
        !matches!(
            self,
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Modulo | Self::Power
        )
    }
}

/// `&&` or `||`, over two or more terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogicalOp {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// A function call: the function is known, its number of arguments right, constant arguments prepared.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) function: &'static Function,
    pub(crate) args: Vec<Expr>,
    pub(crate) prepared: Prepared,
}

impl Call {
    /// The function's first name, as Druid's documentation writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.function.name
    }

    /// The arguments.
    #[must_use]
    pub fn args(&self) -> &[Expr] {
        &self.args
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name && self.args == other.args
    }
}

/// `(x, y) -> body`: the first argument of the apply functions.
#[derive(Debug, Clone, PartialEq)]
pub struct Lambda {
    /// Names that hide columns inside the body.
    pub params: Vec<Arc<str>>,
    /// What is evaluated for each element.
    pub body: Box<Expr>,
}

/// An expression. Written and serialised as Druid's text ([`std::fmt::Display`] prints it,
/// [`crate::parse`] reads it back).
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// The value of a column (or of a lambda's parameter).
    Column(Arc<str>),
    /// An operator before its operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operator between its operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// Terms joined by `&&` or by `||`; at least two, none of which is joined by the same operator.
    Logical(LogicalOp, Vec<Expr>),
    /// A function of an apply function.
    Lambda(Lambda),
    /// A function call.
    Call(Call),
}

impl Expr {
    /// A constant.
    #[must_use]
    pub fn literal(value: impl Into<Value>) -> Self {
        Self::Literal(value.into())
    }

    /// The null constant.
    #[must_use]
    pub fn null() -> Self {
        Self::Literal(Value::Null)
    }

    /// A column.
    #[must_use]
    pub fn column(name: &str) -> Self {
        Self::Column(name.into())
    }

    /// `left op right`.
    #[must_use]
    pub fn binary(op: BinaryOp, left: Self, right: Self) -> Self {
        Self::Binary(op, Box::new(left), Box::new(right))
    }

    /// `!x` or `-x`.
    #[must_use]
    pub fn unary(op: UnaryOp, operand: Self) -> Self {
        Self::Unary(op, Box::new(operand))
    }

    /// Joins terms; terms joined by the same operator are taken in, no term gives its neutral element
    /// (1 or 0), one term itself.
    #[must_use]
    pub fn logical(op: LogicalOp, terms: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(terms.len());
        for term in terms {
            match term {
                Self::Logical(inner, terms) if inner == op => flat.extend(terms),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::literal(op == LogicalOp::And),
            1 => flat.swap_remove(0),
            _ => Self::Logical(op, flat),
        }
    }

    /// `name(args)`; names are found in any case.
    ///
    /// # Errors
    /// When there is no such function, when it is not supported here, or when its arguments do not fit
    /// (their number, or a constant that cannot be used).
    pub fn call(name: &str, args: Vec<Self>) -> Result<Self, ExprError> {
        let function = crate::functions::find(name)?;
        let prepared = crate::functions::check(function, &args)?;
        Ok(Self::Call(Call { function, args, prepared }))
    }

    /// The value, when this is a constant.
    #[must_use]
    pub fn as_literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The column's name, when this is just a column.
    #[must_use]
    pub fn as_column(&self) -> Option<&str> {
        match self {
            Self::Column(name) => Some(name),
            _ => None,
        }
    }
}

impl std::str::FromStr for Expr {
    type Err = ExprError;

    fn from_str(text: &str) -> Result<Self, ExprError> {
        crate::parse(text)
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
