//! The `alluvium` binary: what was typed becomes an action, what went wrong becomes text and an exit code.

use std::process::ExitCode;

use alluvium::flags::{Command, Flags};
use alluvium::{EngineError, client, inspect, quickstart, server};
use clap::Parser;
use mimalloc::MiMalloc;

/// Answers are made of many small pieces; this allocator keeps them apart by thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("alluvium: {}", failure.explain());
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(flags: Flags) -> Result<(), EngineError> {
    match flags.command {
        Command::Server(options) => server::run(&options),
        Command::Segment(options) => inspect::run(&options),
        Command::Sql(options) => client::sql::run(&options),
        Command::Submit(options) => client::submit::run(&options),
        Command::Quickstart(options) => quickstart::run(&options),
    }
}
