//! Which statements are about PostgreSQL's catalogue, and what are they without PostgreSQL's own syntax? Those that name its
//! tables only, or no table and one of its functions; names lose their schema, casts to names of things become functions,
//! operators their plain form.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result};
use datafusion::sql::sqlparser::ast::{
    Array, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, SelectItem, SetExpr,
    Statement, Value, ValueWithSpan, VisitMut, VisitorMut, visit_expressions, visit_relations,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use serde_json::Value as Json;

use super::empty;
use super::functions::is_known;
use crate::sql::request::SqlParameter;

/// A statement, read.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    statement: Statement,
    /// How many parameters it has.
    pub(super) parameters: usize,
}

/// What the columns of an answer are called that have no names of their own, by the names they have meanwhile.
pub(super) type Names = HashMap<String, String>;

/// Words that are functions without parentheses, all of which name the user, the database or the schema.
const WORDS: [&str; 6] =
    ["current_user", "session_user", "user", "current_role", "current_catalog", "current_schema"];

/// Reads a text; `None` when it is not about the catalogue.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    let lower = text.to_ascii_lowercase();
    let hints = ["pg_", "information_schema", "current_", "version", "user", "format_type", "privilege"];
    if !hints.iter().any(|hint| lower.contains(hint)) {
        return None;
    }
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, text).ok()?;
    let statement = statements.pop().filter(|_| statements.is_empty())?;
    let Statement::Query(query) = &statement else { return None };
    let own: Vec<String> = query
        .with
        .iter()
        .flat_map(|with| &with.cte_tables)
        .map(|table| table.alias.name.value.to_ascii_lowercase())
        .collect();
    let (mut tables, mut others) = (0, 0);
    let _: ControlFlow<()> = visit_relations(&statement, |name| {
        match is_catalog_table(name) {
            true => tables += 1,
            false if name.0.len() == 1 && own.contains(&last(name)) => {}
            false => others += 1,
        }
        ControlFlow::Continue(())
    });
    let (mut functions, mut parameters) = (0, 0);
    let _: ControlFlow<()> = visit_expressions(&statement, |expr| {
        functions += usize::from(is_catalog_function(expr));
        if let Some(number) = parameter(expr) {
            parameters = parameters.max(number + 1);
        }
        ControlFlow::Continue(())
    });
    let about = others == 0 && (tables > 0 || functions > 0);
    about.then_some(Parsed { statement, parameters })
}

fn parts(name: &ObjectName) -> Vec<&Ident> {
    name.0.iter().filter_map(ObjectNamePart::as_ident).collect()
}

/// The last part of a name, as PostgreSQL reads it.
pub(super) fn last(name: &ObjectName) -> String {
    parts(name).last().map_or_else(String::new, |part| read(part))
}

fn read(part: &Ident) -> String {
    if part.quote_style.is_some() { part.value.clone() } else { part.value.to_ascii_lowercase() }
}

fn is_catalog_table(name: &ObjectName) -> bool {
    let parts = parts(name);
    match parts.as_slice() {
        [table] => read(table).starts_with("pg_"),
        [.., schema, _] => {
            // Druid's own INFORMATION_SCHEMA is written large.
            schema.value == "information_schema" || read(schema) == "pg_catalog"
        }
        [] => false,
    }
}

fn is_catalog_function(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let name = last(&function.name);
            let schema = parts(&function.name).len() > 1;
            is_known(&name) || schema || WORDS.contains(&name.as_str())
        }
        Expr::Identifier(name) => name.quote_style.is_none() && is_word(&name.value),
        _ => false,
    }
}

/// Whether a bare name is one of the words the parser takes for a column.
fn is_word(name: &str) -> bool {
    ["current_schema", "current_role"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// The number of a parameter, from 0.
fn parameter(expr: &Expr) -> Option<usize> {
    let Expr::Value(ValueWithSpan { value: Value::Placeholder(mark), .. }) = expr else { return None };
    mark.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
}

/// The statement in plain SQL, with values for its parameters.
pub(super) fn rewrite(
    parsed: &Parsed,
    parameters: &[SqlParameter],
    user: &str,
) -> Result<(Statement, Names)> {
    let mut statement = parsed.statement.clone();
    let names = name_columns(&mut statement);
    empty::simplify(&mut statement);
    let mut rewriter = Rewriter { parameters, user };
    match statement.visit(&mut rewriter) {
        ControlFlow::Continue(()) => Ok((statement, names)),
        ControlFlow::Break(message) => Err(DataFusionError::Plan(message)),
    }
}

/// Columns without names get names that differ, and are told by PostgreSQL's.
fn name_columns(statement: &mut Statement) -> Names {
    let mut names = Names::new();
    if let Statement::Query(query) = statement {
        name_columns_of(&mut query.body, &mut names);
    }
    names
}

/// Those of all parts of a union have names; the first part's are told.
fn name_columns_of(body: &mut SetExpr, names: &mut Names) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return name_columns_of(&mut query.body, names),
        SetExpr::SetOperation { left, right, .. } => {
            name_columns_of(left, names);
            name_columns_of(right, &mut Names::new());
            return;
        }
        _ => return,
    };
    for (at, item) in select.projection.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        if matches!(expr, Expr::Identifier(name) if !is_word(&name.value))
            || matches!(expr, Expr::CompoundIdentifier(_))
        {
            continue;
        }
        let alias = format!("pg_column_{at}");
        names.insert(alias.clone(), column_name(expr));
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(alias) };
    }
}

