//! Which random statements are asked? Scans, groups, grouping sets, joins, windows, subqueries and unions, nested
//! in one another, over the tables `random` and `names`.

use fastrand::Rng;

use super::dialect::Sql;
use super::expression::{Column, KINDS, Kind, Scope, condition, expression, literal};

/// A statement: its text without order, and the kinds of its columns `c0`, `c1`, ...
#[derive(Debug, Clone)]
struct Query {
    text: Sql,
    columns: Vec<Kind>,
    /// Whether Druid sorts it: no rows of a datasource or union, but for their times.
    sorts: bool,
}

/// What stands behind FROM.
struct Source {
    text: Sql,
    scope: Scope,
    /// Whether Druid sorts its rows: those of joins, not those of one datasource.
    sorts: bool,
}

/// A whole statement: a query, often in an order that leaves nothing open, and cut.
pub(super) fn statement(rng: &mut Rng) -> Sql {
    let query = query(rng, 2);
    if rng.u8(..3) > 0 || !query.sorts {
        return query.text;
    }
    ordered(rng, query)
}

fn ordered(rng: &mut Rng, query: Query) -> Sql {
    let keys: Vec<Sql> = (1..=query.columns.len())
        // Where the only column is a key, Druid answers with a topN, which has null first in both directions.
        .map(|n| match query.columns.len() == 1 || rng.bool() {
            true => Sql::each("{}", "{} NULLS FIRST", &[&Sql::same(n.to_string())]),
            false => Sql::each("{} DESC", "{} DESC NULLS LAST", &[&Sql::same(n.to_string())]),
        })
        .collect();
    let limit = Sql::same(format!(" LIMIT {}", rng.u8(1..40)));
    let mut text = query.text.then(&Sql::both(" ORDER BY {}", &[&Sql::joined(&keys, ", ")])).then(&limit);
    if rng.u8(..4) == 0 {
        text = text.then(&Sql::same(format!(" OFFSET {}", rng.u8(1..9))));
    }
    text
}

/// A query in which at most `depth` others are nested.
fn query(rng: &mut Rng, depth: u8) -> Query {
    match rng.u8(..12) {
        0 | 1 => scan(rng, depth),
        2..=5 => groups(rng, depth),
        6 | 7 => grouping_sets(rng, depth),
        8 | 9 => windows(rng, depth),
        10 => union(rng, depth),
        _ => distinct(rng, depth),
    }
}

const RANDOM: [(&str, Kind, bool); 5] = [
    ("__time", Kind::Time, true),
    ("s", Kind::Text, true),
    ("h", Kind::Text, true),
    ("l", Kind::Long, true),
    ("d", Kind::Double, true),
];
const NAMES: [(&str, Kind, bool); 5] = [
    ("__time", Kind::Time, true),
    ("name", Kind::Text, true),
    ("place", Kind::Long, true),
    ("big", Kind::Long, false),
    ("weight", Kind::Double, true),
];

fn scope(alias: &str, columns: &[(&str, Kind, bool)]) -> Scope {
    let column = |(name, kind, small): &(&str, Kind, bool)| {
        let name = if alias.is_empty() { format!("\"{name}\"") } else { format!("{alias}.\"{name}\"") };
        Column { name, kind: *kind, small: *small }
    };
    Scope(columns.iter().map(column).collect())
}

fn source(rng: &mut Rng, depth: u8) -> Source {
    match rng.u8(..10) {
        0..=3 => Source { text: Sql::same("random"), scope: scope("", &RANDOM), sorts: false },
        4 => Source { text: Sql::same("names"), scope: scope("", &NAMES), sorts: false },
        5..=7 => join(rng, depth),
        _ if depth == 0 => Source { text: Sql::same("random"), scope: scope("", &RANDOM), sorts: false },
        _ => nested(rng, depth, "q"),
    }
}

/// A query as a table.
fn nested(rng: &mut Rng, depth: u8, alias: &str) -> Source {
    let inner = query(rng, depth - 1);
    let columns = inner.columns.iter().enumerate();
    let columns =
        columns.map(|(n, kind)| Column { name: format!("{alias}.c{n}"), kind: *kind, small: false });
    let scope = Scope(columns.collect());
    let text = if inner.sorts && rng.u8(..4) == 0 { ordered(rng, inner) } else { inner.text };
    Source { text: Sql::both(&format!("({{}}) {alias}"), &[&text]), scope, sorts: false }
}

