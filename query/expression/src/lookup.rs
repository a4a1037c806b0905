//! Where do expressions, filters and extraction functions meet registered lookups? They name them; before rows are
//! read, what a name stands for at that instant is put beside it.

use std::sync::Arc;

use alluvium_segments::catalog::Lookup;

use crate::ast::{Expr, Lambda};
use crate::filter::{ColumnFilter, ColumnTest, Filter};
use crate::functions::{LOOKUP, Prepared};
use crate::{ExtractionFn, Value};

/// A name that no lookup has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Lookup [{0}] not found")]
pub struct UnknownLookup(pub String);

/// Finds lookups by name.
pub type FindLookup<'f> = dyn FnMut(&str) -> Result<Arc<Lookup>, UnknownLookup> + 'f;

/// Keys of a lookup that a filter is turned into at most.
const MOST_KEYS: usize = 10_000;

impl Expr {
    /// Puts the lookups it names beside their names.
    ///
    /// # Errors
    /// For the first name that `find` does not know.
    pub fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match self {
            Self::Literal(_) | Self::Column(_) => Ok(()),
            Self::Unary(_, operand) => operand.bind_lookups(find),
            Self::Binary(_, left, right) => {
                left.bind_lookups(find)?;
                right.bind_lookups(find)
            }
            Self::Logical(_, terms) => terms.iter_mut().try_for_each(|term| term.bind_lookups(find)),
            Self::Lambda(Lambda { body, .. }) => body.bind_lookups(find),
            Self::Call(call) => {
                if let (LOOKUP, Some(Self::Literal(Value::String(name)))) = (call.name(), call.args.get(1)) {
                    call.prepared = Prepared::Lookup(find(name)?);
                }
                call.args.iter_mut().try_for_each(|arg| arg.bind_lookups(find))
            }
        }
    }
}

impl Filter {
    /// Puts the lookups it names beside their names. Where a test of what a lookup gives can only be asked for being
    /// true, it becomes a test for the keys that give it, which indexes answer.
    ///
    /// # Errors
    /// For the first name that `find` does not know.
    pub fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.bind(find, true)
    }

    fn bind(&mut self, find: &mut FindLookup<'_>, asked_for_true: bool) -> Result<(), UnknownLookup> {
        match self {
            Self::True | Self::False => Ok(()),
            Self::And(fields) | Self::Or(fields) => {
                fields.iter_mut().try_for_each(|field| field.bind(find, asked_for_true))
            }
            // Of a null or missing key nothing is known, while it is certainly none of some keys.
            Self::Not(field) | Self::IsFalse(field) => field.bind(find, false),
            Self::IsTrue(field) => field.bind(find, true),
            Self::Column(filter) => {
                let Some(extraction) = &mut filter.extraction else { return Ok(()) };
                extraction.bind_lookups(find)?;
                if let Some(test) = asked_for_true.then(|| reversed(filter)).flatten() {
                    *filter = ColumnFilter { column: filter.column.clone(), extraction: None, test };
                }
                Ok(())
            }
            Self::ColumnComparison(dimensions) => {
                let functions = dimensions.iter_mut().filter_map(|d| d.extraction.as_mut());
                functions.into_iter().try_for_each(|function| function.bind_lookups(find))
            }
            Self::Expression(expr) => expr.bind_lookups(find),
        }
    }
}

/// The test for the keys whose values pass a test; `None` when other texts may pass, or there are too many.
fn reversed(filter: &ColumnFilter) -> Option<ColumnTest> {
    let parts = filter.extraction.as_ref()?.as_lookup()?;
    let lookup = parts.lookup.filter(|lookup| parts.optimize && lookup.len() <= MOST_KEYS)?;
    let one = |text: &Option<Arc<str>>| text.clone();
    let wanted: Vec<Arc<str>> = match &filter.test {
        ColumnTest::Selector(text) => vec![one(text)?],
        ColumnTest::In(texts) => texts.iter().map(one).collect::<Option<_>>()?,
        _ => return None,
    };
    let wants = |value: &str| wanted.iter().any(|text| **text == *value);
    if parts.replacement.is_some_and(wants) {
        return None;
    }
    let found = lookup.iter().filter(|(_, value)| wants(value));
    let mut keys: Vec<Arc<str>> = found.map(|(key, _)| Arc::from(key)).collect();
    if parts.keep {
        keys.extend(wanted.iter().filter(|text| lookup.get(text).is_none()).cloned());
    }
    // A number has more than one text.
    let is_number = |key: &Arc<str>| key.trim().parse::<f64>().is_ok();
    (!keys.iter().any(is_number)).then(|| ColumnTest::In(keys.into_iter().map(Some).collect()))
}

