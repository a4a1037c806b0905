//! What do two columns of a table of PostgreSQL say? `cachedNamespace` of type `jdbc`.

use std::time::Duration;

use futures::TryStreamExt;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::Loaded;
use super::spec::JdbcNamespace;

/// What JDBC calls a database that can be read from.
const SCHEME: &str = "jdbc:postgresql:";
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(20);

impl JdbcNamespace {
    /// Says what in it cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        for (field, text) in
            [("table", &self.table), ("keyColumn", &self.key_column), ("valueColumn", &self.value_column)]
        {
            if text.trim().is_empty() {
                return Err(format!("`{field}` must not be empty"));
            }
        }
        self.config().map(|_| ())
    }

    fn config(&self) -> Result<Config, String> {
        let uri = &self.connector_config.connect_uri;
        let Some(rest) = uri.strip_prefix(SCHEME) else {
            let scheme: Vec<&str> = uri.splitn(3, ':').take(2).collect();
            let scheme = scheme.join(":");
            return Err(format!("`connectURI`: `{scheme}` is not read from; there is jdbc:postgresql"));
        };
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let wrong = |why: String| format!("`connectURI`: {why}");
        let mut config: Config = format!("postgresql:{place}").parse().map_err(|e| wrong(format!("{e}")))?;
        let (mut user, mut password) = (None, None);
        for parameter in parameters.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name, value) {
                ("user", value) => user = Some(crate::http::decode(value, false)),
                ("password", value) => password = Some(crate::http::decode(value, false)),
                ("ApplicationName", value) => {
                    config.application_name(crate::http::decode(value, false));
                }
                ("sslmode", "disable" | "allow" | "prefer") | ("ssl", "false") => {}
                _ => return Err(wrong(format!("parameter `{name}` with value `{value}` is not available"))),
            }
        }
        let connector = &self.connector_config;
        if let Some(user) = connector.user.clone().or(user) {
            config.user(user);
        }
        if let Some(password) = connector.password.as_ref().map(|p| p.value()).or(password) {
            config.password(password);
        }
        config.connect_timeout(CONNECT);
        Ok(config)
    }

    /// The rows that have a value.
    fn rows(&self) -> String {
        let Self { table, key_column, value_column, .. } = self;
        let filter = self.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
        let filter = filter.map(|filter| format!("({filter}) AND ")).unwrap_or_default();
        format!("SELECT {key_column}, {value_column} FROM {table} WHERE {filter}{value_column} IS NOT NULL")
    }

    /// Reads it, unless its newest time is `known`. Blocks.
    pub(super) fn load(&self, known: Option<&str>) -> Result<Option<Loaded>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| format!("no thread for the connection: {e}"))?;
        runtime.block_on(self.read(known)).map_err(|e| {
            let cause = std::error::Error::source(&e).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("`{}`: {e}{cause}", self.connector_config.connect_uri)
        })?
    }

    async fn read(
        &self,
        known: Option<&str>,
    ) -> Result<Result<Option<Loaded>, String>, tokio_postgres::Error> {
        let config = match self.config() {
            Ok(config) => config,
            Err(why) => return Ok(Err(why)),
        };
        let (client, connection) = config.connect(NoTls).await?;
        let connection = tokio::spawn(connection);
        let loaded = self.read_with(&client, known).await;
        drop(client);
        // What the connection ends with has been told by the query.
        let _ = connection.await;
        loaded.map(Ok)
    }

    async fn read_with(
        &self,
        client: &Client,
        known: Option<&str>,
    ) -> Result<Option<Loaded>, tokio_postgres::Error> {
        let mut version = String::new();
        if let Some(ts) = &self.ts_column {
            let newest = pairs(client, &format!("SELECT MAX({ts}), 1 FROM {}", self.table)).await?;
            version = newest.into_iter().next().map(|(newest, _)| newest).unwrap_or_default();
            if known == Some(version.as_str()) && !version.is_empty() {
                return Ok(None);
            }
        }
        let entries = pairs(client, &self.rows()).await?;
        Ok(Some(Loaded { entries, version }))
    }
}

/// The first two columns of a query's rows, as PostgreSQL writes them; rows of which one is null are left out.
async fn pairs(client: &Client, query: &str) -> Result<Vec<(String, String)>, tokio_postgres::Error> {
    let messages = client.simple_query_raw(query).await?;
    let mut messages = std::pin::pin!(messages);
    let mut pairs = Vec::new();
    while let Some(message) = messages.try_next().await? {
        if let SimpleQueryMessage::Row(row) = message {
            pairs.extend(row.get(0).zip(row.get(1)).map(|(k, v)| (k.to_owned(), v.to_owned())));
        }
    }
    Ok(pairs)
}