fn join(rng: &mut Rng, depth: u8) -> Source {
    let left = match depth {
        0 => Source { text: Sql::same("random a"), scope: scope("a", &RANDOM), sorts: false },
        _ if rng.u8(..4) == 0 => nested(rng, depth, "a"),
        _ => Source { text: Sql::same("random a"), scope: scope("a", &RANDOM), sorts: false },
    };
    let right = match depth {
        0 => Source { text: Sql::same("names b"), scope: scope("b", &NAMES), sorts: false },
        _ if rng.u8(..3) == 0 => nested(rng, depth, "b"),
        _ => Source { text: Sql::same("names b"), scope: scope("b", &NAMES), sorts: false },
    };
    let of = |scope: &Scope, kind: Kind| {
        scope.0.iter().find(|column| column.kind == kind).map(|column| Sql::same(column.name.clone()))
    };
    let kind = [Kind::Text, Kind::Long][rng.usize(..2)];
    let kinds = [kind, Kind::Text, Kind::Long, Kind::Double, Kind::Time, Kind::Bool];
    let pair = kinds.iter().find_map(|kind| Some((of(&left.scope, *kind)?, of(&right.scope, *kind)?)));
    let both = Scope(left.scope.0.iter().chain(&right.scope.0).cloned().collect());
    let join = ["JOIN", "LEFT JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"][rng.usize(..6)];
    let Some((a, b)) = pair else {
        return Source {
            text: Sql::both("{} CROSS JOIN names x", &[&left.text]),
            scope: left.scope,
            sorts: true,
        };
    };
    let mut on = Sql::both("{} = {}", &[&a, &b]);
    // Beside equal values: one more condition, of inner joins only.
    if join == "JOIN" && rng.u8(..3) == 0 {
        on = Sql::both("{} AND {}", &[&on, &condition(rng, &both, 1)]);
    }
    let text = Sql::both(&format!("{{}} {join} {{}} ON {{}}"), &[&left.text, &right.text, &on]);
    Source { text, scope: both, sorts: true }
}

/// `WHERE`, or nothing; now and then with a query in it.
fn filter(rng: &mut Rng, scope: &Scope) -> Sql {
    match rng.u8(..20) {
        0..=12 => Sql::same(""),
        13 => {
            let text = expression(rng, scope, Kind::Text, 0);
            let inner = condition(rng, &self::scope("", &NAMES), 1);
            let not = if rng.u8(..4) == 0 { "NOT " } else { "" };
            let template =
                format!(" WHERE {{}} {not}IN (SELECT name FROM names WHERE name IS NOT NULL AND {{}})");
            Sql::both(&template, &[&text, &inner])
        }
        14 => {
            let sign = ["<", ">=", "="][rng.usize(..3)];
            let inner = condition(rng, &self::scope("", &RANDOM), 1);
            let long = expression(rng, scope, Kind::Long, 1);
            let template = format!(" WHERE {{}} {sign} (SELECT MAX(l) FROM random WHERE {{}})");
            Sql::both(&template, &[&long, &inner])
        }
        _ => Sql::both(" WHERE {}", &[&condition(rng, scope, 2)]),
    }
}

fn named(parts: Vec<Sql>) -> Sql {
    let named = parts.into_iter().enumerate().map(|(n, part)| part.then(&Sql::same(format!(" AS c{n}"))));
    Sql::joined(&named.collect::<Vec<_>>(), ", ")
}

fn scan(rng: &mut Rng, depth: u8) -> Query {
    let source = source(rng, depth);
    let columns: Vec<Kind> = (0..rng.usize(1..5)).map(|_| KINDS[rng.usize(..KINDS.len())]).collect();
    let results = columns.iter().map(|kind| expression(rng, &source.scope, *kind, 2)).collect();
    let filter = filter(rng, &source.scope);
    let text = Sql::both("SELECT {} FROM {}{}", &[&named(results), &source.text, &filter]);
    Query { text, columns, sorts: source.sorts }
}

fn distinct(rng: &mut Rng, depth: u8) -> Query {
    let source = source(rng, depth);
    let columns: Vec<Kind> = (0..rng.usize(1..3)).map(|_| KINDS[rng.usize(..KINDS.len())]).collect();
    let results = columns.iter().map(|kind| expression(rng, &source.scope, *kind, 1)).collect();
    let filter = filter(rng, &source.scope);
    let text = Sql::both("SELECT DISTINCT {} FROM {}{}", &[&named(results), &source.text, &filter]);
    Query { text, columns, sorts: true }
}

