//! Does psql get the file's own numbers, list the tables and describe one, as people use it? Needs `psql`.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use super::stage::{Flights, stage};
use super::wikiticker::EDITS;

#[test]
fn psql_gets_the_files_own_numbers() {
    let Some(psql) = super::part("psql", "ALLUVIUM_PSQL") else { return };
    let Some(stage) = stage() else { return };
    let (file, port) = (&stage.edits, stage.postgres);
    let run = |arguments: &[&str]| psql_output(&psql, port, arguments);

    let groups =
        run(&["-At", "-c", "SELECT channel, COUNT(*), SUM(added), SUM(\"delta\") FROM wikipedia GROUP BY 1"]);
    assert_eq!(groups.lines().count(), file.channels.len());
    for line in groups.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let (edits, added, delta) = file.channels[cells[0]];
        assert_eq!(cells[1..], [edits.to_string(), added.to_string(), delta.to_string()]);
    }
    let all = run(&["-At", "-c", "SELECT __time, page FROM wikipedia"]);
    assert_eq!(all.lines().count() as i64, EDITS);
    let first = run(&["-At", "-c", "SELECT MIN(__time), MAX(__time) FROM wikipedia"]);
    assert_eq!(first.trim(), "2015-09-12 00:46:58.771|2015-09-12 23:59:59.2");
    let tables = run(&["-At", "-c", "\\d"]);
    assert_eq!(tables.trim(), "druid|flights|table|alluvium\ndruid|wikipedia|table|alluvium");
    let columns = run(&["-At", "-c", "\\d flights"]);
    let wanted = "__time|timestamp without time zone||not null|\norigin|text|||\ndestination|text|||\n\
        distance|bigint|||\ndelay|bigint|||";
    assert_eq!(columns.trim(), wanted);
    let schemas = run(&["-At", "-c", "\\dn"]);
    assert!(schemas.lines().any(|line| line.starts_with("druid|")), "{schemas}");
    assert!(run(&["-At", "-c", "\\l"]).contains("druid|"));
    assert!(run(&["-At", "-c", "\\dt"]).contains("wikipedia"));
    assert!(run(&["-At", "-c", "\\du"]).contains("ann"));
    let variables = run(&[
        "-At",
        "-v",
        "channel=#en.wikipedia",
        "-c",
        "SET TIME ZONE 'Asia/Tokyo'",
        "-c",
        "SELECT MIN(__time) FROM wikipedia",
    ]);
    assert_eq!(variables, "SET\n2015-09-12 09:46:58.771\n");
    let failed =
        Command::new(&psql).args(connection(port)).args(["-c", "SELECT nope FROM wikipedia"]).output();
    let failed = failed.unwrap();
    let words = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(!failed.status.success() && words.contains("Column 'nope' not found"), "{words}");
    assert!(words.contains("LINE 1: SELECT nope FROM wikipedia"), "{words}");
    flights(&run, &stage.flights);
    println!(
        "psql: compared {} groups, {EDITS} edits, {} flights, tables and columns",
        file.channels.len(),
        stage.flights.lines.len()
    );
}

fn flights(run: &dyn Fn(&[&str]) -> String, flights: &Flights) {
    let rows = run(&["--csv", "-t", "-c", "SELECT distance, delay FROM flights"]);
    let (mut count, mut miles, mut delay) = (0, 0, 0);
    for row in rows.lines() {
        let (distance, late) = row.split_once(',').unwrap();
        count += 1;
        miles += distance.parse::<i64>().unwrap();
        delay += late.parse::<i64>().unwrap();
    }
    assert_eq!((count, miles, delay), (flights.lines.len(), flights.miles, flights.delay));
    let late = flights.lines.iter().filter(|line| {
        let flight: serde_json::Value = serde_json::from_str(line).unwrap();
        flight["origin"] == "ORD" && flight["delay"].as_i64().unwrap() > 60
    });
    // Several statements of a file, with values psql puts in.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let text = "SELECT COUNT(*) FROM flights WHERE origin = :'from' AND delay > :late;\nSELECT COUNT(*) FROM flights;\n";
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let found = run(&["-At", "-v", "from=ORD", "-v", "late=60", "-f", path]);
    assert_eq!(found, format!("{}\n{count}\n", late.count()));
    let days =
        run(&["-At", "-c", "SELECT FLOOR(__time TO DAY), COUNT(*) FROM flights GROUP BY 1 ORDER BY 1"]);
    let mut wanted = std::collections::BTreeMap::<&str, i64>::new();
    for line in &flights.lines {
        *wanted.entry(&line[9..19]).or_default() += 1;
    }
    let wanted: Vec<String> = wanted.iter().map(|(day, n)| format!("{day} 00:00:00|{n}")).collect();
    assert_eq!(days.lines().collect::<Vec<_>>(), wanted);
}

fn connection(port: u16) -> [String; 9] {
    let port = port.to_string();
    ["-X", "-h", "127.0.0.1", "-p", &port, "-U", "ann", "-d", "druid"].map(str::to_owned)
}

fn psql_output(psql: &Path, port: u16, arguments: &[&str]) -> String {
    let output = Command::new(psql).args(connection(port)).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && err.is_empty(), "{arguments:?}\n{out}\n{err}");
    out.into_owned()
}
