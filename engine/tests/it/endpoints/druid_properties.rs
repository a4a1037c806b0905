//! Druid's runtime properties in section `[druid]` of the configuration: which are honoured, which have no effect, which are
//! refused.

use std::path::Path;

use alluvium::config::Config;
use serde_json::{Value, json};

use super::{EDITS, edits_task};
use crate::node::Node;

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alluvium.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Path::new(&path)).map_err(|error| error.explain())
}

/// A node with datasource `edits` and properties.
fn configured(text: &str) -> Node {
    let node = Node::start_with(load(text).unwrap());
    assert_eq!(node.run_task(&edits_task(EDITS))["status"], "SUCCESS");
    node
}

#[test]
fn defaults_of_the_context_hold_in_both_languages() {
    let node = configured(
        "druid.query.default.context.sqlTimeZone = 'Asia/Tokyo'\n\
         druid.query.default.context.grandTotal = true\n\
         druid.query.default.context.priority = 5\n\
         druid.query.default.context.perSegmentTimeout = 60000\n\
         druid.query.default.context.vectorize = false\n\
         druid.query.default.context.vectorSize = '512'\n\
         druid.query.default.context.vectorizeVirtualColumns = 'force'\n",
    );
    let query = "SELECT TIME_FORMAT(MIN(__time), 'HH:mm') AS t FROM edits";
    assert_eq!(node.post("/druid/v2/sql", &json!({ "query": query })).json(), json!([{"t": "09:10"}]));
    let own = json!({"query": query, "context": {"sqlTimeZone": "UTC"}});
    assert_eq!(node.post("/druid/v2/sql", &own).json(), json!([{"t": "00:10"}]), "what a query says wins");
    let native = |context: Value| {
        let answer = node.post(
            "/druid/v2",
            &json!({"queryType": "timeseries", "dataSource": "edits", "intervals": ["2015-09-12/2015-09-14"],
                "granularity": "day", "aggregations": [{"type": "count", "name": "n"}], "context": context}),
        );
        answer.json().as_array().unwrap().len()
    };
    // The grand total is a third row.
    assert_eq!((native(Value::Null), native(json!({"grandTotal": false}))), (3, 2));
    // A value that cannot be used is refused with each query, as if it was the query's own.
    let wrong = configured("druid.query.default.context.timeout = 'soon'");
    let answer = wrong.post("/druid/v2/sql", &json!({ "query": query }));
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert!(answer.json()["errorMessage"].as_str().unwrap().contains("`timeout`"), "{}", answer.text);
}

#[test]
fn segment_metadata_has_defaults() {
    let ask = |node: &Node| {
        let query = json!({"queryType": "segmentMetadata", "dataSource": "edits"});
        node.post("/druid/v2", &query).json()
    };
    let usual = configured("");
    let found = ask(&usual);
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    assert_eq!((&found[0]["size"], found[0]["rollup"].is_null()), (&json!(0), true));
    let set = configured(
        "druid.query.segmentMetadata.defaultHistory = 'P1D'\n\
         druid.query.segmentMetadata.defaultAnalysisTypes = ['size', 'rollup']\n",
    );
    let found = ask(&set);
    // The last day only; sizes and rollup, but no intervals.
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert!(found[0]["id"].as_str().unwrap().starts_with("edits_2015-09-13"), "{found}");
    assert!(found[0]["size"].as_i64().unwrap() > 0 && found[0]["rollup"] == false, "{found}");
    assert_eq!(found[0]["intervals"], Value::Null);
}

#[test]
fn limits_and_caches_are_set_by_druids_names() {
    let config = load(
        "druid.server.http.defaultQueryTimeout = 1500\ndruid.processing.numThreads = 3\n\
         druid.worker.capacity = 4\ndruid.sql.avatica.maxConnections = 7\n\
         druid.sql.avatica.maxStatementsPerConnection = 2\ndruid.sql.avatica.connectionIdleTimeout = 'PT30M'\n\
         druid.sql.avatica.minRowsPerFrame = 10\ndruid.sql.avatica.maxRowsPerFrame = 20\n\
         druid.historical.cache.useCache = true\ndruid.historical.cache.populateCache = 'true'\n\
         druid.broker.cache.useResultLevelCache = true\ndruid.broker.cache.populateResultLevelCache = true\n\
         druid.cache.sizeInBytes = 1000\n",
    )
    .unwrap();
    assert_eq!((config.query.timeout_ms, config.query.threads, config.ingest.task_slots), (1500, 3, 4));
    assert_eq!((config.avatica.max_connections, config.avatica.max_statements), (7, 2));
    assert_eq!(config.avatica.idle_timeout_ms, 1_800_000);
    assert_eq!((config.avatica.min_rows_per_frame, config.avatica.max_rows_per_frame), (10, 20));
    let cache = &config.cache;
    assert!(cache.use_segments && cache.populate_segments && cache.use_results && cache.populate_results);
    assert_eq!(cache.segment_bytes, 1000);
}

