//! How does a test get a real Apache Kafka broker? It starts one in KRaft mode from a folder of jars.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::server::leashed;

/// A broker on loopback that dies with this value, or with the process of the tests.
pub(super) struct Broker {
    process: Child,
    pub(super) address: String,
    _folder: TempDir,
}

impl Broker {
    /// Starts a broker, or says that the test is skipped (`ALLUVIUM_KAFKA_LIBS` names the folder of jars).
    pub(super) fn start() -> Option<Self> {
        let jars = super::part("Apache Kafka", "ALLUVIUM_KAFKA_LIBS")?;
        let folder = tempfile::tempdir().unwrap();
        let (port, controller) = (free_port(), free_port());
        let config = folder.path().join("server.properties");
        fs::write(&config, properties(folder.path(), port, controller)).unwrap();
        let class_path = format!("{}/*", jars.display());
        let format = ["kafka.tools.StorageTool", "format", "-t", "bGFiLXBlZXJzLWthZmthMA", "-c"];
        let formatted =
            Command::new("java").args(["-cp", &class_path]).args(format).arg(&config).output().unwrap();
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stderr));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut broker = Command::new("java");
        broker.args(["-Xms256m", "-Xmx512m", "-cp", &class_path, "kafka.Kafka"]).arg(&config);
        let process =
            leashed(&broker, folder.path()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let broker = Self { process, address: format!("127.0.0.1:{port}"), _folder: folder };
        broker.wait_until_open();
        Some(broker)
    }

    fn wait_until_open(&self) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while TcpStream::connect(&self.address).is_err() {
            assert!(Instant::now() < deadline, "the broker did not open {} in 90 s", self.address);
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn properties(folder: &Path, port: u16, controller: u16) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
         log.dirs={}/data\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n",
        folder.display()
    )
}
