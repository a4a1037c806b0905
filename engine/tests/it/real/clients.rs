//! Do the clients that Python and JavaScript programs use get the files' own numbers? Each script beside this file drives one
//! of them, unmodified, and compares with what it computes from the raw files.

use std::path::Path;

use super::part;
use super::stage::stage;

fn python(client: &str, variable: &str, scripts: &[&str]) {
    let Some(program) = part(client, variable) else { return };
    let Some(stage) = stage() else { return };
    for script in scripts {
        stage.run(&program, &[], script);
    }
}

fn node(client: &str, package: &str, script: &str) {
    let Some(modules) = part("the clients in JavaScript", "ALLUVIUM_NODE") else { return };
    assert!(modules.join(package).exists(), "{client} is not in {}", modules.display());
    let Some(stage) = stage() else { return };
    stage.run(Path::new("node"), &[("ALLUVIUM_NODE", &modules)], script);
}

#[test]
fn pydruid_gets_the_files_own_numbers() {
    python("pydruid", "ALLUVIUM_PYTHON", &["pydruid_native.py", "pydruid_sql.py"]);
}

#[test]
fn superset_gets_the_files_own_numbers() {
    python("Superset", "ALLUVIUM_SUPERSET_PYTHON", &["superset_rest.py"]);
}

#[test]
fn plywood_gets_the_files_own_numbers() {
    node("plywood", "plywood-druid-requester", "plywood.mjs");
}

#[test]
fn the_query_toolkits_get_the_files_own_numbers() {
    node("druid-query-toolkit", "druid-query-toolkit", "toolkit.mjs");
}

#[test]
fn cube_gets_the_files_own_numbers() {
    node("Cube's driver", "@cubejs-backend/druid-driver", "cube.mjs");
}
