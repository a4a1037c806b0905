//! What does a lookup's specification ask for? `lookupExtractorFactory` of type `map`, `cachedNamespace` or `pollingLookup`.

use std::time::Duration;

use alluvium_segments::time::Period;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::parse::ParseSpec;

/// A lookup as it was posted.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LookupSpec {
    /// Versions of one lookup must ascend, as texts: they are compared where they are kept.
    #[serde(default, rename = "version")]
    _version: Option<String>,
    pub(super) lookup_extractor_factory: Factory,
}

/// Where texts come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Written")]
pub(super) enum Factory {
    Map(MapFactory),
    CachedNamespace(Box<CachedNamespace>),
}

/// The same as it is written: a polling lookup is another way to say a cached namespace of a database.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Written {
    Map(MapFactory),
    CachedNamespace(Box<CachedNamespace>),
    PollingLookup(PollingLookup),
}

impl From<Written> for Factory {
    fn from(written: Written) -> Self {
        match written {
            Written::Map(map) => Self::Map(map),
            Written::CachedNamespace(cached) => Self::CachedNamespace(cached),
            Written::PollingLookup(polling) => Self::CachedNamespace(Box::new(polling.into())),
        }
    }
}

/// They are written out.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MapFactory {
    map: Map<String, Value>,
    #[serde(default)]
    pub(super) is_one_to_one: bool,
}

/// They are read from somewhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CachedNamespace {
    pub(super) extraction_namespace: Namespace,
    /// How long the start of a node waits for the first reading, in milliseconds.
    #[serde(default = "two_minutes")]
    pub(super) first_cache_timeout: u64,
    #[serde(default)]
    pub(super) injective: bool,
}

/// A table that is read whole, again and again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PollingLookup {
    data_fetcher: DataFetcher,
    /// Entries are always in memory, in maps of our own.
    #[serde(default, rename = "cacheFactory")]
    _cache_factory: Option<PollingCache>,
    #[serde(default)]
    poll_period: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
enum PollingCache {
    OnHeapPolling {},
    OffHeapPolling {},
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum DataFetcher {
    JdbcDataFetcher(JdbcDataFetcher),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JdbcDataFetcher {
    connector_config: WrittenConnector,
    table: String,
    key_column: String,
    value_column: String,
    /// Rows come as they are written, however many a client asks for at a time.
    #[serde(default, rename = "streamingFetchSize")]
    _streaming_fetch_size: Option<u64>,
}

/// A connector, or its address alone, as Druid's documentation shows it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WrittenConnector {
    Address(String),
    Whole(ConnectorConfig),
}

impl From<PollingLookup> for CachedNamespace {
    fn from(polling: PollingLookup) -> Self {
        let DataFetcher::JdbcDataFetcher(fetcher) = polling.data_fetcher;
        let connector_config = match fetcher.connector_config {
            WrittenConnector::Whole(config) => config,
            WrittenConnector::Address(connect_uri) => {
                ConnectorConfig { connect_uri, user: None, password: None, _create_tables: None }
            }
        };
        let namespace = JdbcNamespace {
            connector_config,
            table: fetcher.table,
            key_column: fetcher.key_column,
            value_column: fetcher.value_column,
            ts_column: None,
            filter: None,
            poll_period: polling.poll_period,
            max_heap_percentage: None,
            jitter_seconds: 0,
            _load_timeout_seconds: None,
        };
        Self {
            extraction_namespace: Namespace::Jdbc(namespace),
            first_cache_timeout: two_minutes(),
            injective: false,
        }
    }
}

fn two_minutes() -> u64 {
    120_000
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum Namespace {
    StaticMap(StaticMap),
    Uri(UriNamespace),
    Jdbc(JdbcNamespace),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StaticMap {
    map: Map<String, Value>,
}

/// A file, or the newest of several.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UriNamespace {
    pub(super) uri: Option<String>,
    pub(super) uri_prefix: Option<String>,
    pub(super) file_regex: Option<String>,
    pub(super) namespace_parse_spec: ParseSpec,
    #[serde(default)]
    poll_period: Option<String>,
    #[serde(default)]
    max_heap_percentage: Option<i64>,
}

/// Two columns of a database's table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JdbcNamespace {
    pub(super) connector_config: ConnectorConfig,
    pub(super) table: String,
    pub(super) key_column: String,
    pub(super) value_column: String,
    pub(super) ts_column: Option<String>,
    pub(super) filter: Option<String>,
    #[serde(default)]
    poll_period: Option<String>,
    #[serde(default)]
    max_heap_percentage: Option<i64>,
    #[serde(default)]
    jitter_seconds: u64,
    /// How long Druid waits for a new version before it drops the old one; here the old one stays until then.
    #[serde(default, rename = "loadTimeoutSeconds")]
    _load_timeout_seconds: Option<u64>,
}

/// How a database is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectorConfig {
    #[serde(rename = "connectURI")]
    pub(super) connect_uri: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<Password>,
    /// Of Druid's own metadata tables; nothing is created here.
    #[serde(default, rename = "createTables")]
    _create_tables: Option<bool>,
}

