//! What does search answer? For each bucket the values that match, with the dimension and the number of rows.

use std::collections::BTreeMap;

use super::Surroundings;
use super::write::{write_key, write_list, write_long, write_text};
use crate::QueryError;
use crate::column::Datum;
use crate::partial::Groups;
use crate::plan::AggregatePlan;
use crate::request::Search;

struct Hit {
    dimension: String,
    value: Option<String>,
    count: i64,
}

/// The whole answer, from groups by one dimension each, counted.
pub(crate) fn search(
    query: &Search,
    found: Vec<(AggregatePlan, Groups)>,
    around: &Surroundings<'_>,
) -> Result<Vec<u8>, QueryError> {
    let mut buckets: BTreeMap<i64, Vec<Hit>> = BTreeMap::new();
    if !around.coverage.is_empty() {
        buckets.insert(around.all_time(), Vec::new());
    }
    for (plan, groups) in found {
        let times = groups.buckets().to_vec();
        let len = groups.len();
        let columns = groups.finish(&plan);
        let [values, counts] = columns.as_slice() else { continue };
        let mut rows: Vec<usize> = (0..len).collect();
        rows.sort_by(|a, b| {
            query.sort.compare_nullable(values.data.text(*a).as_deref(), values.data.text(*b).as_deref())
        });
        for row in rows {
            let value = values.data.text(row);
            if !query.query.accepts(value.as_deref()) {
                continue;
            }
            let count = if let Datum::Long(count) = counts.data.get(row) { count } else { 0 };
            let time = times.get(row).copied().unwrap_or_else(|| around.all_time());
            let hit = Hit { dimension: values.name.clone(), value, count };
            buckets.entry(time).or_default().push(hit);
        }
    }
    let mut out = vec![b'['];
    write_list(&mut buckets, &mut out, |(time, hits), out| {
        // The limit takes from one dimension after the other; what it leaves is sorted.
        hits.truncate(query.limit);
        hits.sort_by(|a, b| {
            let order = query.sort.compare_nullable(a.value.as_deref(), b.value.as_deref());
            order.then_with(|| a.dimension.cmp(&b.dimension))
        });
        out.extend(b"{\"timestamp\":");
        around.times.write(*time, out);
        out.extend(b",\"result\":[");
        write_list(hits.iter(), out, |hit, out| {
            out.push(b'{');
            write_key("dimension", out);
            write_text(&hit.dimension, out);
            out.push(b',');
            write_key("value", out);
            match &hit.value {
                Some(value) => write_text(value, out),
                None => out.extend(b"null"),
            }
            out.push(b',');
            write_key("count", out);
            write_long(hit.count, out);
            out.push(b'}');
        });
        out.extend(b"]}");
    });
    out.push(b']');
    Ok(out)
}
