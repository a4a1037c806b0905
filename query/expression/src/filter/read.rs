//! How is Druid's JSON of a filter read?

use std::sync::Arc;

use alluvium_segments::time::Interval;
use alluvium_sketches::{Kind, Summary};
use serde_json::Value as Json;

use super::{ColumnFilter, ColumnTest, DimensionRef, Filter, SearchQuery};
use crate::fields::Fields;
use crate::functions::WITHIN;
use crate::{Expr, ExprType, ExtractionFn, FilterError, JavaRegex, StringOrdering, Value};

const KNOWN: &str = "true, false, and, or, not, istrue, isfalse, equals, null, range, inType, selector, in, \
                     bound, interval, like, regex, search, arrayContainsElement, columnComparison, bloom, spatial, expression, extraction";

/// Levels of nesting that are accepted.
const MAX_DEPTH: usize = 200;

pub(super) fn filter(json: &Json, depth: usize) -> Result<Filter, FilterError> {
    let fields = Fields::new(json, "filter")?;
    if depth > MAX_DEPTH {
        return Err(FilterError::Shape(format!("the filter nests deeper than {MAX_DEPTH} levels")));
    }
    let inner = |fields: &Fields<'_>| filter(fields.need("field")?, depth + 1).map(Box::new);
    Ok(match fields.kind {
        "true" => Filter::True,
        "false" => Filter::False,
        "and" => Filter::And(list(&fields, depth)?),
        "or" => Filter::Or(list(&fields, depth)?),
        "not" => Filter::Not(inner(&fields)?),
        "istrue" => Filter::IsTrue(inner(&fields)?),
        "isfalse" => Filter::IsFalse(inner(&fields)?),
        "columnComparison" => {
            let dimensions = fields.list("dimensions")?;
            let dimensions =
                dimensions.iter().map(|d| dimension(&fields, d)).collect::<Result<Vec<_>, _>>()?;
            if dimensions.len() < 2 {
                return Err(fields.wrong("dimensions", "must name at least two columns"));
            }
            Filter::ColumnComparison(dimensions)
        }
        "bloom" if fields.get("extractionFn").is_none() => Filter::Expression(bloom(&fields)?),
        "spatial" => Filter::Expression(spatial(&fields)?),
        "expression" => Filter::Expression(crate::parse(&fields.need_text("expression")?)?),
        _ => Filter::Column(column_filter(&fields)?),
    })
}

/// A test of places, as the expression that makes it.
fn spatial(fields: &Fields<'_>) -> Result<Expr, FilterError> {
    let (column, bound) = (fields.need_text("dimension")?, fields.need("bound")?);
    let args = vec![Expr::column(&column), Expr::literal(bound.to_string())];
    Expr::call(WITHIN, args).map_err(|error| fields.wrong("bound", error.to_string()))
}

/// A test of a Bloom filter, as the expression that makes it.
fn bloom(fields: &Fields<'_>) -> Result<Expr, FilterError> {
    let (column, filter) = (fields.need_text("dimension")?, fields.need_text("bloomKFilter")?);
    let quoted = |text: &str, quote: char| {
        let escaped = text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
        format!("{quote}{escaped}{quote}")
    };
    let text = format!("bloom_filter_test({}, {})", quoted(&column, '"'), quoted(&filter, '\''));
    crate::parse(&text).map_err(|error| fields.wrong("bloomKFilter", error.to_string()))
}

/// A test of a Bloom filter of what an extraction function makes.
fn bloom_of_made(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let text = fields.need_text("bloomKFilter")?;
    match Summary::from_base64(Kind::Bloom, &text) {
        Ok(Summary::Bloom(bloom)) => Ok(ColumnTest::Bloom { text: text.into(), bloom: bloom.into() }),
        Ok(_) => Err(fields.wrong("bloomKFilter", "is no Bloom filter")),
        Err(error) => Err(fields.wrong("bloomKFilter", error.to_string())),
    }
}