/// A password, or where it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Password {
    Plain(String),
    Provided(PasswordProvider),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum PasswordProvider {
    Default { password: String },
    Environment { variable: String },
}

impl Password {
    /// The password itself; empty when the environment has none.
    pub(super) fn value(&self) -> String {
        match self {
            Self::Plain(password) | Self::Provided(PasswordProvider::Default { password }) => {
                password.clone()
            }
            Self::Provided(PasswordProvider::Environment { variable }) => {
                std::env::var(variable).unwrap_or_default()
            }
        }
    }
}

/// When a source is read again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Polling {
    /// `None`: never, once it has been read.
    pub(super) period: Option<Duration>,
    /// Up to so much later.
    pub(super) jitter: Duration,
    /// Percent of the machine's memory above which a warning is logged.
    pub(super) memory_percent: Option<u64>,
}

impl LookupSpec {
    /// Reads and checks a specification.
    pub(super) fn read(json: &Value) -> Result<Self, String> {
        let spec: Self = Self::deserialize(json).map_err(|e| e.to_string())?;
        if let Factory::CachedNamespace(cached) = &spec.lookup_extractor_factory {
            cached.extraction_namespace.polling()?;
            match &cached.extraction_namespace {
                Namespace::StaticMap(_) => {}
                Namespace::Uri(namespace) => namespace.check()?,
                Namespace::Jdbc(namespace) => namespace.check()?,
            }
        }
        Ok(spec)
    }
}

impl MapFactory {
    /// Keys and values.
    pub(super) fn entries(&self) -> Vec<(String, String)> {
        entries(&self.map)
    }
}

impl StaticMap {
    /// Keys and values.
    pub(super) fn entries(&self) -> Vec<(String, String)> {
        entries(&self.map)
    }
}

/// Values as texts; those that are null are left out.
fn entries(map: &Map<String, Value>) -> Vec<(String, String)> {
    map.iter().filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect()
}

/// A JSON value as a text; `None` for null.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

