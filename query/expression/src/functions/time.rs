//! Instants (milliseconds since the epoch): rounding, shifting, taking apart, reading and writing.

use std::str::FromStr;
use std::sync::Arc;

use alluvium_segments::time::{
    Granularity, Period, format_iso_in, local_millis, parse_iso, parse_iso_in, parse_zone,
};
use chrono_tz::Tz;

use super::{Body, Function, Gives, LONG, Prepared, STRING, iso};
use crate::ast::{Call, ColumnTypes};
use crate::joda::{JodaFormat, Local};
use crate::{Expr, ExprError, ExprType, TimestampFormat, Value};

pub(crate) const TIMESTAMP_FLOOR: &str = "timestamp_floor";
pub(crate) const TIMESTAMP_EXTRACT: &str = "timestamp_extract";
const CEIL: &str = "timestamp_ceil";
const SHIFT: &str = "timestamp_shift";
const FORMAT: &str = "timestamp_format";
const PARSE: &str = "timestamp_parse";

pub(super) const TABLE: &[Function] = &[
    Function::new("timestamp", (1, 2), LONG, Body::Values(|p, args| timestamp(p, args, 1))).prepare(reader),
    Function::new("unix_timestamp", (1, 2), LONG, Body::Values(|p, args| timestamp(p, args, 1000)))
        .prepare(reader),
    Function::new(TIMESTAMP_FLOOR, (2, 4), LONG, Body::Values(floor))
        .prepare(|args| granularity_arguments(TIMESTAMP_FLOOR, args)),
    Function::new(CEIL, (2, 4), LONG, Body::Values(ceil)).prepare(|args| granularity_arguments(CEIL, args)),
    Function::new(SHIFT, (3, 4), LONG, Body::Values(shift)).prepare(shift_arguments),
    Function::new(TIMESTAMP_EXTRACT, (2, 3), Gives::Custom(extract_type), Body::Values(extract))
        .prepare(extract_arguments),
    Function::new(FORMAT, (1, 3), STRING, Body::Values(format))
        .prepare(|args| format_arguments(FORMAT, args)),
    Function::new("subtract_months", (3, 3), LONG, Body::Values(subtract_months)),
    Function::new(PARSE, (1, 3), LONG, Body::Values(parse)).prepare(|args| format_arguments(PARSE, args)),
];

/// Constant arguments from `from` on; `None` when one is not constant.
fn constants(args: &[Expr], from: usize) -> Option<Vec<Value>> {
    args.get(from..)?.iter().map(|a| a.as_literal().cloned()).collect()
}

fn zone(function: &'static str, value: Option<&Value>) -> Result<Tz, ExprError> {
    match value.and_then(Value::as_string) {
        None => Ok(Tz::UTC),
        Some(name) => match parse_zone(&name) {
            Ok(zone) => Ok(zone),
            // Names that nobody knows mean UTC, offsets that no zone has are another matter.
            Err(_) if name.starts_with(char::is_alphabetic) => Ok(Tz::UTC),
            Err(error) => Err(ExprError::argument(function, error.to_string())),
        },
    }
}

fn period(function: &'static str, value: &Value) -> Result<Period, ExprError> {
    let text =
        value.as_string().ok_or_else(|| ExprError::argument(function, "the period must not be null"))?;
    text.parse().map_err(|_| {
        ExprError::argument(function, format!("`{text}` is not an ISO-8601 period such as P1D or PT1H"))
    })
}

/// Period, origin and zone.
fn granularity(function: &'static str, args: &[Value]) -> Result<Granularity, ExprError> {
    let period = period(function, &args[0])?;
    let zone = zone(function, args.get(2))?;
    let origin = match args.get(1) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            Some(parse_iso_in(text, zone).map_err(|e| ExprError::argument(function, e.to_string()))?)
        }
        Some(value) => value.as_long(),
    };
    Granularity::period(period, zone, origin).map_err(|e| ExprError::argument(function, e.to_string()))
}

