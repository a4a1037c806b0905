//! Does a lookup read a real PostgreSQL, and follow what changes there?

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::broker::free_port;
use crate::node::Node;

/// A server on loopback that dies with this value.
struct Postgres {
    process: Child,
    programs: PathBuf,
    port: u16,
    _folder: TempDir,
}

impl Postgres {
    /// Starts a server, or says that the test is skipped (`ALLUVIUM_POSTGRES` names the folder of its programs).
    fn start() -> Option<Self> {
        let programs = super::part("PostgreSQL", "ALLUVIUM_POSTGRES")?;
        let folder = tempfile::tempdir().unwrap();
        // It does not run as root.
        let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
        if root {
            chown(folder.path(), Some(65534), Some(65534)).unwrap();
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let program = |name: &str| {
            let path = programs.join(name);
            let mut command = Command::new(if root { Path::new("setpriv") } else { &path });
            if root {
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&path);
            }
            command.current_dir(folder.path()).stdin(Stdio::null());
            command
        };
        let data = folder.path().join("data");
        let password = folder.path().join("password");
        std::fs::write(&password, "secret").unwrap();
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).unwrap();
        let mut init = program("initdb");
        init.args(["-U", "reader", "-A", "scram-sha-256", "--locale=C", "-E", "UTF8", "--pwfile"]);
        let made = init.arg(&password).arg("-D").arg(&data).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let process = program("postgres")
            .args(["-F", "-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, programs, port, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !server.ask("SELECT 1").0 {
            assert!(Instant::now() < deadline, "PostgreSQL did not open in 30 s");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }

    /// Runs SQL; whether it succeeded, and what was said.
    fn ask(&self, sql: &str) -> (bool, String) {
        let output = Command::new(self.programs.join("psql"))
            .env("PGPASSWORD", "secret")
            .args(["-h", "127.0.0.1", "-U", "reader", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-p"])
            .args([&self.port.to_string(), "-c", sql])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn run(&self, sql: &str) {
        let (ok, said) = self.ask(sql);
        assert!(ok, "{sql}: {said}");
    }

    fn spec(&self, version: &str, more: Value) -> Value {
        let mut namespace = json!({"type": "jdbc", "table": "public.names", "keyColumn": "id",
            "valueColumn": "name", "pollPeriod": "PT0.1S", "connectorConfig": {"user": "reader",
                "password": {"type": "default", "password": "secret"},
                "connectURI": format!("jdbc:postgresql://127.0.0.1:{}/postgres?sslmode=disable", self.port)}});
        for (key, value) in more.as_object().unwrap() {
            namespace[key] = value.clone();
        }
        json!({"version": version, "lookupExtractorFactory":
            {"type": "cachedNamespace", "extractionNamespace": namespace}})
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT: its own processes end with it.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn until(node: &Node, query: &str, wanted: &Value) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = node.post("/druid/v2/sql", &json!({"query": query, "resultFormat": "array"}));
        if answer.status == 200 && answer.json() == *wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{query} gives {}", answer.text);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_lookup_follows_its_table() {
    let Some(postgres) = Postgres::start() else { return };
    postgres.run(
        "CREATE TABLE names(id BIGINT, name TEXT, kind INT, changed TIMESTAMP);
         INSERT INTO names VALUES (1, 'one', 1, '2024-01-01'), (2, 'two', 2, '2024-01-01'),
             (3, NULL, 1, '2024-01-01'), (NULL, 'nobody', 1, '2024-01-01')",
    );
    let node = Node::start();
    let config = "/druid/coordinator/v1/lookups/config";
    node.post(config, &json!({}));
    let path = format!("{config}/__default/names");
    assert_eq!(node.post(&path, &postgres.spec("v1", json!({}))).status, 202);
    let query = "SELECT k, v FROM lookup.names GROUP BY k, v ORDER BY k";
    until(&node, query, &json!([["1", "one"], ["2", "two"]]));
    postgres.run("UPDATE names SET name = 'uno' WHERE id = 1");
    until(&node, query, &json!([["1", "uno"], ["2", "two"]]));

    let newer = json!({"filter": "kind = 2 OR id = 3", "tsColumn": "changed", "jitterSeconds": 0});
    assert_eq!(node.post(&path, &postgres.spec("v2", newer)).status, 202);
    until(&node, query, &json!([["2", "two"]]));
    let version = node.get("/druid/v1/lookups/introspect/names/version").json();
    assert_eq!(version, json!({"version": "2024-01-01 00:00:00"}));
    // Without a newer time nothing is read again.
    postgres.run("UPDATE names SET name = 'dos' WHERE id = 2");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(node.sql(query), json!([["2", "two"]]));
    postgres.run("UPDATE names SET changed = '2024-02-02' WHERE id = 2");
    until(&node, query, &json!([["2", "dos"]]));

    // The same table as a polling lookup.
    for (name, cache) in [("on", "onHeapPolling"), ("off", "offHeapPolling")] {
        let connector = json!({"user": "reader", "password": "secret",
            "connectURI": format!("jdbc:postgresql://127.0.0.1:{}/postgres", postgres.port)});
        let fetcher = json!({"type": "jdbcDataFetcher", "connectorConfig": connector, "table": "names",
            "keyColumn": "name", "valueColumn": "id", "streamingFetchSize": 10});
        let polling = json!({"version": "v1", "lookupExtractorFactory": {"type": "pollingLookup",
            "pollPeriod": "PT0.1S", "dataFetcher": fetcher, "cacheFactory": {"type": cache}}});
        assert_eq!(node.post(&format!("{config}/__default/{name}"), &polling).status, 202);
        until(&node, &format!("SELECT LOOKUP('dos', '{name}')"), &json!([["2"]]));
    }
    postgres.run("UPDATE names SET name = 'deux' WHERE id = 2");
    until(&node, "SELECT LOOKUP('deux', 'on'), LOOKUP('dos', 'off')", &json!([["2", null]]));
    postgres.run("UPDATE names SET name = 'dos' WHERE id = 2");

    let wrong = json!({"connectorConfig": {"user": "reader", "password": "wrong",
        "connectURI": format!("jdbc:postgresql://127.0.0.1:{}/postgres", postgres.port)}});
    assert_eq!(node.post(&path, &postgres.spec("v3", wrong)).status, 202);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(node.sql(query), json!([["2", "dos"]]), "the old version stays until the new one is there");
    let status = node.get("/druid/coordinator/v1/lookups/status/__default/names").json();
    assert_eq!(status, json!({"loaded": false}));
}
