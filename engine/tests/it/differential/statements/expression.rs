//! Which random expressions are asked for? Of a kind, over the columns in scope, meaning the same in both dialects.

use fastrand::Rng;

use super::dialect::Sql;

/// What an expression's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Long,
    Double,
    Text,
    Bool,
    Time,
}

/// A column that can be named.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whether sums of it stay within a long and a double's exact integers.
    pub(super) small: bool,
}

/// Columns that can be named.
#[derive(Debug, Clone)]
pub(super) struct Scope(pub(super) Vec<Column>);

impl Scope {
    /// One of a kind; a literal where there is none.
    fn column(&self, rng: &mut Rng, kind: Kind, small: bool) -> Sql {
        let fitting: Vec<&Column> = self.0.iter().filter(|c| c.kind == kind && (c.small || !small)).collect();
        match fitting.as_slice() {
            [] => literal(rng, kind),
            some => Sql::same(some[rng.usize(..some.len())].name.clone()),
        }
    }
}

pub(super) const KINDS: [Kind; 5] = [Kind::Long, Kind::Double, Kind::Text, Kind::Bool, Kind::Time];

/// A constant.
pub(super) fn literal(rng: &mut Rng, kind: Kind) -> Sql {
    match kind {
        Kind::Long => Sql::same(rng.i64(-60..200).to_string()),
        Kind::Double => {
            let number = Sql::same(format!("{:?}", f64::from(rng.i32(-400..400)) / 4.0));
            Sql::each("{}", "CAST({} AS DOUBLE)", &[&number])
        }
        Kind::Text => {
            let text = match rng.u8(..4) {
                0 => format!("h{}", rng.u16(..400)),
                _ => ["", "a", "b", "ab", "B", "zz top", "it''s"][rng.usize(..7)].to_owned(),
            };
            // Without the cast it were a CHAR, which Druid pads.
            Sql::each("CAST({} AS VARCHAR)", "{}", &[&Sql::same(format!("'{text}'"))])
        }
        Kind::Bool => Sql::same(if rng.bool() { "TRUE" } else { "FALSE" }),
        Kind::Time => {
            let (day, hour, minute) = (rng.u8(1..4), rng.u8(..24), rng.u8(..60));
            Sql::same(format!("TIMESTAMP '2024-03-{day:02} {hour:02}:{minute:02}:00'"))
        }
    }
}

/// An expression of at most `depth` operators above its columns.
pub(super) fn expression(rng: &mut Rng, scope: &Scope, kind: Kind, depth: u8) -> Sql {
    if depth == 0 || rng.u8(..5) == 0 {
        return scope.column(rng, kind, false);
    }
    if kind != Kind::Bool && rng.u8(..5) == 0 {
        return conditional(rng, scope, kind, depth - 1);
    }
    match kind {
        Kind::Long => long(rng, scope, depth - 1),
        Kind::Double => double(rng, scope, depth - 1),
        Kind::Text => text(rng, scope, depth - 1),
        Kind::Bool => condition(rng, scope, depth - 1),
        Kind::Time => time(rng, scope, depth - 1),
    }
}

fn conditional(rng: &mut Rng, scope: &Scope, kind: Kind, depth: u8) -> Sql {
    let test = expression(rng, scope, Kind::Bool, depth);
    let [a, b] = [(); 2].map(|()| expression(rng, scope, kind, depth));
    match rng.u8(..4) {
        0 => Sql::both("CASE WHEN {} THEN {} ELSE {} END", &[&test, &a, &b]),
        1 => Sql::both("CASE WHEN {} THEN {} END", &[&test, &a]),
        2 => Sql::both("COALESCE({}, {})", &[&a, &b]),
        _ => Sql::both("NULLIF({}, {})", &[&a, &b]),
    }
}

