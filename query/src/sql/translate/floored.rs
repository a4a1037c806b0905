//! For which times is a comparison of a calendar period with an instant true? `TIME_FLOOR(__time, 'P1D') = t` is that of
//! a range of `__time`, which needs no expression.

use alluvium_segments::TIME_COLUMN;
use alluvium_segments::time::{Granularity, Interval, parse_zone};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// The times at which a comparison of `TIME_FLOOR(__time, ..)` with a literal is true; `None` when it is none.
pub(super) fn times(binary: &BinaryExpr) -> Option<Option<Interval>> {
    let (granularity, op, t) = match (floor(&binary.left), instant(&binary.right)) {
        (Some(granularity), Some(t)) => (granularity, binary.op, t),
        _ => (floor(&binary.right)?, binary.op.swap()?, instant(&binary.left)?),
    };
    let all = Interval::ETERNITY;
    if !all.contains(t) {
        return None;
    }
    let start = granularity.bucket_start(t);
    let end = granularity.bucket_end(start);
    // The first period that begins at `t` or later.
    let next = if start == t { t } else { end };
    let span = match op {
        Operator::Eq if start == t => Interval { start, end },
        Operator::Eq => return Some(None),
        Operator::Lt => Interval { start: all.start, end: next },
        Operator::LtEq => Interval { start: all.start, end },
        Operator::Gt => Interval { start: end, end: all.end },
        Operator::GtEq => Interval { start: next, end: all.end },
        _ => return None,
    };
    Some(all.intersect(span))
}

/// The periods of `TIME_FLOOR(__time, period, NULL, zone)` or `CAST(__time AS DATE)`.
fn floor(expr: &Expr) -> Option<Granularity> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let text = |e: &Expr| match e {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    };
    let (column, period, zone) = match (call.func.name(), call.args.as_slice()) {
        ("time_floor", [Expr::Column(column), period, Expr::Literal(origin, _), zone])
            if origin.is_null() =>
        {
            (column, text(period)?, text(zone)?)
        }
        ("cast_date", [Expr::Column(column), zone]) => (column, "P1D".to_owned(), text(zone)?),
        _ => return None,
    };
    if column.name != TIME_COLUMN {
        return None;
    }
    Granularity::period(period.parse().ok()?, parse_zone(&zone).ok()?, None).ok()
}

fn instant(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::TimestampMillisecond(t, _), _) => *t,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;
    use crate::sql::coerce::call;

    #[test]
    fn days_are_ranges() {
        const DAY: i64 = 86_400_000;
        let floor = || {
            let null = Expr::Literal(ScalarValue::Null, None);
            call("time_floor", vec![col(TIME_COLUMN), lit("P1D"), null, lit("UTC")])
        };
        let at = |t: i64| Expr::Literal(ScalarValue::TimestampMillisecond(Some(t), None), None);
        let span = |op: Operator, t: i64| {
            let found = times(&BinaryExpr { left: Box::new(floor()), op, right: Box::new(at(t)) });
            found.unwrap().map(|i| (i.start, i.end))
        };
        let all = Interval::ETERNITY;
        assert_eq!(span(Operator::Eq, DAY), Some((DAY, 2 * DAY)));
        assert_eq!(span(Operator::Eq, DAY + 1), None);
        assert_eq!(span(Operator::Lt, DAY), Some((all.start, DAY)));
        assert_eq!(span(Operator::Lt, DAY + 1), Some((all.start, 2 * DAY)));
        assert_eq!(span(Operator::LtEq, DAY), Some((all.start, 2 * DAY)));
        assert_eq!(span(Operator::Gt, DAY), Some((2 * DAY, all.end)));
        assert_eq!(span(Operator::GtEq, DAY + 1), Some((2 * DAY, all.end)));
        assert!(
            times(&BinaryExpr { left: Box::new(at(0)), op: Operator::Eq, right: Box::new(at(0)) }).is_none()
        );
    }
}