impl ExtractionFn {
    /// Whether it names registered lookups.
    #[must_use]
    pub fn names_lookups(&self) -> bool {
        self.lookup_names().next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{NoColumns, eval, matches, parse};

    fn find(name: &str) -> Result<Arc<Lookup>, UnknownLookup> {
        let entries = [("Oslo", "Norway"), ("Bergen", "Norway"), ("", "nowhere")];
        let entries = entries.map(|(k, v)| (k.to_owned(), v.to_owned()));
        if name == "l" {
            Ok(Arc::new(Lookup::new(entries, false)))
        } else {
            Err(UnknownLookup(name.to_owned()))
        }
    }

    #[test]
    fn expressions_find_values() {
        for (text, wanted) in [
            ("lookup('Oslo', 'l')", Value::from("Norway")),
            ("lookup('nope', 'l')", Value::Null),
            ("lookup('nope', 'l', '?')", Value::from("?")),
            ("lookup(null, 'l', '?')", Value::from("?")),
            ("concat(lookup('', 'l'), '!')", Value::from("nowhere!")),
        ] {
            let mut expr = parse(text).unwrap().fold();
            assert!(eval(&expr, &NoColumns).is_err(), "{text} needs its lookup");
            expr.bind_lookups(&mut find).unwrap();
            assert_eq!(eval(&expr, &NoColumns).unwrap(), wanted, "{text}");
            assert_eq!(expr.fold(), Expr::Literal(wanted), "{text} folded");
        }
        let error = parse("lookup(x, 'none')").unwrap().bind_lookups(&mut find).unwrap_err();
        assert_eq!(error.to_string(), "Lookup [none] not found");
        assert!(parse("lookup(x, y)").is_err());
    }

    #[test]
    fn filters_become_tests_of_keys_where_only_truth_is_asked_for() {
        let selector = |value: &str, more: serde_json::Value| {
            let mut function = json!({"type": "registeredLookup", "lookup": "l"});
            for (key, value) in more.as_object().unwrap() {
                function[key] = value.clone();
            }
            json!({"type": "selector", "dimension": "x", "value": value, "extractionFn": function})
        };
        let bound = |json: &serde_json::Value| {
            let mut filter = Filter::from_json(json).unwrap();
            filter.bind_lookups(&mut find).unwrap();
            filter
        };
        let keys = |keys: &[&str]| json!({"type": "in", "dimension": "x", "values": keys});
        assert_eq!(bound(&selector("Norway", json!({}))).to_json(), keys(&["Oslo", "Bergen"]));
        let keep = json!({"retainMissingValue": true});
        assert_eq!(bound(&selector("Lima", keep.clone())).to_json(), keys(&["Lima"]));
        assert_eq!(bound(&selector("Oslo", keep)).to_json(), keys(&[]));
        for kept in [
            selector("?", json!({"replaceMissingValueWith": "?"})),
            selector("Norway", json!({"optimize": false})),
            json!({"type": "not", "field": selector("Norway", json!({}))}),
        ] {
            assert_eq!(bound(&kept).to_json(), kept);
        }
        let not = bound(&json!({"type": "not", "field": selector("Norway", json!({}))}));
        let row = |x: &str| std::collections::HashMap::from([("x".to_owned(), Value::from(x))]);
        assert_eq!(matches(&not, &row("Oslo")).unwrap(), Some(false));
        assert_eq!(matches(&not, &row("nope")).unwrap(), None);
        assert_eq!(matches(&not, &row("")).unwrap(), Some(true));
    }
}
