//! The Temblor command line: a programmable reverse proxy and an event-processing engine in one binary.

mod admin;
mod args;
mod bindings;
mod completions;
mod connectors;
mod dbg;
mod demo;
mod diagnostics;
mod doc;
mod env;
mod explain;
mod handover;
mod help;
mod logging;
mod memory;
mod name;
mod output;
mod pid_file;
mod run;
mod server;
mod source_file;
mod storage;
mod testing;

use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::{Args, Command, DemoName, ServerCommand};
use crate::output::fail;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut command = help::command();
    let Args { globals, command, .. } = match Args::from_arg_matches(&command.get_matches_mut()) {
        Ok(args) => args,
        Err(error) => error.format(&mut command).exit(),
    };
    let result = match command {
        Command::Run(options) => run::run(&options, &globals),
        Command::Server { command: None } => Err(help::top_level()),
        Command::Server {
            command: Some(ServerCommand::Run(options)),
        } => server::run(&options, globals.dialect, &globals.instance),
        Command::Dbg(options) => dbg::run(&options, &globals),
        Command::Explain(options) => explain::run(&options, &globals),
        Command::Doc(options) => doc::run(&options, &globals),
        Command::Test(options) => testing::run(&options, &globals),
        Command::Completions(options) => completions::run(&options),
        Command::Demo {
            name: DemoName::ReverseProxy(options),
        } => demo::reverse_proxy(&options),
    };
    result.unwrap_or_else(|error| fail(&error))
}