fn list(fields: &Fields<'_>, depth: usize) -> Result<Vec<Filter>, FilterError> {
    let items = fields.list("fields")?;
    if items.is_empty() {
        return Err(fields.wrong("fields", "must not be empty"));
    }
    items.iter().filter(|f| !f.is_null()).map(|f| filter(f, depth + 1)).collect()
}

fn dimension(fields: &Fields<'_>, json: &Json) -> Result<DimensionRef, FilterError> {
    if let Some(name) = json.as_str() {
        return Ok(DimensionRef { column: name.to_owned(), extraction: None });
    }
    let spec = Fields::new(json, "dimension")?;
    let extraction = match spec.kind {
        "default" => None,
        "extraction" => Some(ExtractionFn::from_json(spec.need("extractionFn")?)?),
        other => return Err(fields.wrong("dimensions", format!("has a dimension of type `{other}`"))),
    };
    Ok(DimensionRef { column: spec.need_text("dimension")?, extraction })
}

fn column_filter(fields: &Fields<'_>) -> Result<ColumnFilter, FilterError> {
    let (column, test) = match fields.kind {
        "equals" | "equality" => ("column", equals(fields)?),
        "arrayContainsElement" => ("column", contains(fields)?),
        "null" => ("column", ColumnTest::IsNull),
        "range" => ("column", range(fields)?),
        "inType" => ("column", in_type(fields)?),
        "selector" | "extraction" => {
            ("dimension", ColumnTest::Selector(fields.text("value")?.map(Arc::from)))
        }
        "in" => ("dimension", in_list(fields)?),
        "bound" => ("dimension", bound(fields)?),
        "interval" => ("dimension", intervals(fields)?),
        "like" => ("dimension", like(fields)?),
        "regex" => {
            let pattern = fields.need_text("pattern")?;
            let regex = JavaRegex::new(&pattern).map_err(|e| fields.wrong("pattern", e))?;
            ("dimension", ColumnTest::Regex(regex))
        }
        "bloom" => ("dimension", bloom_of_made(fields)?),
        "search" => ("dimension", ColumnTest::Search(SearchQuery::from_json(fields.need("query")?)?)),
        name => return Err(unknown(name)),
    };
    let extraction = fields.get("extractionFn").map(ExtractionFn::from_json).transpose()?;
    if fields.kind == "extraction" && extraction.is_none() {
        return Err(fields.missing("extractionFn"));
    }
    let column = match (column, fields.kind) {
        ("dimension", "interval") => fields.text("dimension")?.unwrap_or_else(|| "__time".to_owned()),
        (field, _) => fields.need_text(field)?,
    };
    let extraction = if column_field_only(&test) { None } else { extraction };
    Ok(ColumnFilter { column, extraction, test })
}

/// The typed filters have no extraction function in Druid, which ignores one.
fn column_field_only(test: &ColumnTest) -> bool {
    use ColumnTest::{Contains, Equals, InType, IsNull, Range};
    matches!(test, Contains { .. } | Equals { .. } | IsNull | Range { .. } | InType { .. })
}

fn unknown(name: &str) -> FilterError {
    let reason = match name {
        "javascript" => "scripts are not run here; use an `expression` filter",
        _ => return FilterError::UnknownType { kind: "filter", name: name.to_owned(), known: KNOWN },
    };
    FilterError::Unsupported { kind: "filter", name: name.to_owned(), reason }
}

fn match_type(fields: &Fields<'_>) -> Result<ExprType, FilterError> {
    type_field(fields, "matchValueType")
}

fn type_field(fields: &Fields<'_>, field: &'static str) -> Result<ExprType, FilterError> {
    let text = fields.need_text(field)?;
    text.parse().map_err(|e: crate::UnknownType| fields.wrong(field, e.to_string()))
}

