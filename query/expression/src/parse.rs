//! How does Druid's expression text become a tree? Recursive descent with precedence climbing.

mod lexer;

use std::sync::Arc;

use self::lexer::{Lexer, Token};
use crate::ast::{BinaryOp, Expr, Lambda, LogicalOp, UnaryOp};
use crate::{ExprError, ExprType, Value};

/// Levels of nesting (parentheses, calls, operators) that are accepted.
pub const MAX_DEPTH: usize = 128;

/// Reads an expression.
///
/// # Errors
/// When the text is no expression (the error says where and what was expected), nests deeper than
/// [`MAX_DEPTH`], or names an unknown or unsupported function.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser { lexer: Lexer::new(text)?, depth: 0 };
    // What stands after an expression is not read, as it is not in Druid.
    parser.expression(1).map(|tree| tree.expr)
}

/// A tree and its height.
struct Tree {
    expr: Expr,
    height: usize,
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    depth: usize,
}

/// Operators that bind two operands, as `(level, what)`; a higher level binds tighter.
enum Infix {
    Logical(LogicalOp),
    Binary(BinaryOp),
}

fn infix(token: &Token) -> Option<(u8, Infix)> {
    let Token::Symbol(symbol) = token else { return None };
    let binary = |level, op| Some((level, Infix::Binary(op)));
    match *symbol {
        "&&" => Some((1, Infix::Logical(LogicalOp::And))),
        "||" => Some((1, Infix::Logical(LogicalOp::Or))),
        "<" => binary(2, BinaryOp::Less),
        "<=" => binary(2, BinaryOp::LessEqual),
        ">" => binary(2, BinaryOp::Greater),
        ">=" => binary(2, BinaryOp::GreaterEqual),
        "==" => binary(2, BinaryOp::Equal),
        "!=" => binary(2, BinaryOp::NotEqual),
        "+" => binary(3, BinaryOp::Add),
        "-" => binary(3, BinaryOp::Subtract),
        "*" => binary(4, BinaryOp::Multiply),
        "/" => binary(4, BinaryOp::Divide),
        "%" => binary(4, BinaryOp::Modulo),
        "^" => binary(5, BinaryOp::Power),
        _ => None,
    }
}

