//! How are dimension specs and virtual columns written?

use std::collections::BTreeSet;

use alluvium_expression::{Expr, ExprType, ExtractionFn, JsonPath};
use alluvium_segments::{ColumnType, TIME_COLUMN};
use serde_json::{Value, json};

use super::fields::Fields;
use crate::QueryError;
use crate::plan::{DimensionPlan, DimensionTransform, ValueFilter, VirtualColumn, VirtualSource};

/// The type of what `json_query_array` gives.
pub(crate) const NESTED_LISTS: &str = "ARRAY<COMPLEX<json>>";

/// Reads a dimension spec: a name or an object.
pub(crate) fn dimension(json: &Value) -> Result<DimensionPlan, QueryError> {
    if let Some(name) = json.as_str() {
        return Ok(DimensionPlan::column(name, name, ColumnType::String));
    }
    let fields = Fields::of("dimension spec", json)?;
    let kind = fields.text_opt("type")?.unwrap_or("default");
    let keep = |filter: ValueFilter| -> Result<DimensionPlan, QueryError> {
        let mut plan = dimension(fields.need("delegate")?)?;
        plan.transforms.push(DimensionTransform::Keep(filter));
        Ok(plan)
    };
    match kind {
        "default" => plain(&fields),
        "extraction" => {
            let mut plan = plain(&fields)?;
            plan.transforms.push(DimensionTransform::Extract(extraction(fields.need("extractionFn")?)?));
            Ok(plan)
        }
        "lookup" => {
            let mut plan = plain(&fields)?;
            plan.output_type = ColumnType::String;
            plan.transforms.push(DimensionTransform::Extract(lookup(&fields)?));
            Ok(plan)
        }
        "listFiltered" => {
            keep(ValueFilter::List { values: value_set(&fields)?, allow: fields.flag("isWhitelist", true)? })
        }
        "regexFiltered" => keep(ValueFilter::Regex(fields.text("pattern")?.to_owned())),
        "prefixFiltered" => keep(ValueFilter::Prefix(fields.text("prefix")?.to_owned())),
        // Druid reads others as the plain one.
        _ => plain(&fields),
    }
}

fn plain(fields: &Fields<'_>) -> Result<DimensionPlan, QueryError> {
    let column = fields.text("dimension")?;
    let name = fields.text_opt("outputName")?.unwrap_or(column);
    let output = fields.column_type("outputType")?.unwrap_or(ColumnType::String);
    Ok(DimensionPlan::column(column, name, output))
}

fn value_set(fields: &Fields<'_>) -> Result<BTreeSet<Option<String>>, QueryError> {
    fields.need("values")?;
    let item = |value: &Value| match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(fields.wrong("values", "a list of strings")),
    };
    fields.list("values")?.iter().map(item).collect()
}

/// Reads an extraction function.
pub(crate) fn extraction(json: &Value) -> Result<ExtractionFn, QueryError> {
    Ok(ExtractionFn::from_json(json)?)
}

/// The function of a lookup dimension spec: of a lookup that is written out, or of a registered one.
fn lookup(fields: &Fields<'_>) -> Result<ExtractionFn, QueryError> {
    let name = fields.text_opt("name")?.filter(|name| !name.is_empty());
    let mut json = match (fields.get("lookup"), name) {
        (Some(map), None) => json!({"type": "lookup", "lookup": map}),
        (None, Some(name)) => json!({"type": "registeredLookup", "lookup": name}),
        _ => return Err(QueryError::invalid("a lookup dimension spec needs one of `lookup` and `name`")),
    };
    for key in ["retainMissingValue", "replaceMissingValueWith", "optimize"] {
        if let (Some(value), Some(object)) = (fields.get(key), json.as_object_mut()) {
            object.insert(key.to_owned(), value.clone());
        }
    }
    extraction(&json)
}

/// Reads an expression.
pub(crate) fn expression(text: &str) -> Result<Expr, QueryError> {
    Ok(alluvium_expression::parse(text)?)
}

/// `outputType`; lists of nested values are nested values.
fn declared(fields: &Fields<'_>) -> Result<Option<ColumnType>, QueryError> {
    match fields.text_opt("outputType")? {
        Some(name) if name.eq_ignore_ascii_case(NESTED_LISTS) => Ok(Some(ColumnType::Json)),
        _ => fields.column_type("outputType"),
    }
}

