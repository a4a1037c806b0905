//! What do extraction functions make of a value? Functions from text to text in filters and dimension specs.

mod read;

use std::borrow::Cow;
use std::sync::Arc;

use alluvium_segments::catalog::Lookup;
use alluvium_segments::time::{Granularity, Millis, format_iso_in, parse_iso};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::filter::SearchQuery;
use crate::functions::java_format;
use crate::icu::IcuFormat;
use crate::order::utf16_len;
use crate::value::{double_text, parse_double};
use crate::{FilterError, FindLookup, JavaRegex, JodaFormat, UnknownLookup, Value};

/// An extraction function, ready to apply. Equal, serialised and printed as the JSON it was read from.
#[derive(Debug, Clone)]
pub struct ExtractionFn {
    json: Json,
    kind: Arc<Kind>,
}

#[derive(Debug)]
enum Kind {
    Identity,
    Upper,
    Lower,
    Strlen,
    /// A group of a match; without match the replacement, or (`keep`) the value itself.
    Regex {
        regex: JavaRegex,
        group: usize,
        keep: bool,
        replacement: Option<String>,
    },
    Partial(JavaRegex),
    SearchQuery(SearchQuery),
    Substring {
        start: usize,
        length: Option<usize>,
    },
    TimeFormat {
        format: Option<JodaFormat>,
        zone: Tz,
        granularity: Granularity,
        as_millis: bool,
    },
    Time {
        from: JodaFormat,
        to: JodaFormat,
    },
    IcuTime {
        from: IcuFormat,
        to: IcuFormat,
    },
    Lookup(Looked),
    Cascade(Vec<ExtractionFn>),
    StringFormat {
        format: String,
        null: NullText,
    },
    Bucket {
        size: f64,
        offset: f64,
    },
}

/// A value is what a lookup says of it.
#[derive(Debug, Clone)]
struct Looked {
    /// The name of a registered lookup; `None` for one that is written out.
    name: Option<String>,
    /// `None` as long as the name has not been looked up.
    lookup: Option<Arc<Lookup>>,
    keep: bool,
    replacement: Option<String>,
    injective: Option<bool>,
    optimize: bool,
}

/// What a function asks of which lookup.
pub(crate) struct LookupParts<'f> {
    /// `None` as long as the name has not been looked up.
    pub(crate) lookup: Option<&'f Lookup>,
    /// Whether a text it says nothing of stays.
    pub(crate) keep: bool,
    /// What such a text becomes otherwise.
    pub(crate) replacement: Option<&'f str>,
    /// Whether a test of the result may become one of keys.
    pub(crate) optimize: bool,
}

/// What `stringFormat` makes of null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NullText {
    Word,
    Empty,
    Null,
}

impl ExtractionFn {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// When a field is missing or wrong, or the type is unknown or not supported (`javascript`).
    pub fn from_json(json: &Json) -> Result<Self, FilterError> {
        Ok(Self { json: json.clone(), kind: Arc::new(read::kind(json)?) })
    }

    /// The JSON form, as it was given.
    #[must_use]
    pub fn to_json(&self) -> &Json {
        &self.json
    }

