//! How is the JSON of an extraction function read?

use std::sync::Arc;

use alluvium_segments::catalog::Lookup;
use alluvium_segments::time::Granularity;
use serde_json::Value as Json;

use super::{ExtractionFn, Kind, Looked, NullText};
use crate::fields::Fields;
use crate::filter::SearchQuery;
use crate::icu::IcuFormat;
use crate::joda::Names;
use crate::{FilterError, JavaRegex, JodaFormat};

const KNOWN: &str = "regex, partial, searchQuery, substring, strlen, timeFormat, time, lookup, \
                     registeredLookup, cascade, \
                     stringFormat, upper, lower, bucket, identity";

pub(super) fn kind(json: &Json) -> Result<Kind, FilterError> {
    let fields = Fields::new(json, "extraction function")?;
    Ok(match fields.kind {
        "identity" => Kind::Identity,
        // Druid reads a locale here and does not go by it.
        "upper" => fields.text("locale").map(|_| Kind::Upper)?,
        "lower" => fields.text("locale").map(|_| Kind::Lower)?,
        "strlen" => Kind::Strlen,
        "regex" => regex(&fields)?,
        "partial" => Kind::Partial(expr(&fields)?),
        "searchQuery" => Kind::SearchQuery(SearchQuery::from_json(fields.need("query")?)?),
        "substring" => substring(&fields)?,
        "timeFormat" => time_format(&fields)?,
        "time" if fields.flag("joda", false)? => {
            Kind::Time { from: joda(&fields, "timeFormat")?, to: joda(&fields, "resultFormat")? }
        }
        "time" => Kind::IcuTime { from: icu(&fields, "timeFormat")?, to: icu(&fields, "resultFormat")? },
        "lookup" => looked(&fields, None, Some(inline(&fields)?))?,
        "registeredLookup" => looked(&fields, Some(fields.need_text("lookup")?), None)?,
        "cascade" => {
            let steps = fields.list("extractionFns")?;
            Kind::Cascade(steps.iter().map(ExtractionFn::from_json).collect::<Result<_, _>>()?)
        }
        "stringFormat" => string_format(&fields)?,
        "bucket" => {
            let size = fields.double("size")?.unwrap_or(1.0);
            if size <= 0.0 || !size.is_finite() {
                return Err(fields.wrong("size", "must be above 0"));
            }
            Kind::Bucket { size, offset: fields.double("offset")?.unwrap_or(0.0) }
        }
        name @ "javascript" => {
            let reason = "scripts are not run here; use a virtual column with an expression";
            let name = name.to_owned();
            return Err(FilterError::Unsupported { kind: "extraction function", name, reason });
        }
        name => {
            return Err(FilterError::UnknownType {
                kind: "extraction function",
                name: name.to_owned(),
                known: KNOWN,
            });
        }
    })
}

fn expr(fields: &Fields<'_>) -> Result<JavaRegex, FilterError> {
    JavaRegex::new(&fields.need_text("expr")?).map_err(|e| fields.wrong("expr", e))
}

fn regex(fields: &Fields<'_>) -> Result<Kind, FilterError> {
    let regex = expr(fields)?;
    let group = fields.long("index")?.unwrap_or(1);
    let groups = regex.groups();
    let group = usize::try_from(group).ok().filter(|g| *g < groups);
    let group = group.ok_or_else(|| fields.wrong("index", format!("must be 0 to {}", groups - 1)))?;
    Ok(Kind::Regex {
        regex,
        group,
        keep: !fields.flag("replaceMissingValue", false)?,
        replacement: fields.text("replaceMissingValueWith")?,
    })
}

fn substring(fields: &Fields<'_>) -> Result<Kind, FilterError> {
    let natural = |field: &'static str, value: i64| {
        usize::try_from(value).map_err(|_| fields.wrong(field, "must not be negative"))
    };
    let start = fields.long("index")?.ok_or_else(|| fields.missing("index"))?;
    let length = fields.long("length")?.map(|l| natural("length", l)).transpose()?;
    if length == Some(0) {
        return Err(fields.wrong("length", "must be above 0"));
    }
    Ok(Kind::Substring { start: natural("index", start)?, length })
}

fn joda(fields: &Fields<'_>, field: &'static str) -> Result<JodaFormat, FilterError> {
    JodaFormat::new(&fields.need_text(field)?).map_err(|e| fields.wrong(field, e.to_string()))
}

fn icu(fields: &Fields<'_>, field: &'static str) -> Result<IcuFormat, FilterError> {
    IcuFormat::new(&fields.need_text(field)?).map_err(|e| fields.wrong(field, e))
}

fn time_format(fields: &Fields<'_>) -> Result<Kind, FilterError> {
    let locale = fields.text("locale")?;
    let names = locale.as_deref().and_then(Names::of);
    let format = match fields.get("format") {
        Some(_) => Some(joda(fields, "format")?.with_names(names)),
        None => None,
    };
    let granularity = match fields.get("granularity") {
        None => Granularity::None,
        Some(json) => Granularity::from_json(json).map_err(|e| fields.wrong("granularity", e.to_string()))?,
    };
    let as_millis = fields.flag("asMillis", false)?;
    Ok(Kind::TimeFormat { format, zone: fields.zone("timeZone")?, granularity, as_millis })
}

/// A lookup that is written out.
fn inline(fields: &Fields<'_>) -> Result<Lookup, FilterError> {
    let inner = Fields::new(fields.need("lookup")?, "lookup")?;
    if inner.kind != "map" {
        let name = inner.kind.to_owned();
        return Err(FilterError::UnknownType { kind: "lookup", name, known: "map" });
    }
    let Json::Object(entries) = inner.need("map")? else {
        return Err(inner.wrong("map", "must be an object from text to text"));
    };
    let mut map = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if !value.is_null() {
            map.push((key.clone(), inner.as_text("map", value)?));
        }
    }
    Ok(Lookup::new(map, inner.flag("isOneToOne", false)?))
}

fn looked(fields: &Fields<'_>, name: Option<String>, lookup: Option<Lookup>) -> Result<Kind, FilterError> {
    let keep = fields.flag("retainMissingValue", false)?;
    let replacement = fields.text("replaceMissingValueWith")?;
    if keep && replacement.is_some() {
        let problem = "must not be given together with `retainMissingValue`";
        return Err(fields.wrong("replaceMissingValueWith", problem));
    }
    let injective = match fields.get("injective") {
        Some(_) => Some(fields.flag("injective", false)?),
        None => None,
    };
    let optimize = fields.flag("optimize", true)?;
    Ok(Kind::Lookup(Looked { name, lookup: lookup.map(Arc::new), keep, replacement, injective, optimize }))
}

fn string_format(fields: &Fields<'_>) -> Result<Kind, FilterError> {
    let format = fields.need_text("format")?;
    crate::functions::java_format(&format, &[crate::Value::from("")])
        .map_err(|e| fields.wrong("format", e))?;
    let null = match fields.text("nullHandling")?.as_deref() {
        None => NullText::Word,
        Some(name) if name.eq_ignore_ascii_case("nullString") => NullText::Word,
        Some(name) if name.eq_ignore_ascii_case("emptyString") => NullText::Empty,
        Some(name) if name.eq_ignore_ascii_case("returnNull") => NullText::Null,
        Some(name) => {
            let problem = format!("is `{name}`, must be nullString, emptyString or returnNull");
            return Err(fields.wrong("nullHandling", problem));
        }
    };
    Ok(Kind::StringFormat { format, null })
}