fn contains(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let match_type = type_field(fields, "elementMatchValueType")?;
    let value = match fields.get("elementMatchValue") {
        Some(json) => typed(fields, "elementMatchValue", match_type, json)?,
        None => Value::Null,
    };
    Ok(ColumnTest::Contains { match_type, value })
}

fn typed(fields: &Fields<'_>, field: &'static str, to: ExprType, json: &Json) -> Result<Value, FilterError> {
    let value = Value::from_json(json).cast(to);
    if value.is_null() && !json.is_null() {
        return Err(fields.wrong(field, format!("is {json}, which is no {to}")));
    }
    Ok(value)
}

fn equals(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let match_type = match_type(fields)?;
    let value = typed(fields, "matchValue", match_type, fields.need("matchValue")?)?;
    Ok(ColumnTest::Equals { match_type, value })
}

fn range(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let match_type = match_type(fields)?;
    let bound = |field| fields.get(field).map(|json| typed(fields, field, match_type, json)).transpose();
    let (lower, upper) = (bound("lower")?, bound("upper")?);
    if lower.is_none() && upper.is_none() {
        return Err(fields.wrong("lower", "or `upper` must be given"));
    }
    let (lower_open, upper_open) = (fields.flag("lowerOpen", false)?, fields.flag("upperOpen", false)?);
    Ok(ColumnTest::Range { match_type, lower, upper, lower_open, upper_open })
}

fn in_type(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let match_type = match_type(fields)?;
    let field = if fields.get("sortedValues").is_some() { "sortedValues" } else { "values" };
    let values = fields.list(field)?.iter().map(|json| typed(fields, field, match_type, json));
    Ok(ColumnTest::InType { match_type, values: values.collect::<Result<_, _>>()? })
}

fn in_list(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let text = |json: &Json| match json {
        Json::Null => Ok(None),
        json => fields.as_text("values", json).map(|t| Some(Arc::from(t))),
    };
    Ok(ColumnTest::In(fields.list("values")?.iter().map(text).collect::<Result<_, _>>()?))
}

fn bound(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let ordering = match fields.text("ordering")? {
        Some(name) => StringOrdering::from_name(&name).ok_or_else(|| {
            let known = "lexicographic, alphanumeric, numeric, strlen or version";
            fields.wrong("ordering", format!("is `{name}`, must be {known}"))
        })?,
        None if fields.flag("alphaNumeric", false)? => StringOrdering::Alphanumeric,
        None => StringOrdering::Lexicographic,
    };
    let (lower, upper) = (fields.text("lower")?.map(Arc::from), fields.text("upper")?.map(Arc::from));
    if lower.is_none() && upper.is_none() {
        return Err(fields.wrong("lower", "or `upper` must be given"));
    }
    Ok(ColumnTest::Bound {
        lower,
        upper,
        lower_strict: fields.flag("lowerStrict", false)?,
        upper_strict: fields.flag("upperStrict", false)?,
        ordering,
    })
}

fn intervals(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let one = |json: &Json| {
        let text = fields.as_text("intervals", json)?;
        text.parse::<Interval>().map_err(|e| fields.wrong("intervals", e.to_string()))
    };
    let intervals = match fields.need("intervals")? {
        Json::Array(items) => items.iter().map(one).collect::<Result<Vec<_>, _>>()?,
        single => vec![one(single)?],
    };
    if intervals.is_empty() {
        return Err(fields.wrong("intervals", "must not be empty"));
    }
    Ok(ColumnTest::Interval(alluvium_segments::time::condense(intervals)))
}

fn like(fields: &Fields<'_>) -> Result<ColumnTest, FilterError> {
    let escape = match fields.text("escape")? {
        None => None,
        Some(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Some(c),
                _ => return Err(fields.wrong("escape", format!("is `{text}`, must be one character"))),
            }
        }
    };
    ColumnTest::like(&fields.need_text("pattern")?, escape)
}