/// A number small enough that no product of a few leaves a long.
fn small(rng: &mut Rng, scope: &Scope, depth: u8) -> Sql {
    if depth == 0 || rng.bool() {
        return scope.column(rng, Kind::Long, true);
    }
    long(rng, scope, depth - 1)
}

fn long(rng: &mut Rng, scope: &Scope, depth: u8) -> Sql {
    let a = small(rng, scope, depth.min(1));
    let b = scope.column(rng, Kind::Long, true);
    let literal = Sql::same(rng.i64(2..9).to_string());
    match rng.u8(..13) {
        0 | 1 => Sql::both("({} + {})", &[&a, &b]),
        2 => Sql::both("({} - {})", &[&a, &b]),
        3 => Sql::both("({} * {})", &[&a, &literal]),
        4 => Sql::each("({} / {})", "CAST(trunc(({}) / {}) AS BIGINT)", &[&a, &literal]),
        5 => Sql::both("MOD({}, {})", &[&a, &literal]),
        6 => Sql::both("ABS({})", &[&a]),
        7 => Sql::both("CHAR_LENGTH({})", &[&expression(rng, scope, Kind::Text, depth)]),
        8 => {
            let double = expression(rng, scope, Kind::Double, depth.min(1));
            Sql::each("CAST({} AS BIGINT)", "CAST(trunc({}) AS BIGINT)", &[&double])
        }
        9 => {
            let text = expression(rng, scope, Kind::Text, depth.min(1));
            Sql::each("CAST(SUBSTRING({}, 2) AS BIGINT)", "TRY_CAST(SUBSTRING({}, 2) AS BIGINT)", &[&text])
        }
        10 => {
            let parts =
                [("HOUR", "HOUR"), ("DAY", "DAY"), ("MINUTE", "MINUTE"), ("DOW", "ISODOW"), ("DOY", "DOY")];
            let (ours, theirs) = parts[rng.usize(..parts.len())];
            let time = expression(rng, scope, Kind::Time, depth);
            let template = |part: &str| format!("EXTRACT({part} FROM {{}})");
            Sql::each(&template(ours), &template(theirs), &[&time])
        }
        11 => {
            let [from, to] = [(); 2].map(|()| expression(rng, scope, Kind::Time, depth));
            Sql::each("TIMESTAMPDIFF(HOUR, {}, {})", "date_sub('hour', {}, {})", &[&from, &to])
        }
        _ => {
            let [of, within] = [(); 2].map(|()| expression(rng, scope, Kind::Text, depth));
            Sql::each("STRPOS({}, {})", "STRPOS({}, {})", &[&within, &of])
        }
    }
}

fn double(rng: &mut Rng, scope: &Scope, depth: u8) -> Sql {
    let a = expression(rng, scope, Kind::Double, depth.min(1));
    match rng.u8(..9) {
        0 | 1 => Sql::both("({} + {})", &[&a, &scope.column(rng, Kind::Double, true)]),
        2 => Sql::both("({} - {})", &[&a, &scope.column(rng, Kind::Long, true)]),
        3 => Sql::both("({} * 0.25)", &[&a]),
        4 => Sql::both("({} / 8.0)", &[&a]),
        5 => Sql::both("FLOOR({})", &[&a]),
        // Druid tells -0.0 from 0.0 as keys of groups.
        6 => Sql::both("(CEIL({}) + 0.0)", &[&a]),
        7 => Sql::both("SQRT(ABS({}))", &[&a]),
        _ => Sql::both("CAST({} AS DOUBLE)", &[&small(rng, scope, depth)]),
    }
}

