//! Does the JDBC driver of Calcite Avatica get the file's own numbers, in JSON and in protobuf: rows in frames, prepared
//! statements, metadata, errors, limits? Needs Java, and the driver's jars.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::stage::{Flights, stage};
use super::wikiticker::{EDITS, Wikiticker};

/// The lines a program printed: the values after each key, in order.
type Facts = BTreeMap<String, Vec<Vec<String>>>;

#[test]
fn the_jdbc_driver_gets_the_files_own_numbers() {
    let Some(jars) = super::part("the Avatica JDBC driver", "ALLUVIUM_AVATICA_LIBS") else { return };
    let Some(stage) = stage() else { return };
    let (server, file) = (&stage.server, &stage.edits);
    let driver = std::fs::read_dir(&jars)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.starts_with("avatica-"))
        .unwrap();
    let base = format!("jdbc:avatica:remote:url={}/druid/v2/sql", server.url);
    for url in [
        format!("{base}/avatica/"),
        format!("{base}/avatica"),
        format!("{base}/avatica-protobuf/;serialization=protobuf"),
    ] {
        let facts = run(&jars, &url);
        groups(&facts, file);
        rows(&facts, file);
        prepared(&facts, file);
        flights(&facts, &stage.flights);
        metadata(&facts);
        failures(&facts);
        let lines: usize = facts.values().map(Vec::len).sum();
        println!("{driver} at {url}: compared {lines} facts, all edits and all flights among them");
    }
    // What is closed or abandoned is over at once.
    assert_eq!(server.number("SELECT 1"), 1);
    let (_, metrics) = server.get("/metrics").unwrap();
    assert!(metrics.as_str().unwrap().contains("\nalluvium_jdbc_connections 0\n"), "{metrics}");
}

/// Every flight through one statement, groups by prepared statements, values of every kind of setter.
fn flights(facts: &Facts, flights: &Flights) {
    let all = [flights.lines.len() as i64, flights.miles, flights.delay].map(|n| n.to_string());
    assert_eq!(facts["flights"], [all]);
    let mut routes = BTreeMap::<(String, String), (i64, i64)>::new();
    let mut days = BTreeMap::<String, i64>::new();
    let (mut late, mut very_late, mut far) = (0, 0, 0);
    for line in &flights.lines {
        let flight: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| flight[name].as_str().unwrap().to_owned();
        let (distance, delay) = (flight["distance"].as_i64().unwrap(), flight["delay"].as_i64().unwrap());
        let route = routes.entry((text("origin"), text("destination"))).or_default();
        *route = (route.0 + 1, route.1 + delay);
        *days.entry(line[9..19].to_owned()).or_default() += 1;
        late += i64::from(delay > 90 && &line[9..19] == "2001-01-05");
        very_late += i64::from(delay > 90);
        far += i64::from(distance as f64 > 2500.5);
    }
    let wanted: Vec<Vec<String>> = [("ORD", "LAX"), ("SFO", "JFK"), ("ATL", "nowhere")]
        .iter()
        .map(|(from, to)| {
            let (n, delay) = routes.get(&((*from).to_owned(), (*to).to_owned())).copied().unwrap_or_default();
            // A sum of nothing is null, which `getLong` gives as 0.
            [(*from).to_owned(), (*to).to_owned(), n.to_string(), delay.to_string(), (n == 0).to_string()]
                .to_vec()
        })
        .collect();
    assert_eq!(facts["route"], wanted);
    let wanted: Vec<Vec<String>> =
        days.iter().map(|(day, n)| vec![format!("{day} 00:00:00.0"), n.to_string()]).collect();
    assert_eq!(facts["day"], wanted);
    assert_eq!(facts["late"], [[late.to_string()]]);
    assert_eq!(facts["far"], [[far.to_string()]]);
    assert_eq!(facts["again"], [["150".to_owned(), "150".to_owned(), very_late.to_string()]]);
}

fn run(jars: &Path, url: &str) -> Facts {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/real/Jdbc.java");
    let output = Command::new("java")
        .args(["-Duser.timezone=UTC", "-cp", &format!("{}/*", jars.display()), program, url])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{url}\n{out}\n{err}");
    let mut facts = Facts::new();
    for line in out.lines() {
        let mut values = line.split('\t').map(str::to_owned);
        facts.entry(values.next().unwrap()).or_default().push(values.collect());
    }
    facts
}

fn groups(facts: &Facts, file: &Wikiticker) {
    assert_eq!(facts["autocommit"], [["true", "true"]]);
    let columns = [["channel", "VARCHAR"], ["edits", "BIGINT"], ["added", "BIGINT"], ["delta", "BIGINT"]];
    assert_eq!(facts["column"], columns);
    assert_eq!(facts["group"].len(), file.channels.len());
    for group in &facts["group"] {
        let (edits, added, delta) = file.channels[&group[0]];
        assert_eq!(group[1..], [edits, added, delta].map(|n| n.to_string()), "{group:?}");
    }
}