fn aggregate(rng: &mut Rng, scope: &Scope) -> (Sql, Kind) {
    let small = |rng: &mut Rng, kind: Kind| {
        let fitting: Vec<&Column> = scope.0.iter().filter(|c| c.kind == kind && c.small).collect();
        match fitting.as_slice() {
            [] => literal(rng, kind),
            some => Sql::same(some[rng.usize(..some.len())].name.clone()),
        }
    };
    let number = [Kind::Long, Kind::Double][rng.usize(..2)];
    let (call, kind) = match rng.u8(..9) {
        0 | 1 => (Sql::same("COUNT(*)"), Kind::Long),
        2 => {
            let kind = KINDS[rng.usize(..KINDS.len())];
            (Sql::both("COUNT({})", &[&expression(rng, scope, kind, 1)]), Kind::Long)
        }
        3 | 4 => (Sql::both("SUM({})", &[&small(rng, number)]), number),
        5 => (Sql::both("MIN({})", &[&expression(rng, scope, number, 1)]), number),
        6 => (Sql::both("MAX({})", &[&expression(rng, scope, number, 1)]), number),
        7 => (Sql::both("AVG({})", &[&small(rng, number)]), Kind::Double),
        _ => (Sql::both("MAX({})", &[&expression(rng, scope, Kind::Time, 1)]), Kind::Time),
    };
    if rng.u8(..4) > 0 {
        return (call, kind);
    }
    (Sql::both("{} FILTER (WHERE {})", &[&call, &condition(rng, scope, 1)]), kind)
}

/// Keys and aggregates of a query that groups.
struct Grouped {
    source: Source,
    keys: Vec<(Sql, Kind)>,
    aggregates: Vec<(Sql, Kind)>,
    filter: Sql,
}

fn grouped(rng: &mut Rng, depth: u8, keys: std::ops::Range<usize>) -> Grouped {
    let source = source(rng, depth);
    let kinds: Vec<Kind> = (0..rng.usize(keys)).map(|_| KINDS[rng.usize(..KINDS.len())]).collect();
    let mut keys: Vec<(Sql, Kind)> = Vec::new();
    for kind in kinds {
        let key = expression(rng, &source.scope, kind, 1);
        // A bare constant means another thing as a key, and so does a key that is there twice.
        let column = key.ours.contains('"') || key.ours.contains(".c");
        if column && keys.iter().all(|(other, _)| other.ours != key.ours) {
            keys.push((key, kind));
        }
    }
    let aggregates = (0..rng.usize(1..4)).map(|_| aggregate(rng, &source.scope)).collect();
    let filter = filter(rng, &source.scope);
    Grouped { source, keys, aggregates, filter }
}

impl Grouped {
    fn query(
        self,
        rng: &mut Rng,
        group_by: impl FnOnce(&[Sql]) -> Option<Sql>,
        more: Vec<(Sql, Kind)>,
    ) -> Query {
        let keys: Vec<Sql> = self.keys.iter().map(|(key, _)| key.clone()).collect();
        let having = match self.aggregates.first() {
            Some((first, kind)) if rng.u8(..5) == 0 => {
                Some(Sql::both("{} >= {}", &[first, &literal(rng, *kind)]))
            }
            _ => None,
        };
        // Grouping sets over no rows have no total in Druid.
        let having = match (having, more.is_empty()) {
            (None, true) => Sql::same(""),
            (None, false) => Sql::each("", " HAVING COUNT(*) > 0", &[]),
            (Some(test), true) => Sql::both(" HAVING {}", &[&test]),
            (Some(test), false) => Sql::each(" HAVING {}", " HAVING {} AND COUNT(*) > 0", &[&test]),
        };
        let group_by = group_by(&keys).map_or_else(|| Sql::same(""), |by| Sql::both(" GROUP BY {}", &[&by]));
        let results: Vec<(Sql, Kind)> = self.keys.into_iter().chain(more).chain(self.aggregates).collect();
        let columns = results.iter().map(|(_, kind)| *kind).collect();
        let results = named(results.into_iter().map(|(result, _)| result).collect());
        let parts = [&results, &self.source.text, &self.filter, &group_by, &having];
        Query { text: Sql::both("SELECT {} FROM {}{}{}{}", &parts), columns, sorts: true }
    }
}

fn groups(rng: &mut Rng, depth: u8) -> Query {
    let mut grouped = grouped(rng, depth, 0..4);
    // One distinct count, as Druid allows.
    if rng.u8(..5) == 0 {
        let kind = [Kind::Text, Kind::Long, Kind::Time][rng.usize(..3)];
        let of = expression(rng, &grouped.source.scope, kind, 1);
        grouped.aggregates = vec![(Sql::both("COUNT(DISTINCT {})", &[&of]), Kind::Long)];
    }
    grouped.query(rng, |keys| (!keys.is_empty()).then(|| Sql::joined(keys, ", ")), Vec::new())
}

