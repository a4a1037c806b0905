//! How many rows a second come in from a Kafka topic, the broker on the same machine? The topic is filled first; the
//! clock runs from the first rows a query sees to the last.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use alluvium_benches::node::Node;
use serde_json::Value;

use super::parquet::sql;
use super::record::{record, sum, supervisor};
use super::{Folder, Options};

const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let broker = options.subject("broker")?;
    let jars = Path::new(options.text("jars").ok_or("--jars names the folder of Kafka's jars")?);
    let rows = options.number("rows", 4_000_000)?;
    let tasks = options.number("tasks", 1)?;
    let partitions = options.number("partitions", 2)?;
    let folder = Folder::new()?;
    let topic = format!("load{}", std::process::id());
    fill(jars, broker, &topic, partitions, rows, &folder.0.join("events"))?;

    let mut node = Node::start(&options.server()?, &folder.0.join("data"))?;
    node.post("/druid/indexer/v1/supervisor", &supervisor(&topic, broker, tasks))?;
    let query = format!("SELECT COUNT(*), SUM(n1) FROM \"{topic}\"");
    let (begun, mut first) = (Instant::now(), None);
    let (seen, at, total) = loop {
        std::thread::sleep(Duration::from_millis(50));
        let row = sql(&mut node, &query).unwrap_or_default();
        let number = |at: usize| row.get(at).and_then(Value::as_u64).unwrap_or_default();
        let (seen, at) = (number(0), Instant::now());
        if seen > 0 {
            first.get_or_insert((seen, at));
        }
        if seen >= rows as u64 {
            break (seen, at, number(1));
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("only {seen} of {rows} rows came in {PATIENCE:?}"));
        }
    };
    if (seen, total) != (rows as u64, sum(rows).unsigned_abs()) {
        return Err(format!("{seen} rows with sum {total}, expected are {rows} with {}", sum(rows)));
    }
    let (before, since) = first.ok_or("no rows were seen")?;
    let seconds = (at - since).as_secs_f64();
    let rate = (seen - before) as f64 / seconds;
    println!(
        "kafka, {tasks} tasks, {partitions} partitions: {rows} rows, {rate:.0} rows/s over {seconds:.2} s"
    );
    Ok(())
}

/// Creates the topic and sends all records with Kafka's own producer.
fn fill(
    jars: &Path,
    broker: &str,
    topic: &str,
    partitions: usize,
    rows: usize,
    file: &Path,
) -> Result<(), String> {
    let written = File::create(file).and_then(|file| {
        let mut out = BufWriter::new(file);
        (0..rows).try_for_each(|n| writeln!(out, "{}", record(n)))?;
        out.flush()
    });
    written.map_err(|e| e.to_string())?;
    let partitions = partitions.to_string();
    let create = ["org.apache.kafka.tools.TopicCommand", "--create", "--partitions", &partitions];
    java(jars, &create, broker, topic, None)?;
    let send = [
        "org.apache.kafka.tools.ConsoleProducer",
        "--producer-property",
        "linger.ms=20",
        "--producer-property",
        "batch.size=262144",
        "--producer-property",
        "acks=1",
    ];
    java(jars, &send, broker, topic, Some(file))?;
    std::fs::remove_file(file).map_err(|e| e.to_string())
}

fn java(jars: &Path, words: &[&str], broker: &str, topic: &str, input: Option<&Path>) -> Result<(), String> {
    let stdin = match input {
        Some(path) => Stdio::from(File::open(path).map_err(|e| e.to_string())?),
        None => Stdio::null(),
    };
    let output = Command::new("java")
        .args(["-Xmx512m", "-cp", &format!("{}/*", jars.display())])
        .args(words)
        .args(["--bootstrap-server", broker, "--topic", topic])
        .stdin(stdin)
        .output()
        .map_err(|e| format!("cannot start java: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{words:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}
