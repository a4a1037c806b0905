//! How is a filter written as Druid's JSON?

use serde_json::{Map, Value as Json, json};

use super::{ColumnFilter, ColumnTest, DimensionRef, Filter};

pub(super) fn filter(filter: &Filter) -> Json {
    let all = |fields: &[Filter]| Json::Array(fields.iter().map(self::filter).collect());
    match filter {
        Filter::True => json!({"type": "true"}),
        Filter::False => json!({"type": "false"}),
        Filter::And(fields) => json!({"type": "and", "fields": all(fields)}),
        Filter::Or(fields) => json!({"type": "or", "fields": all(fields)}),
        Filter::Not(field) => json!({"type": "not", "field": self::filter(field)}),
        Filter::IsTrue(field) => json!({"type": "istrue", "field": self::filter(field)}),
        Filter::IsFalse(field) => json!({"type": "isfalse", "field": self::filter(field)}),
        Filter::Column(column) => column_filter(column),
        Filter::ColumnComparison(dimensions) => {
            let dimensions: Vec<Json> = dimensions.iter().map(dimension).collect();
            json!({"type": "columnComparison", "dimensions": dimensions})
        }
        Filter::Expression(expr) => json!({"type": "expression", "expression": expr.to_string()}),
    }
}

fn dimension(dimension: &DimensionRef) -> Json {
    match &dimension.extraction {
        None => json!(dimension.column),
        Some(f) => json!({
            "type": "extraction",
            "dimension": dimension.column,
            "outputName": dimension.column,
            "extractionFn": f.to_json(),
        }),
    }
}

fn column_filter(filter: &ColumnFilter) -> Json {
    let column = &filter.column;
    let mut json = match &filter.test {
        ColumnTest::Equals { match_type, value } => {
            json!({"type": "equals", "column": column, "matchValueType": match_type, "matchValue": value.to_json()})
        }
        ColumnTest::Contains { match_type, value } => json!({
            "type": "arrayContainsElement",
            "column": column,
            "elementMatchValueType": match_type,
            "elementMatchValue": value.to_json(),
        }),
        ColumnTest::IsNull => json!({"type": "null", "column": column}),
        ColumnTest::Range { match_type, lower, upper, lower_open, upper_open } => {
            let mut json = json!({"type": "range", "column": column, "matchValueType": match_type});
            set(&mut json, "lower", lower.as_ref().map(crate::Value::to_json));
            set(&mut json, "upper", upper.as_ref().map(crate::Value::to_json));
            set(&mut json, "lowerOpen", lower_open.then_some(Json::Bool(true)));
            set(&mut json, "upperOpen", upper_open.then_some(Json::Bool(true)));
            json
        }
        ColumnTest::InType { match_type, values } => {
            let values: Vec<Json> = values.iter().map(crate::Value::to_json).collect();
            json!({"type": "inType", "column": column, "matchValueType": match_type, "sortedValues": values})
        }
        ColumnTest::Selector(value) => json!({"type": "selector", "dimension": column, "value": value}),
        ColumnTest::In(values) => json!({"type": "in", "dimension": column, "values": values}),
        ColumnTest::Bound { lower, upper, lower_strict, upper_strict, ordering } => {
            let mut json = json!({"type": "bound", "dimension": column});
            set(&mut json, "lower", lower.as_ref().map(|v| json!(v)));
            set(&mut json, "upper", upper.as_ref().map(|v| json!(v)));
            set(&mut json, "lowerStrict", lower_strict.then_some(Json::Bool(true)));
            set(&mut json, "upperStrict", upper_strict.then_some(Json::Bool(true)));
            set(&mut json, "ordering", Some(json!(ordering.name())));
            json
        }
        ColumnTest::Interval(intervals) => {
            json!({"type": "interval", "dimension": column, "intervals": intervals})
        }
        ColumnTest::Like { pattern, escape, .. } => {
            let mut json = json!({"type": "like", "dimension": column, "pattern": pattern});
            set(&mut json, "escape", escape.map(|c| json!(c)));
            json
        }
        ColumnTest::Regex(regex) => json!({"type": "regex", "dimension": column, "pattern": regex.text()}),
        ColumnTest::Bloom { text, .. } => json!({"type": "bloom", "dimension": column, "bloomKFilter": text}),
        ColumnTest::Search(query) => {
            json!({"type": "search", "dimension": column, "query": query.to_json()})
        }
    };
    set(&mut json, "extractionFn", filter.extraction.as_ref().map(|f| f.to_json().clone()));
    json
}

fn set(json: &mut Json, field: &str, value: Option<Json>) {
    if let (Some(map), Some(value)) = (json.as_object_mut(), value) {
        let map: &mut Map<String, Json> = map;
        map.insert(field.to_owned(), value);
    }
}
