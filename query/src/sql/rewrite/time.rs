//! What do Druid's ways to write about time mean? Literals become instants in the session's time zone,
//! calendar functions get the zone as an argument, `INTERVAL` arithmetic becomes `TIME_SHIFT`.

use alluvium_segments::time::{Interval as TimeSpan, Period, parse_iso_in};
use chrono_tz::Tz;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CeilFloorKind, DataType, DateTimeField, Expr, Function, Interval, UnaryOperator, Value,
};

use super::build::{call, integer, name_of, null, plain_args, string_of, text};
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;
use crate::sql::spelling::TIMES_BETWEEN;

/// `MILLIS_TO_TIMESTAMP(t)`: an instant.
pub(super) fn instant(t: i64) -> Expr {
    call("millis_to_timestamp", vec![integer(t)])
}

/// `TIME_FLOOR(expr, period, NULL, zone)`.
pub(super) fn floor(expr: Expr, period: &str, zone: Tz) -> Expr {
    call("time_floor", vec![expr, text(period), null(), text(zone.name())])
}

/// The day of an instant, as `DATE`.
fn day(expr: Expr, zone: Tz) -> Expr {
    call("cast_date", vec![expr, text(zone.name())])
}

/// The period of a calendar unit.
fn unit_period(unit: &str) -> Result<&'static str, QueryError> {
    let unit = unit.to_ascii_uppercase();
    let unit = unit.strip_prefix("SQL_TSI_").unwrap_or(&unit);
    let singular = unit.strip_suffix('S').unwrap_or(unit);
    Ok(match singular {
        "MILLISECOND" => "PT0.001S",
        "SECOND" => "PT1S",
        "MINUTE" => "PT1M",
        "HOUR" => "PT1H",
        "DAY" => "P1D",
        "WEEK" => "P1W",
        "MONTH" => "P1M",
        "QUARTER" => "P3M",
        "YEAR" => "P1Y",
        "DECADE" => "P10Y",
        "CENTURY" => "P100Y",
        "MILLENNIUM" => "P1000Y",
        _ => return Err(invalid(format!("{unit} is not a unit of time that can be used here"))),
    })
}

/// `CAST((a - b) SECOND AS BIGINT)` is `TIMESTAMPDIFF(SECOND, b, a)`: an interval is shown as a number only.
pub(super) fn count_units(expr: &mut Expr) {
    let Expr::Cast {
        expr: inner,
        data_type: DataType::BigInt(_) | DataType::Int(_) | DataType::Integer(_),
        ..
    } = expr
    else {
        return;
    };
    let Expr::Function(function) = &**inner else { return };
    if let (true, Some([unit, to, from])) = (
        name_of(function) == TIMES_BETWEEN,
        plain_args(function).and_then(|args| <[Expr; 3]>::try_from(args).ok()),
    ) {
        **inner = call("timestampdiff", vec![unit, from, to]);
    }
}

/// Special syntax about time; `None` when it is none.
pub(super) fn rewrite_syntax(expr: &Expr, settings: &Settings) -> Result<Option<Expr>, QueryError> {
    Ok(match expr {
        Expr::Floor { expr, field } => Some(round("floor", expr, field, settings)?),
        Expr::Ceil { expr, field } => Some(round("ceil", expr, field, settings)?),
        Expr::Extract { field, expr, .. } => Some(extract(*expr.clone(), &field.to_string(), settings)?),
        Expr::TypedString(typed) => {
            let wanted = matches!(typed.data_type, DataType::Timestamp(..) | DataType::Date);
            let Value::SingleQuotedString(written) = &typed.value.value else { return Ok(None) };
            if !wanted {
                return Ok(None);
            }
            let t = literal(written, &typed.data_type, settings)?;
            Some(if typed.data_type == DataType::Date { day(instant(t), settings.zone) } else { instant(t) })
        }
        Expr::BinaryOp { left, op: BinaryOperator::Plus, right } => match (spans(left), spans(right)) {
            (_, Some(spans)) => Some(shift(*left.clone(), spans, 1, settings)?),
            (Some(spans), _) => Some(shift(*right.clone(), spans, 1, settings)?),
            _ => None,
        },
        Expr::BinaryOp { left, op: BinaryOperator::Minus, right } => match spans(right) {
            Some(spans) => Some(shift(*left.clone(), spans, -1, settings)?),
            None => None,
        },
        _ => None,
    })
}

/// The instant of a literal, which is written in one form only.
fn literal(written: &str, kind: &DataType, settings: &Settings) -> Result<i64, QueryError> {
    let (name, form, wanted) = match kind {
        DataType::Date => ("DATE", "yyyy-MM-dd", "dddd-dd-dd"),
        _ => ("TIMESTAMP", "yyyy-MM-dd HH:mm:ss", "dddd-dd-dd dd:dd:dd"),
    };
    let shape: String = written.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    let fits = match shape.split_once('.') {
        Some((whole, fraction)) => {
            name == "TIMESTAMP"
                && whole == wanted
                && !fraction.is_empty()
                && fraction.chars().all(|c| c == 'd')
        }
        None => shape == wanted || shape == "dddd-dd-dd",
    };
    let t = parse_iso_in(written, settings.zone).ok().filter(|_| fits);
    t.ok_or_else(|| invalid(format!("Illegal {name} literal '{written}': not in format '{form}'")))
}

