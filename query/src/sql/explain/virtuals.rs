//! How does a computed value look in the native query that EXPLAIN shows? A path into a nested value and a lookup have forms
//! of their own, anything else is an expression.

use alluvium_expression::{Expr, JsonPath, Value as Known, parse};
use serde_json::{Value, json};

use crate::sql::translate::{Dimension, Field, NativeType};

/// The name of a field; what is computed becomes a virtual column.
pub(super) fn field_name(field: &Field, output: NativeType, virtuals: &mut Vec<Value>) -> String {
    if let Field::Column(name) = field {
        return name.clone();
    }
    let text = field.text();
    let same =
        |known: &&Value| known["expression"] == text.as_str() && known["outputType"] == output.druid_name();
    if let Some(known) = virtuals.iter().find(same).and_then(|known| known["name"].as_str()) {
        return known.to_owned();
    }
    let name = format!("v{}", virtuals.len());
    virtuals.push(column(&name, &text, output));
    name
}

/// A virtual column.
pub(super) fn column(name: &str, expression: &str, output: NativeType) -> Value {
    let output = output.druid_name();
    nested(name, expression, output).unwrap_or_else(
        || json!({"type": "expression", "name": name, "expression": expression, "outputType": output}),
    )
}

/// A value at a path of a nested column.
fn nested(name: &str, expression: &str, output: &str) -> Option<Value> {
    let Ok(Expr::Call(call)) = parse(expression) else { return None };
    let ("json_value" | "json_value_text", [Expr::Column(from), Expr::Literal(path), ..]) =
        (call.name(), call.args())
    else {
        return None;
    };
    let path = JsonPath::parse(&path.as_string()?).ok()?;
    Some(
        json!({"type": "nested-field", "columnName": from.as_ref(), "outputName": name, "expectedType": output,
        "pathParts": path.to_json(), "processFromRaw": false}),
    )
}

/// A key of groups.
pub(super) fn dimension(dimension: &Dimension, virtuals: &mut Vec<Value>) -> Value {
    let Dimension { name, field, output, unnested } = dimension;
    let output_type = output.druid_name();
    if *unnested {
        return json!({"type": "default", "dimension": UNNESTED, "outputName": name, "outputType": output_type});
    }
    if let Some((from, extraction)) = lookup(field) {
        return json!({"type": "extraction", "dimension": from, "outputName": name, "outputType": output_type,
            "extractionFn": extraction});
    }
    let from = field_name(field, *output, virtuals);
    json!({"type": "default", "dimension": from, "outputName": name, "outputType": output_type})
}

/// The name of the column that an array is unnested to.
pub(super) const UNNESTED: &str = "j0.unnest";

/// What a registered lookup says of a column.
fn lookup(field: &Field) -> Option<(String, Value)> {
    let Field::Expression(text) = field else { return None };
    let Ok(Expr::Call(call)) = parse(text) else { return None };
    let ("lookup", [Expr::Column(from), Expr::Literal(lookup), missing @ ..]) = (call.name(), call.args())
    else {
        return None;
    };
    let mut extraction = json!({"type": "registeredLookup", "lookup": lookup.as_string()?.as_ref()});
    if let [Expr::Literal(missing)] = missing
        && !matches!(missing, Known::Null)
    {
        extraction["replaceMissingValueWith"] = json!(missing.as_string()?.as_ref());
    }
    extraction["optimize"] = json!(false);
    Some((from.to_string(), extraction))
}
