//! Which functions are about time? The rewriter has put a time zone into every one that needs it.

use alluvium_segments::time::{DAY_MS, Period};

use super::Returns::{Integer, Long, Shifted, Text, Timestamp};
use super::{Definition, Operand, call, quote_text, simple, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    simple("time_floor", (4, 4), Timestamp, "timestamp_floor"),
    simple("time_ceil", (4, 4), Timestamp, "timestamp_ceil"),
    simple("time_shift", (4, 4), Timestamp, "timestamp_shift"),
    simple("time_extract", (3, 3), Long, "timestamp_extract"),
    with("time_format", (3, 3), Text, |args| {
        let [t, pattern, zone] = args else { return None };
        let default = "'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSZZ'";
        let pattern = if pattern.is_null() { default } else { pattern.text.as_str() };
        Some(format!("timestamp_format({},{pattern},{})", t.text, zone.text))
    }),
    simple("time_parse", (3, 3), Timestamp, "timestamp_parse"),
    with("millis_to_timestamp", (1, 1), Timestamp, |args| Some(args.first()?.text.clone())),
    with("timestamp_to_millis", (1, 1), Long, |args| Some(args.first()?.text.clone())),
    with("timestamp_diff", (4, 4), Integer, difference),
    with("time_plus", (4, 4), Shifted, plus),
];

/// `t + n * period`: days have 24 hours here and months are those of the calendar.
fn plus(args: &[Operand]) -> Option<String> {
    let [t, period, count, zone] = args else { return None };
    let period: Period = period.as_str()?.parse().ok()?;
    let Period { months, weeks, days, millis } = period;
    let exact = (weeks * 7 + days) * DAY_MS + millis;
    if months == 0 {
        return Some(format!("({} + ({exact} * {}))", t.text, count.text));
    }
    let shifted = Period { months, millis: exact, ..Period::default() };
    let args = [t.text.as_str(), &quote_text(&shifted.to_string()), &count.text, &zone.text];
    Some(format!("timestamp_shift({})", args.join(",")))
}

/// Whole units from the second to the third argument, cut towards zero.
fn difference(args: &[Operand]) -> Option<String> {
    let [unit, from, to, zone] = args else { return None };
    let unit = unit.as_str()?;
    let millis = match unit.strip_suffix('S').unwrap_or(unit) {
        "MILLISECOND" => 1,
        "SECOND" => 1000,
        "MINUTE" => 60_000,
        "HOUR" => 3_600_000,
        "DAY" => 86_400_000,
        "WEEK" => 604_800_000,
        unit => {
            let months = [("MONTH", 1), ("QUARTER", 3), ("YEAR", 12)];
            let (_, months) = months.into_iter().find(|(name, _)| *name == unit)?;
            let between = call("subtract_months", &[to.clone(), from.clone(), zone.clone()]);
            return Some(if months == 1 { between } else { format!("div({between},{months})") });
        }
    };
    Some(format!("div(({} - {}),{millis})", to.text, from.text))
}

/// The pattern of days alone.
pub(super) fn date_pattern() -> String {
    quote_text("yyyy-MM-dd")
}

/// A pattern as a literal; used where a cast writes a time as SQL does.
pub(super) fn sql_pattern() -> String {
    quote_text("yyyy-MM-dd HH:mm:ss")
}
