//! The Temblor command line: a programmable reverse proxy and an event-processing engine in one binary.

mod args;
mod connectors;
mod demo;
mod env;
mod logging;
mod output;
mod run;
mod server;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command, DemoName, ServerCommand};
use crate::output::fail;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.command {
        Command::Run(options) => run::run(&options, args.dialect),
        Command::Server {
            command: ServerCommand::Run(options),
        } => server::run(&options, args.dialect, &args.instance),
        Command::Demo {
            name: DemoName::ReverseProxy(options),
        } => demo::reverse_proxy(&options),
    };
    result.unwrap_or_else(|error| fail(&error))
}
