//! What does the node count? `/metrics`, in the text format of Prometheus.

use std::fmt::{Display, Write};

use alluvium_ingest::service::SupervisorDetail;
use alluvium_query::CacheCounts;
use serde_json::Value;

use super::answer::Outcome;
use super::reply::Reply;
use super::request::Request;
use crate::about::memory_bytes;
use crate::node::Node;

/// Metrics as they are written.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// One metric, with any number of labelled values.
    fn metric<V: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (String, V)>,
    ) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "# HELP alluvium_{name} {help}\n# TYPE alluvium_{name} {kind}\n");
        for (labels, value) in values {
            let _ = writeln!(self.text, "alluvium_{name}{labels} {value}");
        }
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.metric(name, "counter", help, [(String::new(), value)]);
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.metric(name, "gauge", help, [(String::new(), value)]);
    }
}

fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}

/// `/metrics`.
pub(crate) fn metrics(node: &Node, _request: &Request) -> Outcome {
    let mut page = Page::default();
    page.gauge("uptime_seconds", "Seconds since the start.", node.uptime().as_secs());
    page.gauge("resident_memory_bytes", "Memory of the process.", memory_bytes().0);
    page.gauge("jdbc_connections", "JDBC connections that are open.", node.avatica().open_connections());
    queries(node, &mut page);
    data(node, &mut page);
    ingestion(node, &mut page);
    Ok(Reply::bytes("text/plain; version=0.0.4", page.text))
}

fn queries(node: &Node, page: &mut Page) {
    let counters = node.queries().counters();
    page.counter("queries_total", "Queries asked.", counters.queries());
    let by_type = counters.by_type().into_iter().map(|(kind, n)| (label("type", &kind), n));
    page.metric("queries_by_type_total", "counter", "Queries asked, by type.", by_type);
    page.gauge("queries_running", "Queries that run now.", node.queries().running());
    page.counter("query_failures_total", "Queries that failed.", counters.failures());
    let fallbacks = "Parts of SQL queries that did not become segment work.";
    page.counter("sql_fallbacks_total", fallbacks, counters.fallbacks());
    let scarce =
        "SQL queries that did not fit into their memory and were run again with sorted joins and files.";
    page.counter("sql_scarce_total", scarce, counters.scarcities());
    page.counter("segments_scanned_total", "Segments looked at by queries.", counters.segments_scanned());
    let projected = "Segments that queries were answered for by a projection.";
    page.counter("segments_projected_total", projected, counters.segments_projected());
    let copied = "Bytes of values that queries copied out of live segments.";
    page.counter("live_copied_bytes_total", copied, counters.live_bytes_copied());
    page.counter("rows_scanned_total", "Rows looked at by queries.", counters.rows_scanned());
    let (segments, results) = (node.queries().segment_cache(), node.queries().result_cache());
    let both = |of: fn(&CacheCounts) -> u64| {
        [(label("cache", "segments"), of(&segments)), (label("cache", "results"), of(&results))]
    };
    let hits = "Results that queries took from a cache: of segments, or whole ones.";
    page.metric("cache_hits_total", "counter", hits, both(|counts| counts.hits));
    let misses = "Results that queries did not find in a cache.";
    page.metric("cache_misses_total", "counter", misses, both(|counts| counts.misses));
    let evictions = "Results that a cache had no room for any more.";
    page.metric("cache_evictions_total", "counter", evictions, both(|counts| counts.evictions));
    page.metric("cache_entries", "gauge", "Results in a cache.", both(|counts| counts.entries));
    page.metric("cache_bytes", "gauge", "Memory of a cache.", both(|counts| counts.bytes));
}

fn data(node: &Node, page: &mut Page) {
    let snapshot = node.catalog().snapshot();
    let each = || snapshot.datasources.iter().map(|(name, d)| (label("datasource", name), d));
    page.gauge("catalog_generation", "Replacements of the catalogue's snapshot.", snapshot.generation);
    let sealed = each().map(|(l, d)| (l, d.sealed.len()));
    page.metric("sealed_segments", "gauge", "Sealed segments served.", sealed);
    let live = each().map(|(l, d)| (l, d.live.len()));
    page.metric("live_segments", "gauge", "Live segments.", live);
    let broken = each().map(|(l, d)| (l, d.broken.len()));
    page.metric("broken_segments", "gauge", "Published segments that cannot be read.", broken);
    let rows = each().map(|(l, d)| (l, d.sealed.iter().map(|s| s.segment.rows()).sum::<usize>()));
    page.metric("sealed_rows", "gauge", "Rows in sealed segments.", rows);
    let rows = each().map(|(l, d)| (l, d.live.iter().map(|l| l.view().rows()).sum::<usize>()));
    page.metric("live_rows", "gauge", "Rows in live segments.", rows);
    let bytes = each().map(|(l, d)| (l, d.sealed.iter().map(|s| s.segment.size_bytes()).sum::<u64>()));
    page.metric("sealed_bytes", "gauge", "Bytes of sealed segments.", bytes);
}

/// Names of the row counters of a task, and what they count.
const ROW_COUNTERS: [(&str, &str, &str); 5] = [
    ("processed", "ingest_processed_rows", "Records that became rows."),
    ("processedBytes", "ingest_processed_bytes", "Bytes of records read."),
    ("processedWithError", "ingest_rows_with_error", "Rows with an unreadable value."),
    ("thrownAway", "ingest_thrown_away_rows", "Records left out by filter or time."),
    ("unparseable", "ingest_unparseable_rows", "Records that could not be read."),
];

fn ingestion(node: &Node, page: &mut Page) {
    let states = node.ingest().supervisors(SupervisorDetail::State);
    let ids: Vec<&str> =
        states.as_array().into_iter().flatten().filter_map(|s| s.get("id")?.as_str()).collect();
    let stats: Vec<(&str, Value)> =
        ids.iter().map(|id| (*id, node.ingest().supervisor_stats(id).unwrap_or_default())).collect();
    for (field, name, help) in ROW_COUNTERS {
        let of = |stats: &Value| -> u64 {
            let tasks = stats.as_object().into_iter().flatten().filter_map(|(_, group)| group.as_object());
            let totals =
                tasks.flatten().filter_map(|(_, task)| task.pointer("/totals/buildSegments")?.get(field));
            totals.filter_map(Value::as_u64).sum()
        };
        let values = stats.iter().map(|(id, stats)| (label("supervisor", id), of(stats)));
        page.metric(name, "gauge", &format!("{help} Of the tasks that run now."), values);
    }
    let lags = ids.iter().filter_map(|id| {
        let status = node.ingest().supervisor_status(id).ok()?;
        Some((label("supervisor", id), status.pointer("/payload/aggregateLag")?.as_i64()?))
    });
    page.metric("ingest_lag_records", "gauge", "Records of the stream not read yet.", lags);
    let healthy = ids.iter().filter_map(|id| {
        let healthy = node.ingest().supervisor_health(id).ok()?;
        Some((label("supervisor", id), i32::from(healthy)))
    });
    page.metric("supervisor_healthy", "gauge", "Whether a supervisor is healthy.", healthy);
}