/// An interval, and how often it is taken.
fn spans(expr: &Expr) -> Option<(&Interval, Option<&Expr>)> {
    match expr {
        Expr::Interval(span) => Some((span, None)),
        Expr::Nested(inner) => spans(inner),
        Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } => match (&**left, &**right) {
            (Expr::Interval(span), count) | (count, Expr::Interval(span)) => Some((span, Some(count))),
            _ => None,
        },
        _ => None,
    }
}

fn round(name: &str, expr: &Expr, kind: &CeilFloorKind, settings: &Settings) -> Result<Expr, QueryError> {
    match kind {
        CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => Ok(call(name, vec![expr.clone()])),
        CeilFloorKind::DateTimeField(
            DateTimeField::Decade | DateTimeField::Century | DateTimeField::Millennium,
        ) => Err(QueryError::refused(Refusal::Planning, format!("{name} takes no such unit"))),
        CeilFloorKind::DateTimeField(unit) => {
            let period = text(unit_period(&unit.to_string())?);
            let args = vec![expr.clone(), period, null(), text(settings.zone.name())];
            Ok(call(&format!("time_{name}"), args))
        }
        CeilFloorKind::Scale(_) => Err(invalid(format!("{} takes no scale", name.to_uppercase()))),
    }
}

fn extract(expr: Expr, unit: &str, settings: &Settings) -> Result<Expr, QueryError> {
    let unit = unit.trim_matches('\'').to_ascii_uppercase();
    if unit == "MICROSECOND" {
        return Err(QueryError::refused(Refusal::NotPlanned, "EXTRACT takes no MICROSECOND"));
    }
    Ok(call("time_extract", vec![expr, text(&unit), text(settings.zone.name())]))
}

/// `expr` plus or minus a span, some times: months on the calendar, anything shorter in milliseconds.
fn shift(
    expr: Expr,
    (span, count): (&Interval, Option<&Expr>),
    sign: i64,
    settings: &Settings,
) -> Result<Expr, QueryError> {
    let wrong = || invalid(format!("cannot read {span}; write for example INTERVAL '1' DAY"));
    let (negative, written) = match &*span.value {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (true, literal_text(expr)),
        other => (false, literal_text(other)),
    };
    let written = written.ok_or_else(wrong)?;
    let written = written.trim();
    let (negative, written) = match written.strip_prefix('-') {
        Some(rest) => (!negative, rest),
        None => (negative, written),
    };
    let unit = span.leading_field.as_ref().ok_or_else(wrong)?.to_string();
    let period = match &span.last_field {
        None => single_unit(written, &unit).ok_or_else(wrong)?,
        Some(last) => compound(written, &unit, &last.to_string()).ok_or_else(wrong)?,
    };
    let steps = if negative { -sign } else { sign };
    let zone = text(settings.zone.name());
    let steps = match count {
        None => integer(steps),
        Some(count) => {
            let count = Box::new(Expr::Nested(Box::new(count.clone())));
            Expr::BinaryOp { left: count, op: BinaryOperator::Multiply, right: Box::new(integer(steps)) }
        }
    };
    Ok(call("time_plus", vec![expr, text(&period.to_string()), steps, zone]))
}

