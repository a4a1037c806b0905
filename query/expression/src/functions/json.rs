//! Functions of nested values: what is at a path, which paths there are, and values made of others.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{ANY, Body, Function, Gives, JSON, Prepared, STRING, STRINGS};
use crate::ast::{Call, ColumnTypes};
use crate::nested::{best, in_java_order, json_text};
use crate::{Expr, ExprError, ExprType, JsonPath, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("json_value", (2, 3), Gives::Custom(value_type), Body::Values(json_value))
        .of_any()
        .prepare(|args| path_argument("json_value", args)),
    Function::new("json_value_text", (2, 2), STRING, Body::Values(json_value_text))
        .prepare(|args| path_argument("json_value_text", args)),
    Function::new("json_query", (2, 2), JSON, Body::Values(json_query))
        .prepare(|args| path_argument("json_query", args)),
    Function::new("json_query_array", (2, 2), JSON, Body::Values(json_query_array))
        .prepare(|args| path_argument("json_query_array", args)),
    Function::new("json_keys", (2, 2), STRINGS, Body::Values(json_keys))
        .prepare(|args| path_argument("json_keys", args)),
    Function::new("json_paths", (1, 1), STRINGS, Body::Values(json_paths)),
    Function::new("json_object", (0, ANY), JSON, Body::Values(json_object)).of_any(),
    Function::new("json_merge", (1, ANY), JSON, Body::Values(json_merge)),
    Function::new("to_json_string", (1, 1), STRING, Body::Values(to_json_string)).of_any(),
    Function::new("parse_json", (1, 1), JSON, Body::Values(parse_json)),
    Function::new("try_parse_json", (1, 1), JSON, Body::Values(try_parse_json)),
];

fn read_path(function: &'static str, text: &str) -> Result<JsonPath, ExprError> {
    JsonPath::parse(text).map_err(|why| ExprError::argument(function, why))
}

fn path_argument(function: &'static str, args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1) {
        Some(Expr::Literal(Value::String(text))) => Ok(Prepared::Path(Arc::new(read_path(function, text)?))),
        _ => Ok(Prepared::None),
    }
}

fn path(function: &'static str, prepared: &Prepared, args: &[Value]) -> Result<Arc<JsonPath>, ExprError> {
    match (prepared, args.get(1)) {
        (Prepared::Path(path), _) => Ok(Arc::clone(path)),
        (_, Some(Value::String(text))) => {
            let path = JsonPath::parse(text).map_err(|message| ExprError::Failed { function, message })?;
            Ok(Arc::new(path))
        }
        _ => Err(ExprError::argument(function, "the path must be text")),
    }
}

/// What the first argument has at the path.
fn found(function: &'static str, prepared: &Prepared, args: &[Value]) -> Result<Option<Json>, ExprError> {
    let path = path(function, prepared, args)?;
    Ok(match args.first() {
        Some(Value::Json(json)) => path.find(json).cloned(),
        None | Some(Value::Null) => None,
        Some(other) => path.find(&other.to_json()).cloned(),
    })
}

fn wanted_type(value: Option<&Value>) -> Result<Option<ExprType>, ExprError> {
    let Some(Value::String(name)) = value else { return Ok(None) };
    name.parse().map(Some).map_err(|e: crate::UnknownType| ExprError::argument("json_value", e.to_string()))
}

fn value_type(call: &Call, _: &ColumnTypes<'_>) -> Option<ExprType> {
    match call.args.get(2) {
        Some(Expr::Literal(name)) => wanted_type(Some(name)).ok().flatten(),
        _ => None,
    }
}

/// The scalar, or list of scalars, at a path, as a type if one is given; null for anything else there.
fn json_value(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let to = wanted_type(args.get(2))?;
    let Some(found) = found("json_value", prepared, args)? else { return Ok(Value::Null) };
    let value = best(&found);
    if matches!(value, Value::Json(_)) {
        return Ok(Value::Null);
    }
    Ok(match to {
        Some(to) if value.is_array() && !to.is_array() => Value::Null,
        Some(to) => value.cast(to),
        None => value,
    })
}

/// The scalar at a path as text; of a list of scalars the JSON text of their texts.
fn json_value_text(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(found) = found("json_value_text", prepared, args)? else { return Ok(Value::Null) };
    Ok(match best(&found) {
        Value::Json(_) => Value::Null,
        list if list.is_array() => Value::from(json_text(&list.cast(ExprType::StringArray).to_json())),
        scalar => scalar.cast(ExprType::String),
    })
}

