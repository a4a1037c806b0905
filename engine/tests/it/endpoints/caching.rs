//! Caches over HTTP: entity tags, answers that are kept, what is counted.

use alluvium::config::{CacheConfig, Config};
use serde_json::{Value, json};

use super::{EDITS, edits_task, node_with_edits};
use crate::node::Node;

fn timeseries() -> Value {
    json!({
        "queryType": "timeseries", "dataSource": "edits", "intervals": ["2015-09-12/2015-09-14"],
        "granularity": "all", "aggregations": [{ "type": "count", "name": "n" }]
    })
}

/// The value of a line of `/metrics`.
fn metric(node: &Node, name: &str) -> u64 {
    let page = node.get("/metrics").text;
    let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn caching_node() -> Node {
    let cache = CacheConfig {
        use_segments: true,
        populate_segments: true,
        use_results: true,
        populate_results: true,
        ..CacheConfig::default()
    };
    let node = Node::start_with(Config { cache, ..Config::default() });
    assert_eq!(node.run_task(&edits_task(EDITS))["status"], "SUCCESS");
    node
}

#[test]
fn clients_that_have_the_answer_get_304() {
    let node = node_with_edits();
    let plain = node.post("/druid/v2", &timeseries());
    // Without a cache of answers, and not asked for, none is computed.
    assert_eq!((plain.status, plain.header("etag")), (200, ""));
    let first = node.post_with("/druid/v2", &timeseries(), ("If-None-Match", "unknown"));
    let tag = first.header("etag").to_owned();
    assert_eq!((first.status, first.text.as_str()), (200, plain.text.as_str()));
    assert_eq!(tag.len(), 32);
    let mut again = timeseries();
    again["context"] = json!({ "queryId": "x", "timeout": 1000 });
    for tags in [tag.clone(), format!("\"{tag}\""), format!("W/\"other\", W/\"{tag}\"")] {
        let second = node.post_with("/druid/v2", &again, ("If-None-Match", &tags));
        assert_eq!((second.status, second.text.as_str(), second.header("etag")), (304, "", tag.as_str()));
        assert_eq!(second.header("x-druid-query-id"), "x");
    }
    let mut other = timeseries();
    other["intervals"] = json!("2015-09-12/2015-09-13");
    assert_eq!(node.post_with("/druid/v2", &other, ("If-None-Match", &tag)).status, 200);
    // A new version of a day.
    let task = edits_task(r##"{"t":"2015-09-13T01:00:00Z","channel":"#de","user":"x","added":7}"##);
    assert_eq!(node.run_task(&task)["status"], "SUCCESS");
    let third = node.post_with("/druid/v2", &timeseries(), ("If-None-Match", &tag));
    assert_eq!(third.status, 200);
    assert_eq!(third.json()[0]["result"]["n"], 4);
    assert_ne!(third.header("etag"), tag);
}

#[test]
fn kept_answers_have_the_same_bytes_until_a_segment_is_replaced() {
    let node = caching_node();
    let hits = |node: &Node| metric(node, "alluvium_cache_hits_total{cache=\"results\"}");
    let sql = json!({ "query": "SELECT channel, COUNT(*) AS n FROM edits GROUP BY 1 ORDER BY 1",
        "resultFormat": "csv", "header": true });
    let (native, text) = (node.post("/druid/v2", &timeseries()), node.post("/druid/v2/sql", &sql));
    assert_eq!(hits(&node), 0);
    let rows = metric(&node, "alluvium_rows_scanned_total");
    for n in 1..3 {
        assert_eq!(node.post("/druid/v2", &timeseries()).text, native.text);
        let again = node.post("/druid/v2/sql", &sql);
        assert_eq!(again.text, text.text);
        assert_eq!(again.header("content-type"), text.header("content-type"));
        assert_eq!(again.header("x-druid-sql-header-included"), "yes");
        assert_ne!(again.header("x-druid-sql-query-id"), text.header("x-druid-sql-query-id"));
        assert_eq!(hits(&node), 2 * n);
    }
    assert_eq!(metric(&node, "alluvium_rows_scanned_total"), rows);
    assert_eq!(metric(&node, "alluvium_cache_entries{cache=\"results\"}"), 2);
    assert!(metric(&node, "alluvium_cache_bytes{cache=\"segments\"}") > 0);
    assert!(!node.post("/druid/v2", &timeseries()).header("etag").is_empty());

    let task = edits_task(r##"{"t":"2015-09-13T01:00:00Z","channel":"#new","user":"x","added":7}"##);
    assert_eq!(node.run_task(&task)["status"], "SUCCESS");
    assert_eq!(node.post("/druid/v2", &timeseries()).json()[0]["result"]["n"], 4);
    assert_eq!(node.post("/druid/v2/sql", &sql).text, "channel,n\n#en,2\n#fr,1\n#new,1\n\n");
}

#[test]
fn the_context_switches_caches_off() {
    let node = caching_node();
    let off = json!({ "useCache": false, "populateCache": "false", "useResultLevelCache": false,
        "populateResultLevelCache": false });
    let mut native = timeseries();
    native["context"] = off.clone();
    let sql = json!({ "query": "SELECT COUNT(*) FROM edits", "context": off });
    for _ in 0..2 {
        assert_eq!(node.post("/druid/v2", &native).header("etag"), "");
        assert_eq!(node.post("/druid/v2/sql", &sql).status, 200);
    }
    for cache in ["segments", "results"] {
        for name in ["hits_total", "misses_total", "entries", "bytes"] {
            let name = format!("alluvium_cache_{name}{{cache=\"{cache}\"}}");
            assert_eq!(metric(&node, &name), 0, "{name}");
        }
    }
}