fn granularity_arguments(function: &'static str, args: &[Expr]) -> Result<Prepared, ExprError> {
    match constants(args, 1) {
        Some(values) => granularity(function, &values).map(|g| Prepared::Granularity(Arc::new(g))),
        None => Ok(Prepared::None),
    }
}

/// An instant: longs as they are, doubles cut, text as ISO-8601 or milliseconds.
fn instant(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok().or_else(|| parse_iso(text).ok()),
        other => other.as_long(),
    }
}

/// Whether an instant lies in the time that can be asked for; others have no calendar and are left as they are.
pub(crate) fn in_eternity(t: i64) -> bool {
    alluvium_segments::time::Interval::ETERNITY.contains(t)
}

fn bucketed(
    function: &'static str,
    prepared: &Prepared,
    args: &[Value],
    f: fn(&Granularity, i64) -> i64,
) -> Result<Value, ExprError> {
    let Some(t) = instant(&args[0]) else { return Ok(Value::Null) };
    if !in_eternity(t) {
        return Ok(Value::Long(t));
    }
    Ok(Value::Long(match prepared {
        Prepared::Granularity(granularity) => f(granularity, t),
        _ => f(&granularity(function, &args[1..])?, t),
    }))
}

fn floor(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    bucketed(TIMESTAMP_FLOOR, prepared, args, floored)
}

fn ceil(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    bucketed(CEIL, prepared, args, |granularity, t| {
        let start = floored(granularity, t);
        if start == t { t } else { granularity.bucket_end(start) }
    })
}

/// Start of a bucket. Buckets of several hours are counted from the epoch, and Druid rounds towards
/// it.
pub(crate) fn floored(granularity: &Granularity, t: i64) -> i64 {
    let start = granularity.bucket_start(t);
    if t >= 0 || start == t || !counts_from_epoch(granularity) {
        start
    } else {
        granularity.bucket_end(start)
    }
}

fn counts_from_epoch(granularity: &Granularity) -> bool {
    const HOUR: i64 = 3_600_000;
    let Granularity::Period { period, zone: Tz::UTC, origin: None } = granularity else { return false };
    match (period.months, period.weeks, period.days, period.millis) {
        (0, 0, 0, millis) => millis > HOUR && millis % HOUR == 0,
        _ => false,
    }
}

fn shift_arguments(args: &[Expr]) -> Result<Prepared, ExprError> {
    let zone_value = match args.get(3) {
        None => Some(None),
        Some(arg) => arg.as_literal().map(Some),
    };
    match (args.get(1).and_then(Expr::as_literal), zone_value) {
        (Some(text), Some(zone_value)) => {
            Ok(Prepared::Shift(Arc::new((period(SHIFT, text)?, zone(SHIFT, zone_value)?))))
        }
        _ => Ok(Prepared::None),
    }
}

fn shift(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(t) = instant(&args[0]) else { return Ok(Value::Null) };
    // No step is no shift.
    let step = args[2].as_long().unwrap_or(0);
    let (period, zone) = match prepared {
        Prepared::Shift(shift) => **shift,
        _ => (period(SHIFT, &args[1])?, zone(SHIFT, args.get(3))?),
    };
    // Steps beyond this leave every calendar.
    const MAX_STEP: i64 = 10_000_000_000;
    if !(-MAX_STEP..=MAX_STEP).contains(&step) {
        return Err(ExprError::argument(
            SHIFT,
            format!("the step must be between -{MAX_STEP} and {MAX_STEP}"),
        ));
    }
    let months = period.months.checked_mul(step).filter(|m| m.abs() < 3_000_000_000);
    let days = period.weeks.checked_mul(7).and_then(|w| w.checked_add(period.days));
    let days = days.and_then(|d| d.checked_mul(step)).filter(|d| d.abs() < 100_000_000_000);
    match (months, days, in_eternity(t)) {
        (Some(_), Some(_), true) => Ok(Value::Long(period.add_to(t, step, zone))),
        _ => Err(ExprError::argument(SHIFT, "the result lies outside the calendar")),
    }
}

