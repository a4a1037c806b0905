//! The `alluvium` binary: what was typed becomes an action, what went wrong becomes text and an exit code.

fn main() {}