/// What is at a path of a nested column, as a type.
fn nested_field(fields: &Fields<'_>) -> Result<VirtualSource, QueryError> {
    let wrong =
        |key: &'static str| move |why: String| QueryError::invalid(format!("virtual column: `{key}`: {why}"));
    let path = match (fields.text_opt("path")?, fields.flag("useJqSyntax", false)?) {
        (Some(_), _) if fields.get("pathParts").is_some() => {
            return Err(fields.wrong("pathParts", "left out beside `path`"));
        }
        (Some(path), true) => JsonPath::parse_jq(path).map_err(wrong("path"))?,
        (Some(path), false) => JsonPath::parse(path).map_err(wrong("path"))?,
        (None, _) => {
            fields.need("pathParts")?;
            let mut path = JsonPath::default();
            for part in fields.list("pathParts")? {
                let part = Fields::of("pathParts", part)?;
                path = match part.kind()? {
                    "field" => path.field(part.text("field")?),
                    "arrayElement" => path.item(part.long_opt("index")?.unwrap_or(0)),
                    _ => return Err(part.wrong("type", "field or arrayElement")),
                };
            }
            path
        }
    };
    let output_type = fields.column_type("expectedType")?;
    let column = Expr::Column(fields.text("columnName")?.into());
    let mut args = vec![column, Expr::Literal(path.to_string().into())];
    let wanted = output_type.unwrap_or(ColumnType::String);
    if output_type == Some(ColumnType::Json) || fields.flag("processFromRaw", false)? {
        let expression = Expr::call("json_query", args)?;
        return Ok(VirtualSource::Expression { expression, output_type: Some(wanted) });
    }
    // Rows show what is there, whatever type is expected.
    let shown = Some(Expr::call("json_value", args.clone())?);
    args.push(Expr::Literal(ExprType::from(wanted).druid_name().into()));
    let expression = Expr::call("json_value", args)?;
    Ok(VirtualSource::Declared { expression, hint: Some(wanted), shown })
}

fn fallbacks(fields: &Fields<'_>) -> Result<Vec<String>, QueryError> {
    fields.need("columns")?;
    let name = |json: &Value| match json {
        Value::String(name) => Ok(name.clone()),
        spec => Ok(Fields::of("dimension spec", spec)?.text("dimension")?.to_owned()),
    };
    fields.list("columns")?.iter().map(name).collect()
}

/// How the refusal of a column that is made of itself begins.
pub(super) const CIRCLE: &str = "Self-referential column";

/// Virtual columns may use each other, but none itself.
fn refuse_circles(columns: &[VirtualColumn]) -> Result<(), QueryError> {
    for column in columns {
        let mut reached: Vec<&VirtualColumn> = vec![column];
        let mut at = 0;
        while let Some(user) = reached.get(at) {
            at += 1;
            for used in user.source.columns() {
                if used == column.name {
                    return Err(QueryError::invalid(format!("{CIRCLE}[{}]", column.name)));
                }
                let next = columns.iter().find(|c| c.name == used);
                reached.extend(next.filter(|c| reached.iter().all(|known| known.name != c.name)));
            }
        }
    }
    Ok(())
}

/// Reads the `virtualColumns` of a query.
pub(crate) fn virtual_columns(items: &[Value]) -> Result<Vec<VirtualColumn>, QueryError> {
    let mut columns = Vec::with_capacity(items.len());
    for item in items {
        let fields = Fields::of("virtual column", item)?;
        let delegate = |keep: ValueFilter| -> Result<VirtualSource, QueryError> {
            let plan = dimension(fields.need("delegate")?)?;
            match (plan.input, plan.transforms.is_empty()) {
                (crate::plan::Input::Column(column), true) => Ok(VirtualSource::Values { column, keep }),
                _ => Err(QueryError::unsupported(
                    "a filtered virtual column needs a plain column as `delegate`",
                )),
            }
        };
        let mut name = fields.text_opt("name")?;
        let source = match fields.kind()? {
            "nested-field" => {
                name = Some(fields.text("outputName")?);
                nested_field(&fields)?
            }
            "fallback" => VirtualSource::Existing { columns: fallbacks(&fields)? },
            "expression" => VirtualSource::Declared {
                expression: expression(fields.text("expression")?)?,
                hint: declared(&fields)?,
                shown: None,
            },
            "mv-filtered" => delegate(ValueFilter::List {
                values: value_set(&fields)?,
                allow: fields.flag("isAllowList", true)?,
            })?,
            "mv-regex-filtered" => delegate(ValueFilter::Regex(fields.text("pattern")?.to_owned()))?,
            "mv-prefix-filtered" => delegate(ValueFilter::Prefix(fields.text("prefix")?.to_owned()))?,
            other => {
                return Err(QueryError::invalid(format!("there are no virtual columns of type `{other}`")));
            }
        };
        let name = name.map_or_else(|| fields.text("name"), Ok)?;
        if name == TIME_COLUMN || columns.iter().any(|c: &VirtualColumn| c.name == name) {
            let message = format!("virtual column `{name}`: the name is that of another column");
            return Err(QueryError::invalid(message));
        }
        columns.push(VirtualColumn { name: name.to_owned(), source });
    }
    refuse_circles(&columns)?;
    Ok(columns)
}