fn column_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(name) => read(name),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, read),
        Expr::Function(function) => last(&function.name),
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::Collate { expr, .. } => column_name(expr),
        Expr::Case { .. } => "case".to_owned(),
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.first() {
                Some(SelectItem::UnnamedExpr(expr)) => column_name(expr),
                Some(SelectItem::ExprWithAlias { alias, .. }) => read(alias),
                _ => "?column?".to_owned(),
            },
            _ => "?column?".to_owned(),
        },
        _ => "?column?".to_owned(),
    }
}

struct Rewriter<'r> {
    parameters: &'r [SqlParameter],
    user: &'r str,
}

impl VisitorMut for Rewriter<'_> {
    type Break = String;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        if let Some(number) = parameter(expr) {
            let Some(given) = self.parameters.get(number) else {
                return ControlFlow::Break(format!("there is no parameter ${}", number + 1));
            };
            *expr = literal(&given.value);
            return ControlFlow::Continue(());
        }
        let taken = std::mem::replace(expr, Expr::value(Value::Null));
        *expr = match taken {
            Expr::Function(function) => self.function(function),
            Expr::Identifier(name) if name.quote_style.is_none() && is_word(&name.value) => {
                self.word(&name.value.to_ascii_lowercase())
            }
            Expr::Cast { expr, data_type, .. } if own_type(&data_type).is_some() => {
                converted(*expr, own_type(&data_type).unwrap_or_default().as_str())
            }
            Expr::Collate { expr, .. } => *expr,
            Expr::BinaryOp { left, op: BinaryOperator::PGCustomBinaryOperator(name), right } => {
                match operator(name.last().map_or("", String::as_str)) {
                    Some(op) => Expr::BinaryOp { left, op, right },
                    None => return ControlFlow::Break(format!("unknown operator {name:?}")),
                }
            }
            Expr::Subquery(query) => Expr::Subquery(one_row(query)),
            other => other,
        };
        ControlFlow::Continue(())
    }
}

impl Rewriter<'_> {
    fn function(&self, mut function: Function) -> Expr {
        let name = last(&function.name);
        if let (FunctionArguments::Subquery(query), "array") = (&function.args, name.as_str())
            && empty::is_nothing(query)
        {
            return Expr::Array(Array { elem: Vec::new(), named: true });
        }
        if matches!(function.args, FunctionArguments::None) || WORDS.contains(&name.as_str()) {
            return self.word(&name);
        }
        function.name = ObjectName::from(vec![Ident::new(name)]);
        Expr::Function(function)
    }

    fn word(&self, word: &str) -> Expr {
        text(match word {
            "current_catalog" | "current_schema" => "druid",
            _ => self.user,
        })
    }
}

fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

fn literal(value: &Json) -> Expr {
    match value {
        Json::Null => Expr::value(Value::Null),
        Json::Bool(truth) => Expr::value(Value::Boolean(*truth)),
        Json::Number(number) => Expr::value(Value::Number(number.to_string(), false)),
        Json::String(given) => text(given),
        other => text(&other.to_string()),
    }
}

fn call(name: &str, argument: Expr) -> Expr {
    let args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))];
    let list = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The name of a type that is PostgreSQL's own.
fn own_type(data_type: &DataType) -> Option<String> {
    match data_type {
        DataType::Regclass => Some("regclass".to_owned()),
        DataType::Custom(name, _) => Some(last(name)),
        _ => None,
    }
}

/// A cast to one of PostgreSQL's own types.
fn converted(expr: Expr, name: &str) -> Expr {
    let is_text = matches!(&expr, Expr::Value(v) if matches!(v.value, Value::SingleQuotedString(_)));
    match name {
        "regclass" if is_text => call("pg_relation_number", expr),
        "regclass" => call("pg_relation_name", expr),
        "regtype" if !is_text => call("format_type", expr),
        "regnamespace" if !is_text => call("pg_schema_name", expr),
        "oid" | "xid" | "cid" | "int2" | "int4" | "int8" => cast(expr, DataType::BigInt(None)),
        "bool" => cast(expr, DataType::Boolean),
        "float8" => cast(expr, DataType::Double(datafusion::sql::sqlparser::ast::ExactNumberInfo::None)),
        _ => cast(expr, DataType::Text),
    }
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, format: None, array: false }
}

fn operator(name: &str) -> Option<BinaryOperator> {
    use BinaryOperator as Op;
    Some(match name {
        "~" => Op::PGRegexMatch,
        "~*" => Op::PGRegexIMatch,
        "!~" => Op::PGRegexNotMatch,
        "!~*" => Op::PGRegexNotIMatch,
        "~~" => Op::PGLikeMatch,
        "!~~" => Op::PGNotLikeMatch,
        "=" => Op::Eq,
        "<>" => Op::NotEq,
        "<" => Op::Lt,
        "<=" => Op::LtEq,
        ">" => Op::Gt,
        ">=" => Op::GtEq,
        "||" => Op::StringConcat,
        "+" => Op::Plus,
        "-" => Op::Minus,
        _ => return None,
    })
}

/// A query that is used as a value has one row at most, which is its least: an aggregate the planner can take apart.
fn one_row(mut query: Box<Query>) -> Box<Query> {
    let SetExpr::Select(select) = query.body.as_mut() else { return query };
    let grouped = matches!(&select.group_by,
        datafusion::sql::sqlparser::ast::GroupByExpr::Expressions(keys, _) if !keys.is_empty());
    let [item] = select.projection.as_mut_slice() else { return query };
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return query };
    let is_aggregate = matches!(expr, Expr::Function(f)
        if ["min", "max", "count", "sum", "avg", "string_agg", "array_agg"].contains(&last(&f.name).as_str()));
    if !grouped && !is_aggregate && !select.from.is_empty() {
        let value = std::mem::replace(expr, Expr::value(Value::Null));
        *expr = call("min", value);
        query.order_by = None;
        query.limit_clause = None;
    }
    query
}
