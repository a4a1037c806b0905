//! Where is a Python with the peers in it? In a virtual environment, made when it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The peers, as PyPI calls them.
const PACKAGES: [&str; 5] =
    ["duckdb==2.0.0", "chdb==4.4.0", "datafusion==55.0.0", "polars==2.1.0", "pyarrow==26.0.1"];

/// The Python of the environment at `folder`.
///
/// # Errors
/// When it is missing and cannot be made: it takes Python 3 and a package index that can be reached.
pub fn python(folder: &Path) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    if python.exists() {
        return Ok(python);
    }
    eprintln!("making a virtual environment in `{}`", folder.display());
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let installed = run(Command::new(&python).args(["-m", "pip", "install", "-q"]).args(PACKAGES));
    if installed.is_err() {
        // A half-made environment would be taken for a whole one the next time.
        let _ = std::fs::remove_file(&python);
    }
    installed.map(|()| python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("cannot start {command:?}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}")) }
}
