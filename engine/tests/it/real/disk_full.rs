//! What happens when the disk is full while events stream in? The server says so, stays alive, answers, and once
//! there is room again everything is there. Needs the right to mount a small file system.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::broker::Broker;
use super::exactly_once::{TOPIC, create_topic, spec, wait_for};
use super::server::Server;
use super::wikiticker::{EDITS, Wikiticker};

/// A file system in memory, mounted on a folder until dropped.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(path: &Path, megabytes: u32) -> Option<Self> {
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { path: path.to_owned() });
        }
        let required = std::env::var("ALLUVIUM_REAL_PARTS").is_ok_and(|v| v == "required");
        assert!(!required, "cannot mount a tmpfs on {}", path.display());
        eprintln!("SKIPPED for want of a small disk: no right to mount a tmpfs");
        None
    }

    fn grow(&self, megabytes: u32) {
        let size = format!("remount,size={megabytes}m");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.path).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(&self.path).status();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let Some(edits) = Wikiticker::read() else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), 2) else { return };
    let Some(broker) = Broker::start() else { return };
    create_topic(&broker.address);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &broker.address).create().unwrap();
    for (n, line) in edits.lines.iter().enumerate() {
        let record = BaseRecord::<(), _>::to(TOPIC).partition((n % 2) as i32).payload(line.as_str());
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(30)).unwrap();

    let server = Server::start(folder.path(), None);
    let (status, answer) =
        server.post("/druid/indexer/v1/supervisor", &spec(&broker.address, false)).unwrap();
    assert_eq!(status, 200, "{answer}");
    let supervisor_status = || server.get("/druid/indexer/v1/supervisor/wiki-plain/status").unwrap().1;
    wait_for("the full disk to be reported", || {
        let status = supervisor_status()["payload"].to_string().to_lowercase();
        status.contains("no space left") || status.contains("disk is full")
    });
    assert_eq!(server.get("/status/health").unwrap().0, 200, "the process answers");
    let visible = server.number("SELECT COUNT(*) FROM \"wiki-plain\"");
    assert!(visible <= EDITS, "{visible} edits visible");

    disk.grow(300);
    wait_for("all edits", || server.number("SELECT COUNT(*) FROM \"wiki-plain\"") >= EDITS);
    assert_eq!(server.number("SELECT COUNT(*) FROM \"wiki-plain\""), EDITS);
    server.stop();
    let server = Server::start(folder.path(), None);
    assert_eq!(server.number("SELECT COUNT(*) FROM \"wiki-plain\""), EDITS, "after a restart");
}
