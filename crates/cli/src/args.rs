//! Arguments (spec/runtime.md 7 and 12).

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use temblor_syntax::ast::Dialect;

/// Reverse proxy and event-processing engine, programmable in tremor-script and trickle.
#[derive(Debug, Parser)]
#[command(name = "temblor", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Accepted for compatibility; has no effect
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Name of this instance, as scripts see it
    #[arg(short, long, default_value = "tremor")]
    pub(crate) instance: String,
    /// Dialect of files that name none: 0.9, 0.10 or 0.11
    #[arg(long, global = true, value_name = "NAME", value_parser = parse_dialect)]
    pub(crate) dialect: Option<Dialect>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a script or query over standard input
    Run(RunOptions),
    /// Runs deployments
    Server {
        #[command(subcommand)]
        command: ServerCommand,
    },
    /// Shows what Temblor does, without anything else to install
    Demo {
        #[command(subcommand)]
        name: DemoName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Loads files and runs what they deploy
    #[command(disable_help_flag = true)]
    Run(ServerOptions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoName {
    /// Three upstreams in this process and the reverse proxy of the recipe in front of them
    ReverseProxy(DemoOptions),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunOptions {
    /// Script (`.tremor`), JSON document (`.json`) or query (`.trickle`)
    pub(crate) script: PathBuf,
    /// Input file; `-` is standard input
    #[arg(short = 'i', value_name = "FILE", default_value = "-")]
    pub(crate) input: String,
    /// Output file; `-` is standard output
    #[arg(short = 'o', value_name = "FILE", default_value = "-")]
    pub(crate) output: String,
    /// Codec of the input
    #[arg(short, long, default_value = "json")]
    pub(crate) decoder: String,
    /// Codec of the output
    #[arg(short, long, default_value = "json")]
    pub(crate) encoder: String,
    /// Preprocessor of the input
    #[arg(long = "pre-processor", default_value = "lines")]
    pub(crate) preprocessor: String,
    /// Postprocessor of the output
    #[arg(long = "post-processor", default_value = "lines")]
    pub(crate) postprocessor: String,
    /// Shows each input and output
    #[arg(long)]
    pub(crate) interactive: bool,
    /// Shows them over several lines
    #[arg(long)]
    pub(crate) pretty: bool,
    /// Rounds of `recur` in a function call, the first call included
    #[arg(short, long)]
    pub(crate) recursion_limit: Option<u32>,
    /// Limit of scripts, such as `steps=1000`
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = parse_limit)]
    pub(crate) limits: Vec<(String, u64)>,
    /// Accepted for compatibility; has no effect
    #[arg(short, long)]
    port: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ServerOptions {
    /// Files to load: queries first, then documents
    #[arg(short = 'f', value_name = "FILE", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,
    /// File for the process id
    #[arg(short = 'p', value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,
    /// No admin interface (this release has none)
    #[arg(short, long)]
    pub(crate) no_api: bool,
    /// Rounds of `recur` in a function call, the first call included
    #[arg(short, long)]
    pub(crate) recursion_limit: Option<u32>,
    /// Limit of scripts, such as `steps=1000`
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = parse_limit)]
    pub(crate) limits: Vec<(String, u64)>,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DemoOptions {
    /// Port of the proxy
    #[arg(long, default_value_t = 65535)]
    pub(crate) port: u16,
    /// Upstream that refuses connections (1 to 3; may be repeated)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) fail: Vec<u8>,
    /// Upstream that waits two seconds before it answers (1 to 3; may be repeated)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) slow: Vec<u8>,
    /// Writes the recipe's files to a folder instead of running them
    #[arg(long, value_name = "DIR")]
    pub(crate) write: Option<PathBuf>,
}

fn parse_dialect(name: &str) -> Result<Dialect, String> {
    temblor_config::dialect_named(name).map_err(|error| error.to_string())
}

fn parse_limit(text: &str) -> Result<(String, u64), String> {
    let (name, number) = text.split_once('=').ok_or("write NAME=NUMBER")?;
    let number = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Ok((name.to_owned(), number))
}
