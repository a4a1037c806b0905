//! Does psql get the file's own numbers, list the tables and describe one, as people use it? Needs `psql`.

use std::path::Path;
use std::process::Command;

use super::server::Server;
use super::wikiticker::{EDITS, Wikiticker};

#[test]
fn psql_gets_the_files_own_numbers() {
    let Some(file) = Wikiticker::read() else { return };
    let Some(psql) = super::part("psql", "ALLUVIUM_PSQL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = super::broker::free_port();
    let server =
        Server::start_with(folder.path(), None, &format!("[postgres]\nlisten = '127.0.0.1:{port}'\n"));
    file.load_into(&server, folder.path());
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
    assert_eq!(tables.trim(), "druid|wikipedia|table|alluvium");
    let columns = run(&["-At", "-c", "\\d wikipedia"]);
    let wanted = "__time|timestamp without time zone||not null|\nchannel|text|||\npage|text|||\nuser|text|||\n\
        added|bigint|||\ndelta|bigint|||";
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
    server.stop();
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