    /// Applies it to text or null.
    #[must_use]
    pub fn apply<'t>(&self, input: Option<&'t str>) -> Option<Cow<'t, str>> {
        match self.kind.as_ref() {
            Kind::Identity => input.map(Cow::Borrowed),
            Kind::Upper => input.map(|s| s.to_uppercase().into()),
            Kind::Lower => input.map(|s| s.to_lowercase().into()),
            Kind::Strlen => input.map(|s| utf16_len(s).to_string().into()),
            Kind::Regex { regex, group, keep, replacement } => {
                match input.and_then(|text| regex.find(text)) {
                    Some(found) => found.get(*group).map(Cow::Borrowed),
                    None if *keep => input.map(Cow::Borrowed),
                    None => owned(replacement.as_deref()),
                }
            }
            Kind::Partial(regex) => input.filter(|s| regex.is_found(s)).map(Cow::Borrowed),
            Kind::SearchQuery(query) => input.filter(|s| query.accepts(Some(s))).map(Cow::Borrowed),
            Kind::Substring { start, length } => {
                let text = input?;
                let inside = *start < utf16_len(text);
                inside.then(|| crate::functions::utf16_slice(text, *start, *length))
            }
            Kind::TimeFormat { as_millis, .. } => {
                let t = instant(input?, *as_millis)?;
                self.apply_long(t).map(Cow::Owned)
            }
            Kind::Time { from, to } => {
                let text = input?;
                match from.parse(text, Tz::UTC) {
                    Ok(t) => Some(to.format(t, Tz::UTC).into()),
                    Err(_) => Some(text.into()),
                }
            }
            Kind::IcuTime { from, to } => {
                let text = input?;
                Some(from.parse(text).map_or(Cow::Borrowed(text), |t| to.format(t).into()))
            }
            Kind::Lookup(looked) => {
                let lookup = looked.lookup.as_ref();
                match input.and_then(|text| lookup?.get(text)) {
                    Some(found) => owned(Some(found)),
                    None if looked.keep => input.map(Cow::Borrowed),
                    None => owned(looked.replacement.as_deref()),
                }
            }
            // Without steps Druid has nothing to apply and gives nothing.
            Kind::Cascade(steps) if steps.is_empty() => None,
            Kind::Cascade(steps) => {
                let start = input.map(Cow::Borrowed);
                steps.iter().fold(start, |value, step| owned(step.apply(value.as_deref()).as_deref()))
            }
            Kind::StringFormat { format, null } => string_format(format, *null, input).map(Cow::Owned),
            Kind::Bucket { size, offset } => {
                let value = parse_double(input?)?;
                Some(bucket(value, *size, *offset).into())
            }
        }
    }

    /// Why it does not apply to a text, which a dimension must not have then.
    #[must_use]
    pub fn refusal(&self, text: &str) -> Option<String> {
        match self.kind.as_ref() {
            Kind::TimeFormat { as_millis, .. } if instant(text, *as_millis).is_none() => {
                Some(format!("java.lang.IllegalArgumentException: Invalid format: \"{text}\""))
            }
            Kind::Cascade(steps) => steps.first()?.refusal(text),
            _ => None,
        }
    }

    /// Applies it to an integer: `timeFormat` takes it as an instant, other functions as its decimal text.
    #[must_use]
    pub fn apply_long(&self, value: Millis) -> Option<String> {
        match self.kind.as_ref() {
            Kind::TimeFormat { format, zone, granularity, as_millis } => {
                // Eternity as one bucket would start before all time: leave the instant.
                let all = *granularity == Granularity::All || !crate::functions::in_eternity(value);
                let t = if all { value } else { granularity.bucket_start(value) };
                Some(match format {
                    Some(format) => format.format(t, *zone),
                    None if *as_millis => t.to_string(),
                    None => format_iso_in(t, *zone),
                })
            }
            Kind::Cascade(steps) => {
                let (first, rest) = steps.split_first()?;
                let start = first.apply_long(value);
                rest.iter().fold(start, |v, step| step.apply(v.as_deref()).map(Cow::into_owned))
            }
            _ => self.apply(Some(&value.to_string())).map(Cow::into_owned),
        }
    }

    /// Applies it to any value; arrays element by element.
    #[must_use]
    pub fn apply_value(&self, value: &Value) -> Value {
        match value {
            Value::Null => self.apply(None).map(Cow::into_owned).into(),
            Value::Long(v) => self.apply_long(*v).into(),
            Value::Double(_) | Value::String(_) => {
                let text = value.as_string();
                self.apply(text.as_deref()).map(Cow::into_owned).into()
            }
            array => {
                let results: Vec<Value> = array.elements().iter().map(|v| self.apply_value(v)).collect();
                Value::array_of(crate::ExprType::String, &results)
            }
        }
    }

    /// Whether different inputs always give different results.
    #[must_use]
    pub fn is_one_to_one(&self) -> bool {
        match self.kind.as_ref() {
            Kind::Identity => true,
            Kind::Lookup(looked) => {
                let said = looked.lookup.as_ref().is_some_and(|lookup| lookup.is_one_to_one());
                looked.injective.unwrap_or(said)
            }
            Kind::Cascade(steps) => !steps.is_empty() && steps.iter().all(Self::is_one_to_one),
            _ => false,
        }
    }

    /// Puts the registered lookups it names beside their names. Before that they say nothing of any text.
    ///
    /// # Errors
    /// For the first name that `find` does not know.
    pub fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        let bound = match self.kind.as_ref() {
            Kind::Lookup(looked @ Looked { name: Some(name), .. }) => {
                Kind::Lookup(Looked { lookup: Some(find(name)?), ..looked.clone() })
            }
            Kind::Cascade(steps) if steps.iter().any(Self::names_lookups) => {
                let mut steps = steps.clone();
                steps.iter_mut().try_for_each(|step| step.bind_lookups(find))?;
                Kind::Cascade(steps)
            }
            _ => return Ok(()),
        };
        self.kind = Arc::new(bound);
        Ok(())
    }

    /// The registered lookups it names.
    pub(crate) fn lookup_names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self.kind.as_ref() {
            Kind::Lookup(looked) => Box::new(looked.name.as_deref().into_iter()),
            Kind::Cascade(steps) => Box::new(steps.iter().flat_map(Self::lookup_names)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Its parts, when it is nothing but a lookup.
    pub(crate) fn as_lookup(&self) -> Option<LookupParts<'_>> {
        let Kind::Lookup(looked) = self.kind.as_ref() else { return None };
        Some(LookupParts {
            lookup: looked.lookup.as_deref(),
            keep: looked.keep,
            replacement: looked.replacement.as_deref(),
            optimize: looked.optimize,
        })
    }
}

/// The instant that a text stands for: milliseconds, if those may be, or a time.
fn instant(text: &str, as_millis: bool) -> Option<Millis> {
    let millis = || text.parse().ok();
    if as_millis && let Some(t) = millis() {
        return Some(t);
    }
    parse_iso(text).ok().or_else(millis)
}

fn owned<'t>(text: Option<&str>) -> Option<Cow<'t, str>> {
    text.map(|t| Cow::Owned(t.to_owned()))
}

fn string_format(format: &str, null: NullText, input: Option<&str>) -> Option<String> {
    let shown = match (input, null) {
        (Some(text), _) => text,
        (None, NullText::Word) => "null",
        (None, NullText::Empty) => "",
        (None, NullText::Null) => return None,
    };
    java_format(format, &[Value::from(shown)]).ok()
}

fn bucket(value: f64, size: f64, offset: f64) -> String {
    let start = ((value - offset) / size).floor() * size + offset;
    if start == start.trunc() && start.abs() < 9.0e18 {
        (start as i64).to_string()
    } else {
        double_text(start)
    }
}

impl PartialEq for ExtractionFn {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Serialize for ExtractionFn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExtractionFn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