/// A part of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Epoch,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    DayOfWeek,
    DayOfYear,
    Week,
    Month,
    Quarter,
    Year,
    IsoYear,
    Decade,
    Century,
    Millennium,
}

impl FromStr for TimeUnit {
    type Err = ExprError;

    fn from_str(text: &str) -> Result<Self, ExprError> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "EPOCH" => Self::Epoch,
            "MILLISECOND" => Self::Millisecond,
            "SECOND" => Self::Second,
            "MINUTE" => Self::Minute,
            "HOUR" => Self::Hour,
            "DAY" => Self::Day,
            "DOW" | "ISODOW" => Self::DayOfWeek,
            "DOY" => Self::DayOfYear,
            "WEEK" => Self::Week,
            "MONTH" => Self::Month,
            "QUARTER" => Self::Quarter,
            "YEAR" => Self::Year,
            "ISOYEAR" => Self::IsoYear,
            "DECADE" => Self::Decade,
            "CENTURY" => Self::Century,
            "MILLENNIUM" => Self::Millennium,
            _ => {
                let known =
                    "EPOCH, MILLISECOND, SECOND, MINUTE, HOUR, DAY, DOW, DOY, WEEK, MONTH, QUARTER, YEAR";
                let message = format!("`{text}` is no unit of time; use one of {known}");
                return Err(ExprError::argument(TIMESTAMP_EXTRACT, message));
            }
        })
    }
}

impl TimeUnit {
    /// Whether it is the same all day.
    pub(crate) fn is_of_day(self) -> bool {
        !matches!(self, Self::Epoch | Self::Millisecond | Self::Second | Self::Minute | Self::Hour)
    }

    /// Whether it is given as a double, as Druid does.
    pub(crate) fn is_double(self) -> bool {
        matches!(self, Self::Century | Self::Millennium)
    }

    /// This part of `t` on the clock of `zone`.
    pub(crate) fn of(self, t: i64, zone: Tz) -> i64 {
        let local_ms = local_millis(t, zone);
        let in_second = local_ms.rem_euclid(1000);
        let century = |years: i64, year: i64| (year + years - 1).div_euclid(years);
        match self {
            Self::Epoch => t / 1000,
            Self::Millisecond => in_second,
            Self::Second => local_ms.div_euclid(1000).rem_euclid(60),
            Self::Minute => local_ms.div_euclid(60_000).rem_euclid(60),
            Self::Hour => local_ms.div_euclid(3_600_000).rem_euclid(24),
            unit => {
                let local = Local::new(local_ms);
                let (year, month) = (local.date.year, i64::from(local.date.month));
                match unit {
                    Self::Day => i64::from(local.date.day),
                    Self::DayOfWeek => local.day_of_week(),
                    Self::DayOfYear => local.day_of_year(),
                    Self::Week => local.week().0,
                    Self::Month => month,
                    Self::Quarter => (month - 1) / 3 + 1,
                    Self::Decade => year.div_euclid(10),
                    Self::Century => century(100, year),
                    Self::Millennium => century(1000, year),
                    _ => year,
                }
            }
        }
    }
}

fn extract_type(call: &Call, _: &ColumnTypes<'_>) -> Option<ExprType> {
    match call.prepared {
        Prepared::Extract(unit, _) if unit.is_double() => Some(ExprType::Double),
        _ => Some(ExprType::Long),
    }
}

fn extract_arguments(args: &[Expr]) -> Result<Prepared, ExprError> {
    let Some(values) = constants(args, 1) else { return Ok(Prepared::None) };
    let unit = values.first().and_then(Value::as_string);
    let unit = unit.ok_or_else(|| ExprError::argument(TIMESTAMP_EXTRACT, "the unit must not be null"))?;
    Ok(Prepared::Extract(unit.parse()?, zone(TIMESTAMP_EXTRACT, values.get(1))?))
}