fn rows(facts: &Facts, file: &Wikiticker) {
    let (mut added, mut length, mut millis) = (0, 0, 0);
    for line in &file.lines {
        let edit: Value = serde_json::from_str(line).unwrap();
        added += edit["added"].as_i64().unwrap_or(0);
        length += edit["page"].as_str().unwrap().encode_utf16().count();
        let time = edit["time"].as_str().unwrap();
        millis += time[20..23].parse::<usize>().unwrap();
    }
    let wanted = [EDITS.to_string(), added.to_string(), length.to_string(), millis.to_string()];
    assert_eq!(facts["all"], [wanted]);
    assert_eq!(facts["limited"], [["7"]]);
    let types = ["2015-09-12 01:02:03.004", "1.5", "true", "0", "true", "[x, y]", "it's", "9007199254740993"];
    assert_eq!(facts["types"][0][..8], types);
    assert_eq!(facts["types"][0][8..], ["0.1", "2015-09-12 00:00:00.0", "[1, 2]"]);
    let earliest = ["2015-09-12 09:46:58.771", "09:46"];
    assert_eq!(facts["tokyo"], [earliest]);
}

fn prepared(facts: &Facts, file: &Wikiticker) {
    assert_eq!(facts["parameters"], [["3", "VARCHAR", "TIMESTAMP", "BIGINT"]]);
    assert_eq!(facts["prepared column"], [["edits"]]);
    let wanted = ["#en.wikipedia", "#fr.wikipedia", "#en.wikipedia"].map(|channel| {
        let (edits, added, _) = file.channels[channel];
        vec![channel.to_owned(), edits.to_string(), added.to_string()]
    });
    assert_eq!(facts["prepared"], wanted);
    let afternoon = file.lines.iter().filter(|line| {
        let edit: Value = serde_json::from_str(line).unwrap();
        edit["time"].as_str().unwrap() >= "2015-09-12T12"
    });
    assert_eq!(facts["afternoon"], [[afternoon.count().to_string()]]);
}

fn metadata(facts: &Facts) {
    assert_eq!(facts["catalogs"], [["druid"]]);
    assert!(facts["schemas"].contains(&vec!["druid".to_owned(), "druid".to_owned()]));
    assert!(facts["schemas"].len() >= 3);
    assert_eq!(facts["table types"], [["SYSTEM_TABLE"], ["TABLE"]]);
    let tables = ["flights", "wikipedia"].map(|name| ["druid", "druid", name, "TABLE"]);
    assert_eq!(facts["tables"], tables);
    assert_eq!(
        facts["some columns"],
        [["flights", "delay"], ["wikipedia", "deleted"], ["wikipedia", "delta"]]
    );
    assert_eq!(facts["some tables"], [["wikipedia"]]);
    assert!(!facts.contains_key("no tables") && !facts.contains_key("types known"));
    let column = |name: &str, number: &str, sql: &str, nullable: &str, place: &str| {
        let yes = if nullable == "1" { "YES" } else { "NO" };
        let fields = ["druid", "wikipedia", name, number, sql, "-1", "-1", nullable, "null", place, yes];
        fields.map(str::to_owned).to_vec()
    };
    let texts = "channel cityName comment countryIsoCode countryName isAnonymous isMinor isNew isRobot isUnpatrolled \
        metroCode namespace page regionIsoCode regionName user";
    let names = texts.split(' ').map(|name| (name, "12", "VARCHAR"));
    let longs = ["added", "deleted", "delta"].map(|name| (name, "-5", "BIGINT"));
    let wanted: Vec<Vec<String>> = std::iter::once(("__time", "93", "TIMESTAMP"))
        .chain(names)
        .chain(longs)
        .zip(1..)
        .map(|((name, number, sql), place)| {
            column(name, number, sql, if place == 1 { "0" } else { "1" }, &place.to_string())
        })
        .collect();
    assert_eq!(facts["columns"], wanted);
}

fn failures(facts: &Facts) {
    for (failure, words) in facts["failure"].iter().zip([
        "Column 'nope' not found",
        "(line [1], column [8])",
        "'nowhere' not found",
    ]) {
        assert!(failure[0].contains(words), "{failure:?}");
        assert_eq!(failure[1..], ["-1", "00000"]);
    }
    let limit = &facts["limit"][0];
    assert_eq!(limit[0], "4");
    assert!(limit[1].contains("Too many open statements, limit is [4]"), "{limit:?}");
    assert_eq!(facts["after"], [["2"]]);
}
