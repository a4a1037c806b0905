//! Filters from JSON against rows; predicates against rows; refusals.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Bindings;

fn row() -> HashMap<String, Value> {
    let mv = Value::array_of(ExprType::String, &[Value::from("a"), Value::from("b"), Value::Null]);
    [
        ("s", Value::from("Foo10")),
        ("l", Value::Long(5)),
        ("d", Value::Double(2.5)),
        ("mv", mv),
        ("ten", Value::from("10")),
        ("__time", Value::Long(1_442_016_000_000)),
        ("other", Value::from("b")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn check(json: Json, wanted: Option<bool>) {
    let filter = Filter::from_json(&json).unwrap_or_else(|e| panic!("{json}: {e}"));
    assert_eq!(matches(&filter, &row()).unwrap(), wanted, "{json}");
    let back: Filter = serde_json::from_str(&serde_json::to_string(&filter).unwrap()).unwrap();
    assert_eq!(back, filter, "{json}");
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

#[test]
fn texts() {
    check(json!({"type":"selector","dimension":"s","value":"Foo10"}), YES);
    check(json!({"type":"selector","dimension":"s","value":null}), NO);
    check(json!({"type":"selector","dimension":"none"}), YES);
    check(json!({"type":"selector","dimension":"none","value":"x"}), None);
    check(json!({"type":"not","field":{"type":"selector","dimension":"none","value":"x"}}), None);
    check(json!({"type":"in","dimension":"s","values":["x","Foo10"]}), YES);
    check(json!({"type":"in","dimension":"none","values":["x",null]}), YES);
    check(json!({"type":"like","dimension":"s","pattern":"Foo%"}), YES);
    check(json!({"type":"like","dimension":"s","pattern":"Foo\\%","escape":"\\"}), NO);
    check(json!({"type":"regex","dimension":"s","pattern":"o{2}"}), YES);
    check(
        json!({"type":"search","dimension":"s","query":{"type":"insensitive_contains","value":"FOO"}}),
        YES,
    );
    check(
        json!({"type":"search","dimension":"s","query":{"type":"contains","value":"foo","caseSensitive":"true"}}),
        NO,
    );
    check(json!({"type":"search","dimension":"s","query":{"type":"fragment","values":["f","1"]}}), YES);
    check(json!({"type":"search","dimension":"none","query":{"type":"all"}}), None);
    check(json!({"type":"selector","dimension":"s","value":"FOO10","extractionFn":{"type":"upper"}}), YES);
    check(json!({"type":"bound","dimension":"s","lower":"Foo10","upper":"Fop"}), YES);
    check(json!({"type":"bound","dimension":"s","lower":"Foo10","lowerStrict":"true"}), NO);
    check(json!({"type":"bound","dimension":"s","lower":"Foo9","ordering":"alphanumeric"}), YES);
    check(json!({"type":"bound","dimension":"ten","lower":"9","ordering":"numeric"}), YES);
    check(json!({"type":"bound","dimension":"ten","lower":"9"}), NO);
    check(
        json!({"type":"range","column":"ten","matchValueType":"LONG","lower":9,"upper":10,"upperOpen":true}),
        NO,
    );
    check(json!({"type":"range","column":"ten","matchValueType":"LONG","lower":9}), YES);
    check(json!({"type":"equals","column":"ten","matchValueType":"LONG","matchValue":10}), YES);
    check(json!({"type":"equals","column":"ten","matchValueType":"DOUBLE","matchValue":10.0}), YES);
    check(json!({"type":"equals","column":"s","matchValueType":"LONG","matchValue":10}), NO);
    check(json!({"type":"null","column":"none"}), YES);
    check(json!({"type":"null","column":"s"}), NO);
}

#[test]
fn numbers() {
    check(json!({"type":"selector","dimension":"l","value":"5"}), YES);
    check(json!({"type":"selector","dimension":"l","value":"x"}), NO);
    check(json!({"type":"in","dimension":"l","values":["4","5.0"]}), YES);
    check(json!({"type":"bound","dimension":"l","lower":"4.5","upper":"10","ordering":"numeric"}), YES);
    check(json!({"type":"bound","dimension":"l","lower":"5","lowerStrict":true,"ordering":"numeric"}), NO);
    check(json!({"type":"bound","dimension":"l","lower":"abc","ordering":"numeric"}), YES);
    check(json!({"type":"bound","dimension":"l","upper":"abc","ordering":"numeric"}), NO);
    check(json!({"type":"bound","dimension":"l","lower":"10","upper":"6"}), YES);
    check(json!({"type":"range","column":"l","matchValueType":"DOUBLE","lower":4.9,"upper":5.1}), YES);
    check(json!({"type":"range","column":"l","matchValueType":"LONG","lower":5,"lowerOpen":true}), NO);
    check(json!({"type":"equals","column":"d","matchValueType":"DOUBLE","matchValue":2.5}), YES);
    check(json!({"type":"equals","column":"l","matchValueType":"DOUBLE","matchValue":5.5}), NO);
    check(json!({"type":"inType","column":"l","matchValueType":"LONG","values":[1,5,null]}), YES);
    check(json!({"type":"inType","column":"none","matchValueType":"LONG","values":[1,null]}), YES);
    check(json!({"type":"like","dimension":"l","pattern":"5%"}), YES);
    check(json!({"type":"interval","dimension":"__time","intervals":["2015-09-12/2015-09-13"]}), YES);
    check(json!({"type":"interval","intervals":["2015-09-11/2015-09-12"]}), NO);
    let day = json!({"type":"timeFormat","format":"EEEE"});
    check(json!({"type":"selector","dimension":"__time","value":"Saturday","extractionFn":day}), YES);
}

#[test]
fn logic_and_many_values() {
    let (yes, unknown) = (json!({"type":"true"}), json!({"type":"selector","dimension":"none","value":"x"}));
    let no = json!({"type":"false"});
    check(json!({"type":"and","fields":[yes, unknown]}), None);
    check(json!({"type":"and","fields":[no, unknown]}), NO);
    check(json!({"type":"or","fields":[yes, unknown]}), YES);
    check(json!({"type":"or","fields":[no, unknown]}), None);
    check(json!({"type":"istrue","field":unknown}), NO);
    check(json!({"type":"isfalse","field":unknown}), NO);
    check(json!({"type":"isfalse","field":no}), YES);
    check(json!({"type":"selector","dimension":"mv","value":"b"}), YES);
    check(json!({"type":"selector","dimension":"mv","value":null}), YES);
    check(json!({"type":"selector","dimension":"mv","value":"z"}), None);
    check(
        json!({"type":"equals","column":"mv","matchValueType":"ARRAY<STRING>","matchValue":["a","b",null]}),
        YES,
    );
    check(json!({"type":"columnComparison","dimensions":["mv","other"]}), YES);
    check(json!({"type":"columnComparison","dimensions":["s","other"]}), NO);
    check(json!({"type":"columnComparison","dimensions":["none","nothing"]}), YES);
    check(json!({"type":"expression","expression":"l + d > 7"}), YES);
    check(json!({"type":"expression","expression":"mv == 'a'"}), YES);
    check(json!({"type":"expression","expression":"none > 7"}), None);
}

#[test]
fn refusals() {
    for (json, part) in [
        (json!({"type":"selector"}), "`dimension`"),
        (json!({"type":"equals","column":"a","matchValueType":"LONG"}), "`matchValue`"),
        (json!({"type":"equals","column":"a","matchValueType":"NUMBER","matchValue":1}), "matchValueType"),
        (json!({"type":"equals","column":"a","matchValueType":"LONG","matchValue":"x"}), "no LONG"),
        (json!({"type":"range","column":"a","matchValueType":"LONG"}), "`upper`"),
        (json!({"type":"bound","dimension":"a","lower":"1","ordering":"size"}), "size"),
        (json!({"type":"interval","intervals":["x"]}), "`intervals`"),
        (json!({"type":"regex","dimension":"a","pattern":"("}), "`pattern`"),
        (json!({"type":"like","dimension":"a","pattern":"x\\","escape":"\\"}), "escape"),
        (json!({"type":"and"}), "`fields`"),
        (json!({"type":"and","fields":[]}), "`fields`"),
        (json!({"type":"or","fields":[]}), "`fields`"),
        (json!({"type":"interval","intervals":[]}), "`intervals`"),
        (json!({"type":"and","fields":[{"type":"nope"}]}), "`nope`"),
        (json!({"type":"spatial","dimension":"a"}), "`bound`"),
        (json!({"type":"javascript","dimension":"a"}), "expression"),
        (json!({"type":"expression","expression":"1 +"}), "position"),
        (json!({"dimension":"a"}), "`type`"),
    ] {
        let error = Filter::from_json(&json).unwrap_err().to_string();
        assert!(error.contains(part), "{json}: {error}");
    }
    let mut deep = json!({"type":"true"});
    for _ in 0..1000 {
        deep = json!({"type":"not","field":deep});
    }
    assert!(Filter::from_json(&deep).unwrap_err().to_string().contains("deeper"));
}

fn column(json: Json) -> ColumnFilter {
    match Filter::from_json(&json).unwrap() {
        Filter::Column(filter) => filter,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_indexes_can_use() {
    let text = |json| StringPredicate::new(&column(json));
    let selector = text(json!({"type":"in","dimension":"a","values":["b","a",null,"b"]}));
    assert_eq!(selector.values(), Some(&[None, Some("a".into()), Some("b".into())][..]));
    let like = text(json!({"type":"like","dimension":"a","pattern":"ab_"})).range().unwrap();
    assert!(!like.exact && like.contains("abc") && !like.contains("ac") && !like.contains("aa"));
    let bound = text(json!({"type":"bound","dimension":"a","lower":"b","lowerStrict":true})).range().unwrap();
    assert!(bound.exact && bound.contains("c") && !bound.contains("b"));
    assert_eq!(text(json!({"type":"regex","dimension":"a","pattern":"^a"})).range(), None);
    let long = |json| LongPredicate::new(&column(json));
    let range = long(
        json!({"type":"bound","dimension":"a","lower":"1.5","upper":"9","upperStrict":true,"ordering":"numeric"}),
    );
    assert_eq!((range.range(), range.range_is_exact()), (Some((2, 8)), true));
    assert_eq!(long(json!({"type":"in","dimension":"a","values":["7","3","x"]})).values(), Some(&[3, 7][..]));
    let open = json!({"type":"range","column":"a","matchValueType":"LONG","lower":i64::MAX,"lowerOpen":true});
    assert_eq!(long(open).range(), Some((1, 0)));
    let tenth = column(json!({"type":"equals","column":"a","matchValueType":"DOUBLE","matchValue":0.1}));
    assert!(DoublePredicate::new(&tenth, true).matches(f64::from(0.1f32)));
    assert!(!DoublePredicate::new(&tenth, false).matches(f64::from(0.1f32)));
    assert!(DoublePredicate::new(&tenth, false).matches_null().is_none());
}

proptest! {
    #[test]
    fn long_predicates_agree_with_comparison(value in -20..20i64, lower in -20.0..20.0f64, upper in -20..20i64, open in any::<(bool, bool)>()) {
        let json = json!({"type":"range","column":"a","matchValueType":"DOUBLE","lower":lower,"upper":upper,"lowerOpen":open.0,"upperOpen":open.1});
        let v = value as f64;
        let wanted = (if open.0 { v > lower } else { v >= lower }) && if open.1 { value < upper } else { value <= upper };
        let filter = column(json);
        prop_assert_eq!(LongPredicate::new(&filter).matches(value), wanted);
        prop_assert_eq!(DoublePredicate::new(&filter, false).matches(v), wanted);
        prop_assert_eq!(StringPredicate::new(&filter).matches(Some(&value.to_string())), Some(wanted));
        let (low, high) = LongPredicate::new(&filter).range().unwrap();
        prop_assert_eq!((low..=high).contains(&value), wanted);
    }

    #[test]
    fn ranges_hold_all_matches(pattern in "[ab_%]{0,4}", text in "[abc\u{1f600}]{0,5}") {
        let predicate = StringPredicate::new(&column(json!({"type":"like","dimension":"a","pattern":pattern})));
        if let Some(range) = predicate.range() {
            let inside = range.contains(&text);
            let matched = predicate.matches(Some(&text)) == Some(true);
            prop_assert!(inside || !matched);
            prop_assert!(!range.exact || inside == matched);
        }
    }
}

/// A row whose columns are null, some of them of numbers.
struct Nulls;

impl Bindings for Nulls {
    fn get(&self, _: &str) -> Value {
        Value::Null
    }

    fn number_type(&self, name: &str) -> Option<ExprType> {
        (name == "l").then_some(ExprType::Long)
    }
}

#[test]
fn null_of_numbers_and_of_texts() {
    let says = |json: Json| matches(&Filter::from_json(&json).unwrap(), &Nulls).unwrap();
    // A text that no long has asks for null; one that some long has does not.
    assert_eq!(says(json!({"type":"selector","dimension":"l","value":"x"})), YES);
    assert_eq!(says(json!({"type":"selector","dimension":"l","value":"20.0"})), None);
    assert_eq!(says(json!({"type":"selector","dimension":"s","value":"x"})), None);
    // Below all texts lies null, below numbers nothing.
    let below =
        |dimension: &str| json!({"type":"bound","dimension":dimension,"upper":"5","ordering":"numeric"});
    assert_eq!(says(below("s")), YES);
    assert_eq!(says(below("l")), None);
    assert_eq!(says(json!({"type":"in","dimension":"l","values":[]})), NO);
    assert_eq!(says(json!({"type":"search","dimension":"s","query":{"type":"all"}})), None);
}