fn text(rng: &mut Rng, scope: &Scope, depth: u8) -> Sql {
    let a = expression(rng, scope, Kind::Text, depth);
    let number = Sql::same(rng.u8(1..4).to_string());
    match rng.u8(..11) {
        0 => Sql::both("UPPER({})", &[&a]),
        1 => Sql::both("LOWER({})", &[&a]),
        2 | 3 => Sql::both("({} || {})", &[&a, &expression(rng, scope, Kind::Text, depth)]),
        // What starts past the end is null in Druid.
        4 => Sql::each("SUBSTRING({}, {})", "NULLIF(SUBSTRING({}, {}), '')", &[&a, &number]),
        5 => Sql::each("SUBSTRING({}, {}, 2)", "NULLIF(SUBSTRING({}, {}, 2), '')", &[&a, &number]),
        6 => Sql::both("TRIM({})", &[&a]),
        7 => Sql::both("REPLACE({}, {}, 'x')", &[&a, &Sql::same(["'a'", "'h1'", "' '"][rng.usize(..3)])]),
        8 => Sql::both("REVERSE({})", &[&a]),
        9 => Sql::both("LEFT({}, {})", &[&a, &number]),
        _ => Sql::both("CAST({} AS VARCHAR)", &[&small(rng, scope, depth)]),
    }
}

fn time(rng: &mut Rng, scope: &Scope, depth: u8) -> Sql {
    let a = expression(rng, scope, Kind::Time, depth);
    match rng.u8(..5) {
        0 => Sql::each("FLOOR({} TO HOUR)", "time_bucket(INTERVAL 1 HOUR, {})", &[&a]),
        1 => Sql::each("FLOOR({} TO DAY)", "time_bucket(INTERVAL 1 DAY, {})", &[&a]),
        2 => Sql::each("TIME_FLOOR({}, 'PT2H')", "time_bucket(INTERVAL 2 HOUR, {})", &[&a]),
        3 => Sql::each("TIME_SHIFT({}, 'P1D', 1)", "({} + INTERVAL 1 DAY)", &[&a]),
        _ => Sql::both("({} - INTERVAL '3' HOUR)", &[&a]),
    }
}

/// Something that holds, does not, or is unknown.
pub(super) fn condition(rng: &mut Rng, scope: &Scope, depth: u8) -> Sql {
    if depth > 0 && rng.u8(..3) == 0 {
        let [a, b] = [(); 2].map(|()| condition(rng, scope, depth - 1));
        return match rng.u8(..5) {
            0 | 1 => Sql::both("({} AND {})", &[&a, &b]),
            2 | 3 => Sql::both("({} OR {})", &[&a, &b]),
            _ => Sql::both("(NOT {})", &[&a]),
        };
    }
    let kind = [Kind::Long, Kind::Double, Kind::Text, Kind::Text, Kind::Time][rng.usize(..5)];
    let a = expression(rng, scope, kind, depth.min(1));
    let b = if rng.bool() { literal(rng, kind) } else { expression(rng, scope, kind, depth.min(1)) };
    match rng.u8(..9) {
        0..=2 => {
            let sign = ["=", "<>", "<", "<=", ">", ">="][rng.usize(..6)];
            Sql::both(&format!("({{}} {sign} {{}})"), &[&a, &b])
        }
        3 => Sql::both("({} IS NULL)", &[&a]),
        4 => Sql::both("({} IS NOT NULL)", &[&a]),
        5 => {
            let not = if rng.u8(..3) == 0 { "NOT " } else { "" };
            let values: Vec<Sql> = (0..rng.u8(1..5)).map(|_| literal(rng, kind)).collect();
            Sql::both(&format!("({{}} {not}IN ({{}}))"), &[&a, &Sql::joined(&values, ", ")])
        }
        6 => Sql::both("({} BETWEEN {} AND {})", &[&a, &b, &literal(rng, kind)]),
        7 => Sql::both("({} IS DISTINCT FROM {})", &[&a, &b]),
        _ => {
            let text = expression(rng, scope, Kind::Text, depth.min(1));
            let pattern = ["a%", "%1%", "_", "%", "h1_", "%b", ""][rng.usize(..7)];
            let not = if rng.u8(..3) == 0 { "NOT " } else { "" };
            Sql::both(&format!("({{}} {not}LIKE '{pattern}')"), &[&text])
        }
    }
}
