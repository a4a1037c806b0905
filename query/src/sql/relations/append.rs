//! Which rows has `TABLE(APPEND('a', 'b'))`? Those of all the datasources, columns meeting by name: one table of
//! several datasources, which the segment operators read as they read one.

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, TableFactor, Value,
};

use crate::sql::fault::{Position, invalid, invalid_at, outside};

/// The schema of such tables; nobody can write it.
pub(crate) const APPENDED: &str = "TABLE(APPEND)";

/// The datasources of a table of that schema.
pub(crate) fn appended(table: &str) -> Option<Vec<String>> {
    serde_json::from_str(table).ok()
}

pub(super) fn plan(call: &Expr, context: &mut dyn RelationPlannerContext) -> Result<LogicalPlan> {
    let Expr::Function(function) = call else {
        return Err(outside(invalid(format!("TABLE({call}) is no table; use TABLE(APPEND('a', 'b'))"))));
    };
    let name = function.name.to_string().to_ascii_uppercase();
    let FunctionArguments::List(list) = &function.args else {
        return Err(no_match(function.name.0.first().and_then(|part| part.as_ident()), &name));
    };
    let table = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => match &value.value {
            Value::SingleQuotedString(table) => Some(table.clone()),
            _ => None,
        },
        _ => None,
    };
    let tables: Option<Vec<String>> = list.args.iter().map(table).collect();
    match tables {
        Some(tables) if name == "APPEND" && !tables.is_empty() => {
            let parts = [APPENDED.to_owned(), serde_json::json!(tables).to_string()];
            let name = ObjectName::from(parts.map(|part| Ident::with_quote('"', part)).to_vec());
            context.plan(table_named(name))
        }
        _ => Err(no_match(function.name.0.first().and_then(|part| part.as_ident()), &name)),
    }
}

fn no_match(name: Option<&Ident>, upper: &str) -> datafusion::common::DataFusionError {
    let message = format!("No match found for function signature {upper}()");
    outside(match name {
        Some(name) => {
            let at = Position::of(name.span);
            invalid_at(format!("{message}{at}"), at)
        }
        None => invalid(message),
    })
}

fn table_named(name: ObjectName) -> TableFactor {
    TableFactor::Table {
        name,
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}
