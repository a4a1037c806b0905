//! What do Druid's runtime properties mean here? Section `[druid]` of the configuration takes those of this list, by
//! Druid's names: some set a field of our own, some are defaults of queries, tuning knobs of parts that are not here have
//! no effect, and what would change answers or safety is refused.

use alluvium_query::QueryDefaults;
use alluvium_segments::time::Period;
use serde_json::Value;

use crate::config::Config;

/// What becomes of a property.
enum Meaning {
    /// It sets something.
    Sets(fn(&mut Config, &str) -> Result<(), String>),
    /// It has no meaning here, and any value will do.
    NoEffect,
    /// Only this value is what is done here; the text says why no other.
    Only(&'static str, &'static str),
}

use Meaning::{NoEffect, Only, Sets};

/// Keys of the query context come after this.
const CONTEXT: &str = "druid.query.default.context.";

#[rustfmt::skip] // a table: one property a line
const PROPERTIES: &[(&str, Meaning)] = &[
    // Limits and caches
    ("druid.server.http.defaultQueryTimeout", Sets(|c, v| set(&mut c.query.timeout_ms, number(v)))),
    ("druid.processing.numThreads", Sets(|c, v| set(&mut c.query.threads, number(v)))),
    ("druid.worker.capacity", Sets(|c, v| set(&mut c.ingest.task_slots, number(v)))),
    ("druid.sql.avatica.maxConnections", Sets(|c, v| set(&mut c.avatica.max_connections, number(v)))),
    ("druid.sql.avatica.maxStatementsPerConnection", Sets(|c, v| set(&mut c.avatica.max_statements, number(v)))),
    ("druid.sql.avatica.connectionIdleTimeout", Sets(|c, v| set(&mut c.avatica.idle_timeout_ms, millis(v)))),
    ("druid.sql.avatica.minRowsPerFrame", Sets(|c, v| set(&mut c.avatica.min_rows_per_frame, number(v)))),
    ("druid.sql.avatica.maxRowsPerFrame", Sets(|c, v| set(&mut c.avatica.max_rows_per_frame, number(v)))),
    ("druid.historical.cache.useCache", Sets(|c, v| set(&mut c.cache.use_segments, truth(v)))),
    ("druid.historical.cache.populateCache", Sets(|c, v| set(&mut c.cache.populate_segments, truth(v)))),
    ("druid.broker.cache.useResultLevelCache", Sets(|c, v| set(&mut c.cache.use_results, truth(v)))),
    ("druid.broker.cache.populateResultLevelCache", Sets(|c, v| set(&mut c.cache.populate_results, truth(v)))),
    ("druid.cache.sizeInBytes", Sets(|c, v| set(&mut c.cache.segment_bytes, number(v)))),
    // Defaults of queries
    ("druid.query.segmentMetadata.defaultHistory", Sets(history)),
    ("druid.query.segmentMetadata.defaultAnalysisTypes", Sets(analyses)),
    ("druid.query.groupBy.maxSelectorDictionarySize", NoEffect),
    ("druid.query.groupBy.maxMergingDictionarySize", NoEffect),
    ("druid.query.groupBy.maxOnDiskStorage", NoEffect),
    ("druid.query.groupBy.maxSpillFileCount", NoEffect),
    ("druid.query.groupBy.singleThreaded", NoEffect),
    ("druid.query.groupBy.intermediateResultAsMapCompat", NoEffect),
    ("druid.query.groupBy.bufferGrouperInitialBuckets", NoEffect),
    ("druid.query.groupBy.bufferGrouperMaxLoadFactor", NoEffect),
    ("druid.query.groupBy.forceHashAggregation", NoEffect),
    ("druid.query.groupBy.intermediateCombineDegree", NoEffect),
    ("druid.query.groupBy.numParallelCombineThreads", NoEffect),
    ("druid.query.groupBy.applyLimitPushDownToSegment", NoEffect),
    ("druid.query.scan.maxRowsQueuedForOrdering", NoEffect),
    ("druid.query.scan.maxSegmentPartitionsOrderedInMemory", NoEffect),
    ("druid.query.search.searchStrategy", NoEffect),
    ("druid.sql.planner.maxNumericInFilters", Only("-1", "filters have no such limit here")),
    ("druid.sql.planner.enableSysQueriesTable", Only("false", "there is no table `sys.queries`")),
    ("druid.sql.approxCountDistinct.function", Only("APPROX_COUNT_DISTINCT_BUILTIN", "APPROX_COUNT_DISTINCT and \
        COUNT(DISTINCT ..) use that one")),
    // Lookups
    ("druid.lookup.lookupTier", Only("__default", "one node is the whole of that tier")),
    ("druid.lookup.lookupTierIsDatasource", Only("false", "lookups are those of tier `__default`")),
    ("druid.manager.lookups.hostTimeout", NoEffect),
    ("druid.manager.lookups.allHostTimeout", NoEffect),
    ("druid.manager.lookups.period", NoEffect),
    ("druid.manager.lookups.threadPoolSize", NoEffect),
    ("druid.lookup.snapshotWorkingDir", NoEffect),
    ("druid.lookup.enableLookupSyncOnStartup", Only("true", "lookups are loaded before the node answers")),
    ("druid.lookup.numLookupLoadingThreads", NoEffect),
    ("druid.lookup.coordinatorFetchRetries", NoEffect),
    ("druid.lookup.lookupStartRetries", NoEffect),
    ("druid.lookup.coordinatorRetryDelay", NoEffect),
    ("druid.lookup.namespace.cache.type", NoEffect),
    ("druid.lookup.namespace.numExtractionThreads", NoEffect),
    ("druid.lookup.namespace.numBufferedEntries", NoEffect),
];