fn grouping_sets(rng: &mut Rng, depth: u8) -> Query {
    let grouped = grouped(rng, depth, 2..5);
    let by = rng.u8(..3);
    let chosen: Vec<u8> = (0..4).map(|_| rng.u8(..16)).collect();
    let Some((first, _)) = grouped.keys.first().cloned() else {
        return grouped.query(rng, |_| None, Vec::new());
    };
    let grouping = (Sql::both("GROUPING({})", &[&first]), Kind::Long);
    let sets = |keys: &[Sql]| {
        let all = Sql::joined(keys, ", ");
        Some(match by {
            0 => Sql::both("ROLLUP ({})", &[&all]),
            1 => Sql::both("CUBE ({})", &[&all]),
            _ => {
                let set = |bits: u8| {
                    let of = |n: &usize| bits >> n & 1 == 1;
                    let keys: Vec<Sql> = (0..keys.len()).filter(of).map(|n| keys[n].clone()).collect();
                    Sql::both("({})", &[&Sql::joined(&keys, ", ")])
                };
                let mut bits = chosen;
                bits.iter_mut().for_each(|b| *b %= 1 << keys.len());
                bits.push((1 << keys.len()) - 1);
                bits.sort_unstable();
                bits.dedup();
                let sets: Vec<Sql> = bits.into_iter().map(set).collect();
                Sql::both("GROUPING SETS ({})", &[&Sql::joined(&sets, ", ")])
            }
        })
    };
    grouped.query(rng, sets, vec![grouping])
}

/// Windows over groups, whose keys put them in an order that leaves nothing open.
fn windows(rng: &mut Rng, depth: u8) -> Query {
    let grouped = grouped(rng, depth, 2..4);
    let key_count = grouped.keys.len();
    let inner = grouped.query(rng, |keys| (!keys.is_empty()).then(|| Sql::joined(keys, ", ")), Vec::new());
    let order: Vec<Sql> = (0..key_count)
        .map(|n| match rng.bool() {
            true => Sql::each("{}", "{} NULLS FIRST", &[&Sql::same(format!("w.c{n}"))]),
            false => Sql::each("{} DESC", "{} DESC NULLS LAST", &[&Sql::same(format!("w.c{n}"))]),
        })
        .collect();
    let mut over = Sql::same("");
    if key_count > 1 && rng.bool() {
        over = Sql::same("PARTITION BY w.c0");
    }
    if !order.is_empty() {
        over = Sql::both("{} ORDER BY {}", &[&over, &Sql::joined(&order, ", ")]);
    }
    let value = rng.usize(..inner.columns.len());
    let mut columns = inner.columns.clone();
    let mut results: Vec<Sql> = (0..columns.len()).map(|n| Sql::same(format!("w.c{n}"))).collect();
    for _ in 0..rng.u8(1..3) {
        let (call, kind) = window(rng, value, &inner.columns, key_count > 0);
        results.push(Sql::both("{} OVER ({})", &[&call, &over]));
        columns.push(kind);
    }
    let text = Sql::both("SELECT {} FROM ({}) w", &[&named(results), &inner.text]);
    Query { text, columns, sorts: true }
}

fn window(rng: &mut Rng, value: usize, columns: &[Kind], in_order: bool) -> (Sql, Kind) {
    let of = Sql::same(format!("w.c{value}"));
    let kind = columns[value];
    let numeric = matches!(kind, Kind::Long | Kind::Double);
    match rng.u8(..9) {
        0 => (Sql::same("ROW_NUMBER()"), Kind::Long),
        1 if in_order => (Sql::same("RANK()"), Kind::Long),
        2 if in_order => (Sql::same("DENSE_RANK()"), Kind::Long),
        3 => (Sql::both("LAG({}, 1)", &[&of]), kind),
        4 => (Sql::both("LEAD({}, 2)", &[&of]), kind),
        5 => (Sql::both("FIRST_VALUE({})", &[&of]), kind),
        6 => (Sql::both("LAST_VALUE({})", &[&of]), kind),
        7 if numeric => (Sql::both("MAX({})", &[&of]), kind),
        _ => (Sql::both("COUNT({})", &[&of]), Kind::Long),
    }
}

fn union(rng: &mut Rng, depth: u8) -> Query {
    let columns: Vec<Kind> = (0..rng.usize(1..4)).map(|_| KINDS[rng.usize(..KINDS.len())]).collect();
    let part = |rng: &mut Rng| {
        let source = source(rng, depth.saturating_sub(1));
        let results = columns.iter().map(|kind| expression(rng, &source.scope, *kind, 1)).collect();
        let filter = filter(rng, &source.scope);
        Sql::both("SELECT {} FROM {}{}", &[&named(results), &source.text, &filter])
    };
    let [a, b] = [(); 2].map(|()| part(rng));
    let text = Sql::both("SELECT * FROM ({} UNION ALL {}) u", &[&a, &b]);
    Query { text, columns, sorts: false }
}