fn literal_text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(v) => match &v.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            Value::Number(digits, _) => Some(digits.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn single_unit(written: &str, unit: &str) -> Option<Period> {
    let unit = unit.to_ascii_uppercase();
    if unit.trim_end_matches('S') == "SECOND" {
        let seconds: f64 = written.parse().ok()?;
        return Some(Period { millis: (seconds * 1000.0).round() as i64, ..Period::default() });
    }
    let count: i64 = written.parse().ok()?;
    // So Druid's planner reads intervals of these units, unlike `TIMESTAMPADD`.
    let unit = match unit.trim_end_matches('S') {
        "WEEK" => "HOUR",
        "QUARTER" => "MONTH",
        _ => &unit,
    };
    let one: Period = unit_period(unit).ok()?.parse().ok()?;
    Some(scaled(one, count))
}

fn scaled(one: Period, count: i64) -> Period {
    let days = one.days + one.weeks * 7;
    Period { months: one.months * count, days: days * count, millis: one.millis * count, weeks: 0 }
}

/// `'1-2' YEAR TO MONTH`, `'1 02:03:04.5' DAY TO SECOND` and what lies between.
fn compound(written: &str, first: &str, last: &str) -> Option<Period> {
    let units = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
    let at = |unit: &str| units.iter().position(|u| u.eq_ignore_ascii_case(unit));
    let (from, to) = (at(first)?, at(last)?);
    let parts: Vec<&str> = written.split(['-', ' ', ':']).collect();
    if from > to || parts.len() != to - from + 1 {
        return None;
    }
    let mut total = Period::default();
    for (part, unit) in parts.iter().zip(units.get(from..=to)?) {
        let one = single_unit(part, unit)?;
        total.months += one.months;
        total.days += one.days;
        total.millis += one.millis;
    }
    Some(total)
}

/// Functions about time; `None` when it is none.
pub(super) fn rewrite_call(function: &Function, settings: &Settings) -> Result<Option<Expr>, QueryError> {
    let name = name_of(function);
    let zone = || text(settings.zone.name());
    match name.as_str() {
        "current_timestamp" | "localtimestamp" => return Ok(Some(instant(settings.now_ms))),
        "current_date" => return Ok(Some(day(instant(settings.now_ms), settings.zone))),
        _ => {}
    }
    let Some(mut args) = plain_args(function) else { return Ok(None) };
    // The position at which the time zone stands, counted from 0.
    let zone_at = match name.as_str() {
        "time_floor" | "time_ceil" | "time_shift" => 3,
        "time_extract" | "time_format" | "time_parse" => 2,
        _ => return rewrite_other(&name, &args, settings),
    };
    if name == "time_extract" {
        if args.len() == 1 {
            args.push(text("EPOCH"));
        }
        if let Some(unit @ Expr::Identifier(_)) = args.get_mut(1) {
            *unit = text(&unit.to_string().to_ascii_uppercase());
        }
    }
    if matches!(name.as_str(), "time_floor" | "time_ceil" | "time_shift") && args.len() < 2 {
        let message =
            format!("Invalid number of arguments to function '{}': {}", name.to_uppercase(), args.len());
        return Err(invalid(message));
    }
    if args.len() <= zone_at {
        args.resize_with(zone_at, null);
        args.push(zone());
    }
    Ok(Some(call(&name, args)))
}

fn rewrite_other(name: &str, args: &[Expr], settings: &Settings) -> Result<Option<Expr>, QueryError> {
    let upper = name.to_uppercase();
    Ok(match (name, args) {
        (TIMES_BETWEEN, [unit, ..]) => {
            let message =
                format!("Cannot coerce field from type [java.lang.Integer] to type [INTERVAL_{unit}]");
            return Err(QueryError::refused(Refusal::Unplannable, message));
        }
        ("date_trunc", [unit, t]) => {
            let unit = string_of(unit).ok_or_else(|| invalid("DATE_TRUNC needs its unit as a text"))?;
            if unit.ends_with(['s', 'S']) && !unit.to_ascii_lowercase().ends_with("liseconds") {
                return Err(invalid(format!("Operator[DATE_TRUNC] cannot truncate to[{unit}]")));
            }
            Some(floor(t.clone(), unit_period(unit)?, settings.zone))
        }
        ("timestampadd", [unit, count, t]) => {
            let period = unit_period(&unit_name(unit))?;
            Some(call("time_plus", vec![t.clone(), text(period), count.clone(), text(settings.zone.name())]))
        }
        ("timestampdiff", [unit, from, to]) => {
            let unit = unit_name(unit).to_ascii_uppercase();
            let unit = unit.strip_prefix("SQL_TSI_").unwrap_or(&unit);
            let zone = text(settings.zone.name());
            Some(call("timestamp_diff", vec![text(unit), from.clone(), to.clone(), zone]))
        }
        ("time_in_interval", [t, span]) => {
            let written = string_of(span).ok_or_else(|| invalid("TIME_IN_INTERVAL needs a literal"))?;
            let span = interval(written, settings.zone).ok_or_else(|| {
                let message = format!("Function 'TIME_IN_INTERVAL' cannot read the interval [{written}]");
                QueryError::refused(Refusal::Evaluation, message)
            })?;
            let compare =
                |op, t2| Expr::BinaryOp { left: Box::new(t.clone()), op, right: Box::new(instant(t2)) };
            let from = compare(BinaryOperator::GtEq, span.start);
            let to = compare(BinaryOperator::Lt, span.end);
            let both = Expr::BinaryOp { left: Box::new(from), op: BinaryOperator::And, right: Box::new(to) };
            Some(Expr::Nested(Box::new(both)))
        }
        ("timestampadd" | "timestampdiff" | "time_in_interval" | "date_trunc", _) => {
            return Err(invalid(format!("{upper}: wrong number of arguments")));
        }
        _ => None,
    })
}

/// An interval; instants without an offset are in the zone.
fn interval(written: &str, zone: Tz) -> Option<TimeSpan> {
    let (start, end) = written.split_once('/')?;
    match (parse_iso_in(start, zone), parse_iso_in(end, zone)) {
        (Ok(start), Ok(end)) if start <= end => Some(TimeSpan { start, end }),
        _ => written.parse().ok(),
    }
}

fn unit_name(unit: &Expr) -> String {
    string_of(unit).map_or_else(|| unit.to_string(), str::to_owned)
}