/// The properties of a table, by their whole names, in the order of the names.
pub(crate) fn flat(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut found = Vec::new();
    walk("druid", table, &mut found);
    found
}

fn walk(prefix: &str, table: &toml::Table, found: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let name = format!("{prefix}.{key}");
        match value {
            toml::Value::Table(inner) => walk(&name, inner, found),
            other => found.push((name, other.clone())),
        }
    }
}

/// Makes of the section what it says.
///
/// # Errors
/// Names the property that is not known here, or whose value cannot be used.
pub(crate) fn apply(config: &mut Config) -> Result<(), String> {
    for (name, value) in flat(&config.druid.clone()) {
        let failed = |what: String| format!("`{name}`: {what}");
        if let Some(key) = name.strip_prefix(CONTEXT) {
            config.defaults.context.insert(key.to_owned(), json(&value));
            continue;
        }
        let Some((_, meaning)) = PROPERTIES.iter().find(|(known, _)| *known == name) else {
            return Err(failed("is no property that is known here".to_owned()));
        };
        match meaning {
            Sets(set) => set(config, &text(&value)).map_err(failed)?,
            NoEffect => {}
            Only(only, why) if text(&value).eq_ignore_ascii_case(only) => tracing::debug!(name, why),
            Only(only, why) => return Err(failed(format!("only `{only}` can be set: {why}"))),
        }
    }
    Ok(())
}

/// The properties of the section that have no effect.
pub(crate) fn without_effect(config: &Config) -> Vec<String> {
    let idle = |name: &str| PROPERTIES.iter().any(|(known, m)| *known == name && matches!(m, NoEffect));
    flat(&config.druid).into_iter().map(|(name, _)| name).filter(|name| idle(name)).collect()
}

/// A value as Druid's files write it.
pub(crate) fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value for the context: texts of numbers and booleans are what they say.
fn json(value: &toml::Value) -> Value {
    let written = text(value);
    match value {
        toml::Value::String(_) => match serde_json::from_str::<Value>(&written) {
            Ok(Value::Null) | Err(_) => Value::from(written),
            Ok(read) => read,
        },
        _ => serde_json::from_str(&written).unwrap_or_else(|_| Value::from(written)),
    }
}

fn set<T>(field: &mut T, value: Result<T, String>) -> Result<(), String> {
    *field = value?;
    Ok(())
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    value.trim().parse().map_err(|_| format!("`{value}` is no number that can be used"))
}

fn truth(value: &str) -> Result<bool, String> {
    value.trim().to_ascii_lowercase().parse().map_err(|_| format!("`{value}` is neither true nor false"))
}

fn period(value: &str) -> Result<Period, String> {
    value.parse().map_err(|_| format!("`{value}` is no ISO-8601 period"))
}

fn millis(value: &str) -> Result<u64, String> {
    let fixed = period(value)?.fixed_millis().and_then(|ms| u64::try_from(ms).ok());
    fixed.ok_or_else(|| format!("`{value}` has no fixed length"))
}

fn history(config: &mut Config, value: &str) -> Result<(), String> {
    set(&mut config.defaults.history, period(value))
}

/// Names of analyses, as a list in JSON.
fn analyses(config: &mut Config, value: &str) -> Result<(), String> {
    let names: Vec<String> =
        serde_json::from_str(value).map_err(|_| format!("`{value}` is no list of texts"))?;
    config.defaults = QueryDefaults { analyses: Some(names), ..std::mem::take(&mut config.defaults) };
    Ok(())
}