fn extract(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(t) = instant(&args[0]) else { return Ok(Value::Null) };
    let (unit, zone) = match prepared {
        Prepared::Extract(unit, zone) => (*unit, *zone),
        _ => match args[1].as_string() {
            Some(unit) => (unit.parse()?, zone(TIMESTAMP_EXTRACT, args.get(2))?),
            None => return Ok(Value::Null),
        },
    };
    let part = unit.of(t, zone);
    Ok(if unit.is_double() { Value::Double(part as f64) } else { Value::Long(part) })
}

fn format_arguments(function: &'static str, args: &[Expr]) -> Result<Prepared, ExprError> {
    let Some(values) = constants(args, 1) else {
        return Err(ExprError::argument(function, "pattern and time zone must be literals"));
    };
    let format = match values.first().and_then(Value::as_string) {
        None => None,
        Some(pattern) => {
            let format =
                JodaFormat::new(&pattern).map_err(|e| ExprError::argument(function, e.to_string()))?;
            Some(Arc::new(format))
        }
    };
    Ok(Prepared::Format(format, zone(function, values.get(1))?))
}

fn format(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Prepared::Format(format, zone), Some(t)) = (prepared, instant(&args[0])) else {
        return Ok(Value::Null);
    };
    Ok(Value::from(match format {
        Some(format) => format.format(t, *zone),
        None => format_iso_in(t, *zone),
    }))
}

fn parse(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Prepared::Format(format, zone), Some(text)) = (prepared, args[0].as_string()) else {
        return Ok(Value::Null);
    };
    Ok(match format {
        Some(format) => format.parse(&text, *zone).ok().into(),
        None => iso::read(&text, *zone).into(),
    })
}

/// Whole months from the second instant to the first: as many as can be added without passing it.
fn subtract_months(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Some(to), Some(from)) = (instant(&args[0]), instant(&args[1])) else { return Ok(Value::Null) };
    let zone = zone("subtract_months", args.get(2))?;
    if !in_eternity(to) || !in_eternity(from) {
        return Err(ExprError::argument("subtract_months", "an instant lies outside the calendar"));
    }
    let (earlier, later, sign) = if to >= from { (from, to, 1) } else { (to, from, -1) };
    let month = |t: i64| {
        let date = Local::new(local_millis(t, zone)).date;
        date.year * 12 + i64::from(date.month)
    };
    let mut months = month(later) - month(earlier);
    if (Period { months, ..Period::default() }).add_to(earlier, 1, zone) > later {
        months -= 1;
    }
    Ok(Value::Long(sign * months))
}

fn reader(args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1) {
        None => Ok(Prepared::None),
        Some(Expr::Literal(Value::String(pattern))) => {
            let format =
                JodaFormat::new(pattern).map_err(|e| ExprError::argument("timestamp", e.to_string()))?;
            Ok(Prepared::Format(Some(Arc::new(format)), Tz::UTC))
        }
        Some(_) => Err(ExprError::argument("timestamp", "the format must be a literal text")),
    }
}

fn timestamp(prepared: &Prepared, args: &[Value], per: i64) -> Result<Value, ExprError> {
    let t = match (&args[0], prepared) {
        (Value::Null, _) => return Ok(Value::Null),
        (Value::String(text), Prepared::Format(Some(format), zone)) => {
            format.parse(text, *zone).map_err(|e| ExprError::argument("timestamp", e.to_string()))?
        }
        (Value::String(text), _) => TimestampFormat::Iso
            .parse_str(text)
            .map_err(|e| ExprError::argument("timestamp", e.to_string()))?,
        (value, _) => match value.as_long() {
            Some(t) => t,
            None => return Ok(Value::Null),
        },
    };
    Ok(Value::Long(t / per))
}
