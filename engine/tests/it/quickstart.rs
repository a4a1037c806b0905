//! Does the quickstart end well, and does a second one in the same folder? It checks by itself that every flight
//! is counted once.

use crate::node::alluvium;

#[test]
fn it_runs_twice_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for run in ["first", "second"] {
        let arguments =
            ["quickstart", "--once", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
        let output = alluvium(&arguments);
        let told = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the {run} run failed: {complaints}\n{told}");
        for words in
            ["while rows stream in", "when sealed", "counted exactly once", "alluvium segment inspect"]
        {
            assert!(told.contains(words), "the {run} run does not say `{words}`:\n{told}");
        }
        assert_eq!(told.matches("when sealed:").count(), 5, "{told}");
    }
}