impl Parser<'_> {
    fn grown(&self, expr: Expr, height: usize) -> Result<Tree, ExprError> {
        if height > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(Tree { expr, height })
    }

    fn too_deep(&self) -> ExprError {
        self.lexer.error(&format!(
            "nested deeper than {MAX_DEPTH} levels; split it into several virtual columns or transforms"
        ))
    }

    fn expression(&mut self, min_level: u8) -> Result<Tree, ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let mut left = self.unary()?;
        while let Some((level, operator)) = infix(self.lexer.peek()) {
            if level < min_level {
                break;
            }
            self.lexer.advance()?;
            // Only `^` groups to the right.
            let right = self.expression(if level == 5 { level } else { level + 1 })?;
            let height = 1 + left.height.max(right.height);
            left = match operator {
                Infix::Logical(op) => {
                    // Chains of one operator are one node.
                    let grown = if matches!(&left.expr, Expr::Logical(o, _) if *o == op) { 0 } else { 1 };
                    let height = (left.height + grown).max(right.height + 1);
                    self.grown(Expr::logical(op, vec![left.expr, right.expr]), height)?
                }
                Infix::Binary(op) => self.grown(Expr::binary(op, left.expr, right.expr), height)?,
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Tree, ExprError> {
        let mut operators = Vec::new();
        loop {
            match self.lexer.peek() {
                Token::Symbol("!") => operators.push(UnaryOp::Not),
                Token::Symbol("-") => {
                    self.lexer.advance()?;
                    if let Some(value) = self.number(true)? {
                        return self.apply(operators, Tree { expr: Expr::Literal(value), height: 1 });
                    }
                    operators.push(UnaryOp::Minus);
                    continue;
                }
                _ => break,
            }
            self.lexer.advance()?;
        }
        let operand = self.primary()?;
        self.apply(operators, operand)
    }

    fn apply(&self, operators: Vec<UnaryOp>, operand: Tree) -> Result<Tree, ExprError> {
        let height = operand.height + operators.len();
        // Checked before the tree is built: dropping a deep one would exhaust the stack.
        if height > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let expr = operators.into_iter().rev().fold(operand.expr, |e, op| Expr::unary(op, e));
        self.grown(expr, height)
    }

    /// Takes a number, if one comes next.
    fn number(&mut self, negative: bool) -> Result<Option<Value>, ExprError> {
        let value = match self.lexer.peek() {
            Token::Long(digits) => {
                let text = if negative { format!("-{digits}") } else { (*digits).to_owned() };
                match text.parse() {
                    Ok(long) => Value::Long(long),
                    Err(_) => return Err(self.lexer.error("the number does not fit in 64 bits; add `.0`")),
                }
            }
            Token::Double(value) => Value::Double(if negative { -*value } else { *value }),
            _ => return Ok(None),
        };
        self.lexer.advance()?;
        Ok(Some(value))
    }

    fn primary(&mut self) -> Result<Tree, ExprError> {
        if let Some(value) = self.number(false)? {
            return Ok(Tree { expr: Expr::Literal(value), height: 1 });
        }
        match self.lexer.peek() {
            Token::Text(text) => {
                let value = Value::String(Arc::clone(text));
                self.literal(value)
            }
            Token::Null => self.literal(Value::Null),
            Token::Symbol("(") => {
                self.lexer.advance()?;
                let inner = self.expression(1)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("[") => self.array(None),
            Token::Symbol("<") => self.typed_array(),
            Token::Name(_) => self.name(),
            _ => Err(self.lexer.error("expected a value, a column, a function or `(`")),
        }
    }

    fn literal(&mut self, value: Value) -> Result<Tree, ExprError> {
        self.lexer.advance()?;
        Ok(Tree { expr: Expr::Literal(value), height: 1 })
    }

    fn name(&mut self) -> Result<Tree, ExprError> {
        let Token::Name(name) = self.lexer.peek() else {
            return Err(self.lexer.error("expected a name"));
        };
        let name = Arc::clone(name);
        if name.eq_ignore_ascii_case("array") && self.lexer.typed_array_follows() {
            self.lexer.advance()?;
            return self.typed_array();
        }
        self.lexer.advance()?;
        if *self.lexer.peek() != Token::Symbol("(") {
            return Ok(Tree { expr: Expr::Column(name), height: 1 });
        }
        // Unknown names are refused before their arguments are read.
        crate::functions::find(&name)?;
        self.lexer.advance()?;
        let mut args = Vec::new();
        let mut height = 0;
        while *self.lexer.peek() != Token::Symbol(")") {
            if !args.is_empty() {
                self.expect(",")?;
            }
            let arg = if self.lexer.lambda_follows() { self.lambda()? } else { self.expression(1)? };
            height = height.max(arg.height);
            args.push(arg.expr);
        }
        self.expect(")")?;
        self.grown(Expr::call(&name, args)?, height + 1)
    }

    fn lambda(&mut self) -> Result<Tree, ExprError> {
        let mut params = Vec::new();
        let wrapped = *self.lexer.peek() == Token::Symbol("(");
        if wrapped {
            self.lexer.advance()?;
        }
        while let Token::Name(name) = self.lexer.peek() {
            params.push(Arc::clone(name));
            self.lexer.advance()?;
            if wrapped && *self.lexer.peek() == Token::Symbol(",") {
                self.lexer.advance()?;
            }
        }
        if wrapped {
            self.expect(")")?;
        }
        self.expect("->")?;
        let body = self.expression(1)?;
        let lambda = Lambda { params, body: Box::new(body.expr) };
        self.grown(Expr::Lambda(lambda), body.height + 1)
    }

    /// `<LONG>[...]`
    fn typed_array(&mut self) -> Result<Tree, ExprError> {
        self.expect("<")?;
        let Token::Name(name) = self.lexer.peek() else {
            return Err(self.lexer.error("expected LONG, DOUBLE or STRING"));
        };
        let element = match name.parse::<ExprType>() {
            Ok(element) if !element.is_array() => element,
            _ => return Err(self.lexer.error("expected LONG, DOUBLE or STRING")),
        };
        self.lexer.advance()?;
        self.expect(">")?;
        self.array(Some(element))
    }

    fn array(&mut self, element: Option<ExprType>) -> Result<Tree, ExprError> {
        self.expect("[")?;
        let mut items = Vec::new();
        while *self.lexer.peek() != Token::Symbol("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            let negative = *self.lexer.peek() == Token::Symbol("-");
            if negative {
                self.lexer.advance()?;
            }
            if let Some(value) = self.number(negative)? {
                items.push(value);
            } else if negative {
                return Err(self.lexer.error("expected a number"));
            } else {
                match self.lexer.peek() {
                    Token::Text(text) => items.push(Value::String(Arc::clone(text))),
                    Token::Null => items.push(Value::Null),
                    _ => return Err(self.lexer.error("expected a constant")),
                }
                self.lexer.advance()?;
            }
        }
        self.expect("]")?;
        let value = match element {
            Some(element) => Value::array_of(element, &items),
            None => Value::array_from(&items),
        };
        Ok(Tree { expr: Expr::Literal(value), height: 1 })
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ExprError> {
        if *self.lexer.peek() == Token::Symbol(symbol) {
            return self.lexer.advance();
        }
        Err(self.lexer.error(&format!("expected `{symbol}`")))
    }
}

#[cfg(test)]
mod tests;
