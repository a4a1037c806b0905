//! How is an expression written, so that reading it back gives the same tree?

use std::fmt;

use super::{Expr, LogicalOp, UnaryOp};
use crate::{ExprType, Value};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write_literal(value, f),
            Self::Column(name) => write_identifier(name, f),
            Self::Unary(op, operand) => write_unary(*op, operand, f),
            Self::Binary(op, left, right) => write!(f, "({left} {} {right})", op.symbol()),
            Self::Logical(op, terms) => {
                let symbol = if *op == LogicalOp::And { "&&" } else { "||" };
                f.write_str("(")?;
                for (i, term) in terms.iter().enumerate() {
                    if i > 0 {
                        write!(f, " {symbol} ")?;
                    }
                    write!(f, "{term}")?;
                }
                f.write_str(")")
            }
            Self::Lambda(lambda) => {
                f.write_str("(")?;
                for (i, param) in lambda.params.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write_identifier(param, f)?;
                }
                write!(f, ") -> {}", lambda.body)
            }
            Self::Call(call) => {
                write!(f, "{}(", call.function.name)?;
                for (i, arg) in call.args.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{arg}")?;
                }
                f.write_str(")")
            }
        }
    }
}

fn write_unary(op: UnaryOp, operand: &Expr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let symbol = if op == UnaryOp::Minus { "-" } else { "!" };
    // `-5` reads as a literal; parentheses keep the operator.
    if matches!(operand, Expr::Literal(_)) {
        write!(f, "{symbol}({operand})")
    } else {
        write!(f, "{symbol}{operand}")
    }
}

/// A literal as the parser reads it; arrays carry their type.
pub(crate) fn write_literal(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => f.write_str("null"),
        Value::Long(v) => write!(f, "{v}"),
        Value::Double(v) => write_double(*v, f),
        Value::String(text) => write_quoted(text, '\'', f),
        Value::Json(json) => {
            f.write_str("parse_json(")?;
            write_quoted(&json.to_string(), '\'', f)?;
            f.write_str(")")
        }
        array => {
            let element = array.value_type().unwrap_or(ExprType::String).element();
            write!(f, "<{element}>[")?;
            for (i, item) in array.elements().iter().enumerate() {
                if i > 0 {
                    f.write_str(", ")?;
                }
                write_literal(item, f)?;
            }
            f.write_str("]")
        }
    }
}

fn write_double(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&crate::value::double_text(value))
}

fn write_identifier(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let start = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$');
    let bare = name.starts_with(start) && name.chars().all(|c| start(c) || c.is_ascii_digit());
    if bare && !matches!(name, "null" | "NULL" | "NaN" | "Infinity") {
        f.write_str(name)
    } else {
        write_quoted(name, '"', f)
    }
}

fn write_quoted(text: &str, quote: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\\' => f.write_str("\\\\")?,
            c if c == quote => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
}