fn json_query(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(found("json_query", prepared, args)?.map_or(Value::Null, |json| Value::Json(Arc::new(json))))
}

/// What is at a path as a list of nested values; a scalar is a list of one, an object is none.
fn json_query_array(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(match found("json_query_array", prepared, args)? {
        None | Some(Json::Object(_)) => Value::Null,
        Some(list @ Json::Array(_)) => Value::Json(Arc::new(list)),
        Some(one) => Value::Json(Arc::new(Json::Array(vec![best(&one).to_json()]))),
    })
}

/// The names of an object's fields, or the numbers of a list's items.
fn json_keys(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let texts = |names: &mut dyn Iterator<Item = String>| {
        Value::StringArray(names.map(|name| Some(Arc::from(name))).collect())
    };
    Ok(match found("json_keys", prepared, args)? {
        Some(Json::Object(fields)) => texts(&mut fields.keys().cloned()),
        Some(Json::Array(items)) => texts(&mut (0..items.len()).map(|at| at.to_string())),
        _ => Value::Null,
    })
}

fn json_paths(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let paths = match args.first() {
        None | Some(Value::Null) => vec![JsonPath::default()],
        Some(Value::Json(json)) => JsonPath::all(json),
        Some(other) => JsonPath::all(&other.to_json()),
    };
    Ok(Value::StringArray(paths.iter().map(|path| Some(Arc::from(path.to_string()))).collect()))
}

fn json_object(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if !args.len().is_multiple_of(2) {
        return Err(ExprError::argument("json_object", "takes names and values in pairs"));
    }
    let mut fields: Vec<(String, Json)> = Vec::with_capacity(args.len() / 2);
    for pair in args.chunks_exact(2) {
        let [name, value] = pair else { continue };
        let name = name.as_string();
        let name = name.ok_or_else(|| ExprError::argument("json_object", "a name must not be null"))?;
        match fields.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => *known = value.to_json(),
            None => fields.push((name.to_string(), value.to_json())),
        }
    }
    Ok(Value::Json(Arc::new(Json::Object(in_java_order(fields).into_iter().collect::<Map<_, _>>()))))
}

/// The nested value of an argument: text is read as JSON.
fn nested(function: &'static str, value: &Value) -> Result<Json, ExprError> {
    match value {
        Value::String(text) => serde_json::from_str(text)
            .map_err(|_| ExprError::thrown(function, format!("bad string input [{text}]"))),
        other => Ok(other.to_json()),
    }
}

/// Objects joined field by field, lists one after the other; elsewhere the later value counts.
fn json_merge(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args.iter().any(Value::is_null) {
        return Err(ExprError::argument("json_merge", "invalid input expected STRING but got null instead"));
    }
    let mut merged = Json::Null;
    for (i, arg) in args.iter().enumerate() {
        let next = nested("json_merge", arg)?;
        if i == 0 {
            merged = next;
        } else {
            merge(&mut merged, next);
        }
    }
    Ok(Value::Json(Arc::new(merged)))
}

fn merge(into: &mut Json, from: Json) {
    match (into, from) {
        (Json::Object(known), Json::Object(more)) => {
            for (name, value) in more {
                match known.get_mut(&name) {
                    Some(inner) => merge(inner, value),
                    None => {
                        known.insert(name, value);
                    }
                }
            }
        }
        (Json::Array(known), Json::Array(more)) => known.extend(more),
        (into, from) => *into = from,
    }
}

fn to_json_string(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(match args.first() {
        None | Some(Value::Null) => Value::Null,
        Some(value) => Value::from(json_text(&value.to_json())),
    })
}

/// A nested value that was read; that of `null` is no value.
fn parsed(json: Json) -> Value {
    if json.is_null() { Value::Null } else { Value::Json(Arc::new(json)) }
}

fn parse_json(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    match args.first() {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(value) => Ok(parsed(nested("parse_json", value)?)),
    }
}

fn try_parse_json(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    match args.first() {
        Some(text @ Value::String(_)) => Ok(nested("try_parse_json", text).map_or(Value::Null, parsed)),
        None | Some(Value::Null) => Ok(Value::Null),
        Some(other) => Ok(Value::Json(Arc::new(other.to_json()))),
    }
}
