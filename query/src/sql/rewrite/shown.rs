//! What is shown of a result that is more than a value? Arrays in nested values as they are, and sketches as what they
//! estimate where that is asked for.

use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr, Ident, ObjectName, Select, SelectItem};

use super::build::{call, name_of, text};
use crate::sql::request::Settings;

/// Rewrites the results of the outermost SELECT.
pub(super) fn rewrite(select: &mut Select, settings: &Settings) {
    let plain = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty())
        && select.distinct.is_none();
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
        let Expr::Function(function) = expr else { continue };
        if function.over.is_some() {
            continue;
        }
        let name = name_of(function);
        if plain && matches!(name.as_str(), "json_value_texts" | "json_value_longs" | "json_value_doubles") {
            function.name = ObjectName::from(vec![Ident::new("json_value_shown")]);
        } else if let Some(kind) = sketch(&name).filter(|_| settings.finalize_sketches) {
            let made = std::mem::replace(expr, super::build::null());
            *expr = call("finalized_sketch", vec![made, text(kind)]);
        }
    }
}

/// The kind of sketches that an aggregate makes.
fn sketch(aggregate: &str) -> Option<&'static str> {
    Some(match aggregate {
        "ds_hll" => "HLLSketch",
        "ds_theta" => "thetaSketch",
        "ds_quantiles_sketch" => "quantilesDoublesSketch",
        "ds_tuple_doubles" => "arrayOfDoublesSketch",
        _ => return None,
    })
}
