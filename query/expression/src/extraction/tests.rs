//! Every kind of extraction function on the cases the documentation speaks of.

use serde_json::json;

use super::*;

fn apply(json: Json, input: Option<&str>) -> Option<String> {
    ExtractionFn::from_json(&json).unwrap().apply(input).map(Cow::into_owned)
}

#[test]
fn text_functions() {
    let some = |s: &str| Some(s.to_owned());
    for (json, input, output) in [
        (json!({"type":"regex","expr":"(\\w\\w\\w).*"}), Some("Monday"), some("Mon")),
        (json!({"type":"regex","expr":"(x)"}), Some("Monday"), some("Monday")),
        (json!({"type":"regex","expr":"(x)","replaceMissingValue":true}), Some("Monday"), None),
        (json!({"type":"regex","expr":"a(b)?","index":0}), Some("xa"), some("a")),
        (json!({"type":"partial","expr":"^M"}), Some("Tuesday"), None),
        (json!({"type":"partial","expr":"^M"}), Some("Monday"), some("Monday")),
        (json!({"type":"substring","index":1,"length":4}), Some("abcdef"), some("bcde")),
        (json!({"type":"substring","index":3}), Some("abc"), None),
        (json!({"type":"strlen"}), Some("\u{1f600}a"), some("3")),
        (json!({"type":"strlen"}), None, None),
        (json!({"type":"upper"}), Some("a"), some("A")),
        (json!({"type":"lower","locale":"en"}), Some("A"), some("a")),
        (json!({"type":"upper","locale":"tr"}), Some("izmir"), some("IZMIR")),
        (json!({"type":"lower","locale":"tr-TR"}), Some("DI"), some("di")),
        (
            json!({"type":"regex","expr":"(x)","replaceMissingValue":true,"replaceMissingValueWith":"-"}),
            None,
            some("-"),
        ),
        (json!({"type":"timeFormat","format":"yyyy","asMillis":true}), Some("9"), some("1970")),
        (
            json!({"type":"time","timeFormat":"yyyy-MM-dd","resultFormat":"d MMM yyyy"}),
            Some("2023-02-29T10"),
            some("1 Mar 2023"),
        ),
        (json!({"type":"bucket","size":5,"offset":2}), Some("13"), some("12")),
        (json!({"type":"bucket"}), Some("x"), None),
        (json!({"type":"stringFormat","format":"[%s]"}), None, some("[null]")),
        (json!({"type":"stringFormat","format":"[%s]","nullHandling":"returnNull"}), None, None),
        (json!({"type":"lookup","lookup":{"type":"map","map":{"a":"b"}}}), Some("a"), some("b")),
        (
            json!({"type":"lookup","lookup":{"type":"map","map":{}},"retainMissingValue":true}),
            Some("a"),
            some("a"),
        ),
        (
            json!({"type":"lookup","lookup":{"type":"map","map":{}},"replaceMissingValueWith":"?"}),
            None,
            some("?"),
        ),
        (
            json!({"type":"cascade","extractionFns":[{"type":"upper"},{"type":"substring","index":1}]}),
            Some("abc"),
            some("BC"),
        ),
        (
            json!({"type":"searchQuery","query":{"type":"insensitive_contains","value":"MON"}}),
            Some("Monday"),
            some("Monday"),
        ),
        (
            json!({"type":"time","timeFormat":"yyyy-MM-dd","resultFormat":"MM/yyyy","joda":true}),
            Some("2015-09-12"),
            some("09/2015"),
        ),
    ] {
        assert_eq!(apply(json.clone(), input), output, "{json}");
    }
}

#[test]
fn time_format_of_instants() {
    let json = json!({"type":"timeFormat","format":"EEEE HH","timeZone":"America/Los_Angeles"});
    let function = ExtractionFn::from_json(&json).unwrap();
    assert_eq!(function.apply_long(1_442_016_000_000).as_deref(), Some("Friday 17"));
    let json = json!({"type":"timeFormat","format":"EEE d MMMM","locale":"fr"});
    let function = ExtractionFn::from_json(&json).unwrap();
    assert_eq!(function.apply_long(1_442_016_000_000).as_deref(), Some("sam. 12 septembre"));
    assert!(function.refusal("").is_some() && function.refusal("2015-09-12").is_none());
    let json = json!({"type":"timeFormat","granularity":"day"});
    let function = ExtractionFn::from_json(&json).unwrap();
    assert_eq!(function.apply_long(1_442_016_000_001).as_deref(), Some("2015-09-12T00:00:00.000Z"));
    let back: ExtractionFn = serde_json::from_value(serde_json::to_value(&function).unwrap()).unwrap();
    assert_eq!(back, function);
}

#[test]
fn refusals_name_the_trouble() {
    for (json, part) in [
        (json!({"type":"regex"}), "`expr`"),
        (json!({"type":"regex","expr":"(","index":1}), "regular expression"),
        (json!({"type":"regex","expr":"a"}), "`index`"),
        (json!({"type":"nope"}), "`nope`"),
        (json!({"type":"javascript","function":""}), "not supported"),
        (json!({"type":"registeredLookup"}), "needs the field `lookup`"),
        (json!({"type":"time","timeFormat":"qq","resultFormat":"yyyy"}), "`timeFormat`"),
        (json!({"type":"timeFormat","format":"QQ"}), "QQ"),
        (json!("x"), "must be an object"),
    ] {
        let error = ExtractionFn::from_json(&json).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