impl Namespace {
    /// When it is read again.
    pub(super) fn polling(&self) -> Result<Polling, String> {
        let (period, jitter, percent) = match self {
            Self::StaticMap(_) => (&None, 0, None),
            Self::Uri(uri) => (&uri.poll_period, 0, uri.max_heap_percentage),
            Self::Jdbc(jdbc) => (&jdbc.poll_period, jdbc.jitter_seconds, jdbc.max_heap_percentage),
        };
        let period = match period {
            None => 0,
            Some(text) => {
                let wrong = || format!("`pollPeriod` must be a period such as PT5M, not `{text}`");
                let period: Period = text.parse().map_err(|_| wrong())?;
                period.fixed_millis().and_then(|ms| u64::try_from(ms).ok()).ok_or_else(wrong)?
            }
        };
        let memory_percent = match percent.unwrap_or(10) {
            percent @ 0..=100 => u64::try_from(percent).ok(),
            -1 => None,
            other => return Err(format!("`maxHeapPercentage` must be 0 to 100, or -1, not {other}")),
        };
        let period = (period > 0).then(|| Duration::from_millis(period));
        Ok(Polling { period, jitter: Duration::from_secs(jitter), memory_percent })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cached(namespace: Value) -> Value {
        json!({"version": "v1", "lookupExtractorFactory": {
            "type": "cachedNamespace", "extractionNamespace": namespace, "firstCacheTimeout": 0}})
    }

    #[test]
    fn specifications_of_druids_documentation() {
        let csv = json!({"type": "uri", "uri": "file:/tmp/l.csv", "pollPeriod": "PT5M",
            "namespaceParseSpec": {"format": "csv", "columns": ["k", "v"]}});
        let spec = LookupSpec::read(&cached(csv)).unwrap();
        let Factory::CachedNamespace(cached_csv) = spec.lookup_extractor_factory else {
            panic!("not cached")
        };
        let polling = cached_csv.extraction_namespace.polling().unwrap();
        assert_eq!(polling.period, Some(Duration::from_secs(300)));
        assert_eq!(polling.memory_percent, Some(10));
        let jdbc = json!({"type": "jdbc", "table": "t", "keyColumn": "k", "valueColumn": "v", "tsColumn": "ts",
            "filter": "k > 1", "jitterSeconds": 5, "maxHeapPercentage": -1,
            "connectorConfig": {"createTables": true, "connectURI": "jdbc:postgresql://localhost:5432/d",
                "user": "u", "password": {"type": "default", "password": "p"}}});
        let Factory::CachedNamespace(cached_jdbc) =
            LookupSpec::read(&cached(jdbc)).unwrap().lookup_extractor_factory
        else {
            panic!("not cached")
        };
        let polling = cached_jdbc.extraction_namespace.polling().unwrap();
        assert_eq!((polling.jitter, polling.memory_percent), (Duration::from_secs(5), None));
    }

    #[test]
    fn a_polling_lookup_is_a_cached_one() {
        let polling = |connector: Value| {
            json!({"version": "v1", "lookupExtractorFactory": {"type": "pollingLookup", "pollPeriod": "PT10M",
                "dataFetcher": {"type": "jdbcDataFetcher", "connectorConfig": connector, "table": "t",
                    "keyColumn": "k", "valueColumn": "v", "streamingFetchSize": 1000},
                "cacheFactory": {"type": "offHeapPolling"}}})
        };
        let spec = LookupSpec::read(&polling(json!("jdbc:postgresql://localhost/d"))).unwrap();
        let Factory::CachedNamespace(cached) = spec.lookup_extractor_factory else { panic!("not cached") };
        let Namespace::Jdbc(jdbc) = &cached.extraction_namespace else { panic!("no table") };
        assert_eq!(
            (jdbc.table.as_str(), jdbc.key_column.as_str(), jdbc.value_column.as_str()),
            ("t", "k", "v")
        );
        let period = cached.extraction_namespace.polling().unwrap().period;
        assert_eq!(period, Some(Duration::from_secs(600)));
        let error = LookupSpec::read(&polling(json!("jdbc://mysql://localhost:3306/d"))).unwrap_err();
        assert!(error.contains("connectURI"), "{error}");
        let mut other = polling(json!({"connectURI": "jdbc:postgresql://localhost/d"}));
        LookupSpec::read(&other).unwrap();
        other["lookupExtractorFactory"]["cacheFactory"] = json!({"type": "guava"});
        assert!(LookupSpec::read(&other).unwrap_err().contains("guava"));
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        let jdbc = |uri: &str| {
            cached(json!({"type": "jdbc", "table": "t", "keyColumn": "k", "valueColumn": "v",
                "connectorConfig": {"connectURI": uri}}))
        };
        let uri = |more: Value| {
            let mut spec = json!({"type": "uri", "namespaceParseSpec": {"format": "simpleJson"}});
            for (key, value) in more.as_object().unwrap() {
                spec[key] = value.clone();
            }
            cached(spec)
        };
        for (spec, word) in [
            (json!({"version": "v"}), "lookupExtractorFactory"),
            (json!({"lookupExtractorFactory": {"type": "kafka"}}), "kafka"),
            (json!({"lookupExtractorFactory": {"type": "map", "map": {}, "order": 1}}), "order"),
            (jdbc("jdbc:mysql://localhost/d"), "jdbc:mysql"),
            (jdbc("jdbc:postgresql://localhost/d?sslmode=require"), "sslmode"),
            (uri(json!({"uri": "s3://bucket/key"})), "s3"),
            (uri(json!({})), "uri"),
            (uri(json!({"uri": "file:/a", "uriPrefix": "file:/b"})), "uriPrefix"),
            (uri(json!({"uriPrefix": "file:/b", "fileRegex": "("})), "fileRegex"),
            (uri(json!({"uri": "file:/a", "pollPeriod": "often"})), "pollPeriod"),
            (uri(json!({"uri": "file:/a", "maxHeapPercentage": 101})), "maxHeapPercentage"),
        ] {
            let error = LookupSpec::read(&spec).unwrap_err();
            assert!(error.contains(word), "{word}: {error}");
        }
    }
}