/// Knobs of parts that are not here, and values that say what is done here anyway.
const IDLE: &str = "
druid.query.groupBy.maxSelectorDictionarySize = 100000000
druid.query.groupBy.maxMergingDictionarySize = 100000000
druid.query.groupBy.maxOnDiskStorage = 0
druid.query.groupBy.maxSpillFileCount = 100
druid.query.groupBy.singleThreaded = false
druid.query.groupBy.intermediateResultAsMapCompat = false
druid.query.groupBy.bufferGrouperInitialBuckets = 0
druid.query.groupBy.bufferGrouperMaxLoadFactor = 0
druid.query.groupBy.forceHashAggregation = true
druid.query.groupBy.intermediateCombineDegree = 8
druid.query.groupBy.numParallelCombineThreads = 1
druid.query.groupBy.applyLimitPushDownToSegment = true
druid.query.scan.maxRowsQueuedForOrdering = 100000
druid.query.scan.maxSegmentPartitionsOrderedInMemory = 50
druid.query.search.searchStrategy = 'cursorOnly'
druid.manager.lookups.hostTimeout = 'PT2S'
druid.manager.lookups.allHostTimeout = 'PT15M'
druid.manager.lookups.period = 'PT2M'
druid.manager.lookups.threadPoolSize = 10
druid.lookup.snapshotWorkingDir = '/tmp'
druid.lookup.numLookupLoadingThreads = 2
druid.lookup.coordinatorFetchRetries = 3
druid.lookup.lookupStartRetries = 3
druid.lookup.coordinatorRetryDelay = 60000
druid.lookup.namespace.cache.type = 'offHeap'
druid.lookup.namespace.numExtractionThreads = 2
druid.lookup.namespace.numBufferedEntries = 100000
";

#[test]
fn knobs_change_no_answer_and_are_listed() {
    let node = configured(IDLE);
    let groups = json!({"queryType": "groupBy", "dataSource": "edits", "granularity": "all",
        "intervals": ["2015-09-12/2015-09-14"], "dimensions": ["channel"],
        "aggregations": [{"type": "longSum", "name": "added", "fieldName": "added"}],
        "limitSpec": {"type": "default", "limit": 2, "columns": ["channel"]}});
    let rows = node.post("/druid/v2", &groups).json();
    let wanted = [json!({"channel": "#de", "added": 7}), json!({"channel": "#en", "added": 31})];
    assert_eq!([&rows[0]["event"], &rows[1]["event"]], [&wanted[0], &wanted[1]], "{rows}");
    let scan = json!({"queryType": "scan", "dataSource": "edits", "intervals": ["2015-09-12/2015-09-14"],
        "columns": ["__time", "added"], "order": "descending", "resultFormat": "compactedList", "limit": 3});
    let rows = node.post("/druid/v2", &scan).json();
    let events = rows.as_array().unwrap().iter().flat_map(|batch| batch["events"].as_array().unwrap());
    let added: Vec<&Value> = events.map(|event| &event[1]).collect();
    assert_eq!(added, [&json!(2), &json!(1), &json!(7)], "{rows}");
    let search = json!({"queryType": "search", "dataSource": "edits", "granularity": "all",
        "intervals": ["2015-09-12/2015-09-14"], "searchDimensions": ["user"],
        "query": {"type": "insensitive_contains", "value": "NN"}});
    let found = node.post("/druid/v2", &search).json();
    assert_eq!(found[0]["result"], json!([{"dimension": "user", "value": "ann", "count": 2}]), "{found}");
    let properties = node.get("/status/properties").json();
    assert_eq!(properties["druid.query.groupBy.maxOnDiskStorage"], "0");
    let idle = properties["alluvium.druid.noEffect"].as_str().unwrap();
    let idle: Vec<&str> = idle.split(',').collect();
    for name in IDLE.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()) {
        assert!(idle.contains(&name), "{name} is not among {idle:?}");
    }
}

#[test]
fn a_value_that_is_what_is_done_here_is_taken() {
    let taken = "druid.sql.planner.maxNumericInFilters = -1\ndruid.sql.planner.enableSysQueriesTable = false\n\
        druid.sql.approxCountDistinct.function = 'APPROX_COUNT_DISTINCT_BUILTIN'\n\
        druid.lookup.lookupTier = '__default'\ndruid.lookup.lookupTierIsDatasource = false\n\
        druid.lookup.enableLookupSyncOnStartup = true\n";
    load(taken).unwrap();
    for (other, words) in [
        ("druid.sql.planner.maxNumericInFilters = 100", "`-1`"),
        ("druid.sql.planner.enableSysQueriesTable = true", "`sys.queries`"),
        ("druid.sql.approxCountDistinct.function = 'APPROX_COUNT_DISTINCT_DS_HLL'", "APPROX_COUNT_DISTINCT"),
        ("druid.lookup.lookupTier = 'mine'", "`__default`"),
        ("druid.lookup.lookupTierIsDatasource = true", "`__default`"),
        ("druid.lookup.enableLookupSyncOnStartup = false", "before the node answers"),
    ] {
        let name = other.split(' ').next().unwrap();
        let error = load(other).unwrap_err();
        assert!(error.contains(name) && error.contains(words), "{error}");
    }
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for line in [
        "druid.unheardOf = 1",
        "druid.query.groupBy.unheardOf = 1",
        // There is neither authentication nor authorization: nobody is to believe there is.
        "druid.auth.authenticatorChain = ['basic']",
        "druid.auth.authorizers = ['basic']",
        // Queries are not counted against a limit.
        "druid.query.scheduler.numThreads = 10",
    ] {
        let name = line.split(' ').next().unwrap();
        let error = load(line).unwrap_err();
        assert!(error.contains(&format!("`{name}`: is no property that is known here")), "{error}");
    }
    for (line, word) in [
        ("druid.sql.avatica.connectionIdleTimeout = 'soon'", "soon"),
        ("druid.processing.numThreads = 'many'", "many"),
        ("druid.query.segmentMetadata.defaultHistory = 'week'", "week"),
        ("druid.broker.cache.useResultLevelCache = 'perhaps'", "perhaps"),
        ("druid.server.http.defaultQueryTimeout = 0", "query.timeout_ms"),
    ] {
        assert!(load(line).unwrap_err().contains(word), "{line}");
    }
}
