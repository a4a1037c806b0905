//! What do windows mean in Druid? A window by name takes what it lacks from the one it names, frames that end before
//! they begin hold nothing, and rows beyond the partition have no default.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CaseWhen, Expr, Function, FunctionArguments, GroupByExpr, NamedWindowDefinition, NamedWindowExpr, Query,
    Select, Value, Visit, VisitMut, Visitor, VisitorMut, WindowFrame, WindowFrameBound, WindowSpec,
    WindowType,
};

use super::build::name_of;
use crate::QueryError;
use crate::sql::fault::invalid;

/// Rewrites the window functions of a SELECT.
pub(super) fn rewrite(select: &mut Select) -> Result<(), QueryError> {
    for condition in select.selection.iter().chain(&select.prewhere) {
        refuse(condition, "Windowed aggregate expression is illegal in WHERE clause")?;
    }
    if let Some(condition) = &select.having {
        refuse(condition, "Window functions are not allowed in HAVING")?;
    }
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        for key in keys {
            refuse(key, "Windowed aggregate expression is illegal in GROUP BY clause")?;
        }
    }
    if !select.projection.iter().any(has_window) && select.qualify.is_none() {
        return Ok(());
    }
    let mut windows = Windows { named: select.named_window.clone(), depth: 0 };
    for item in &mut select.projection {
        let _: ControlFlow<()> = VisitMut::visit(item, &mut windows);
    }
    if let Some(condition) = &mut select.qualify {
        let _: ControlFlow<()> = VisitMut::visit(condition, &mut windows);
    }
    Ok(())
}

fn refuse(expr: &Expr, message: &str) -> Result<(), QueryError> {
    if has_window(expr) { Err(invalid(message)) } else { Ok(()) }
}

/// Whether a window function stands in a piece of syntax, subqueries left out.
fn has_window(syntax: &impl Visit) -> bool {
    struct Finder(usize);
    impl Visitor for Finder {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.0 -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(Function { over: Some(_), .. }) if self.0 == 0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    syntax.visit(&mut Finder(0)).is_break()
}

/// The window functions of one SELECT.
struct Windows {
    named: Vec<NamedWindowDefinition>,
    /// Subqueries around the expression that is visited.
    depth: usize,
}

impl VisitorMut for Windows {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        if self.depth > 0 || function.over.is_none() {
            return ControlFlow::Continue(());
        }
        drop_default(function);
        if let Some(WindowType::WindowSpec(spec)) = &mut function.over {
            self.complete(spec);
            if spec.window_frame.as_mut().is_some_and(is_empty) {
                spec.window_frame = None;
                let never = Expr::Value(Value::Boolean(false).with_empty_span());
                let result = std::mem::replace(expr, super::build::null());
                *expr = case(never, result);
            }
        }
        ControlFlow::Continue(())
    }
}

impl Windows {
    /// Takes from the window that is named what a window does not say itself.
    fn complete(&self, spec: &mut WindowSpec) {
        let mut left = self.named.len();
        while let Some(name) = spec.window_name.clone().filter(|_| left > 0) {
            left -= 1;
            let found = self.named.iter().find(|NamedWindowDefinition(known, _)| known.value == name.value);
            match found {
                Some(NamedWindowDefinition(_, NamedWindowExpr::NamedWindow(other))) => {
                    spec.window_name = Some(other.clone());
                }
                Some(NamedWindowDefinition(_, NamedWindowExpr::WindowSpec(base))) => {
                    if spec.partition_by.is_empty() {
                        spec.partition_by.clone_from(&base.partition_by);
                    }
                    if spec.order_by.is_empty() {
                        spec.order_by.clone_from(&base.order_by);
                    }
                    if spec.window_frame.is_none() {
                        spec.window_frame.clone_from(&base.window_frame);
                    }
                    spec.window_name.clone_from(&base.window_name);
                }
                None => return,
            }
        }
    }
}

fn case(condition: Expr, result: Expr) -> Expr {
    let token = datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty;
    Expr::Case {
        case_token: token(),
        end_token: token(),
        operand: None,
        conditions: vec![CaseWhen { condition, result }],
        else_result: None,
    }
}

/// `LAG` and `LEAD` give NULL beyond the partition, whatever default they are called with.
fn drop_default(function: &mut Function) {
    if !matches!(name_of(function).as_str(), "lag" | "lead") {
        return;
    }
    if let FunctionArguments::List(list) = &mut function.args {
        list.args.truncate(2);
    }
}

/// Whether a frame ends before it begins. One that has only a beginning after the current row begins with that.
fn is_empty(frame: &mut WindowFrame) -> bool {
    if matches!(frame.start_bound, WindowFrameBound::Following(_)) && frame.end_bound.is_none() {
        let end = std::mem::replace(&mut frame.start_bound, WindowFrameBound::CurrentRow);
        frame.end_bound = Some(end);
        return false;
    }
    let distance = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::Following(Some(rows)) => Some(literal(rows)?),
        WindowFrameBound::Preceding(Some(rows)) => Some(-literal(rows)?),
        _ => None,
    };
    let ends = (distance(&frame.start_bound), frame.end_bound.as_ref().and_then(distance));
    matches!(ends, (Some(start), Some(end)) if start > end && (start > 0) == (end > 0))
}

fn literal(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
