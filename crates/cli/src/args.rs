//! Arguments (spec/runtime.md 7 and 12).

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand};
use temblor_syntax::ast::Dialect;

use crate::diagnostics::Form;

/// Reverse proxy and event-processing engine, programmable in tremor-script and trickle.
#[derive(Debug, Parser)]
#[command(name = "temblor", arg_required_else_help = true)]
pub(crate) struct Args {
    /// Accepted for compatibility; has no effect
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that stand before the command or within it.
#[derive(Debug, ClapArgs)]
pub(crate) struct Globals {
    /// Name of this instance, as scripts see it
    #[arg(short, long, default_value = "tremor")]
    pub(crate) instance: String,
    /// Dialect of files that name none: 0.9, 0.10 or 0.11
    #[arg(long, global = true, value_name = "NAME", value_parser = parse_dialect)]
    pub(crate) dialect: Option<Dialect>,
    /// Form of errors and warnings in scripts and queries
    #[arg(long, global = true, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) diagnostics: Form,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a script or query over standard input
    Run(RunOptions),
    /// Runs deployments
    Server {
        #[command(subcommand)]
        command: Option<ServerCommand>,
    },
    /// Shows how a script or query is read
    Dbg(DbgOptions),
    /// Shows what a script, query or deployment does with events
    Explain(ExplainOptions),
    /// Writes documentation of modules
    Doc(DocOptions),
    /// Runs tests
    Test(TestOptions),
    /// Prints the completion script of a shell
    Completions(CompletionsOptions),
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
    /// Directory for a snapshot of the configuration after every change over the admin interface
    #[arg(short = 'd', value_name = "DIR")]
    pub(crate) storage: Option<PathBuf>,
    /// File for the process id
    #[arg(short = 'p', value_name = "FILE")]
    pub(crate) pid_file: Option<PathBuf>,
    /// No admin interface
    #[arg(short, long)]
    pub(crate) no_api: bool,
    /// Unix socket at which processes take over from each other without losing a connection
    #[arg(long, value_name = "PATH")]
    pub(crate) handover: Option<PathBuf>,
    /// Where the admin interface listens; what other machines can reach needs a token
    #[arg(short = 'h', long, value_name = "HOST:PORT", default_value = "127.0.0.1:9898")]
    pub(crate) api_host: String,
    /// File with the token that readers of the admin interface have to show; else `TEMBLOR_API_TOKEN`
    #[arg(long, value_name = "FILE")]
    pub(crate) api_token_file: Option<PathBuf>,
    /// Other machines may read the admin interface, and deploy and undeploy bindings, without a token
    #[arg(long)]
    pub(crate) api_insecure: bool,
    /// Rounds of `recur` in a function call, the first call included
    #[arg(short, long)]
    pub(crate) recursion_limit: Option<u32>,
    /// Limit of scripts, such as `steps=1000`
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = parse_limit)]
    pub(crate) limits: Vec<(String, u64)>,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DbgOptions {
    /// No banner
    #[arg(short = 'b', long)]
    pub(crate) no_banner: bool,
    /// No colours
    #[arg(short = 'n', long)]
    pub(crate) no_highlight: bool,
    #[command(subcommand)]
    pub(crate) view: Option<DbgView>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbgView {
    /// The source with line numbers
    Src(DbgFile),
    /// The tokens
    Lex(DbgFile),
    /// The tokens with used modules put in place
    Preprocess(DbgFile),
    /// The syntax tree as JSON
    Ast(DbgTree),
    /// The graph of a query for Graphviz
    Dot(DbgFile),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DbgFile {
    /// Script or query; `-` is a script on standard input
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DbgTree {
    /// Script or query; `-` is a script on standard input
    pub(crate) file: PathBuf,
    /// Of scripts only the expressions
    #[arg(short = 'x', long)]
    pub(crate) exprs_only: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainOptions {
    /// Script or query; `-` is a script on standard input
    #[arg(required_unless_present = "files")]
    pub(crate) file: Option<PathBuf>,
    /// Files of a deployment, which is linked and not started
    #[arg(short = 'f', value_name = "FILE", num_args = 1.., conflicts_with = "file")]
    pub(crate) files: Vec<PathBuf>,
    /// Of a deployment only this onramp: its id, or id/instance
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    pub(crate) onramp: Option<String>,
    /// Of a deployment a JSON record on a line for each onramp
    #[arg(long, conflicts_with = "file")]
    pub(crate) json: bool,
    /// Also what tremor of this version did otherwise
    #[arg(long, value_name = "VERSION", value_parser = ["0.11"], conflicts_with = "file")]
    pub(crate) compat: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DocOptions {
    /// Folder with modules, or one module
    #[arg(value_name = "DIR")]
    pub(crate) source: PathBuf,
    /// Folder to write to
    #[arg(value_name = "OUTDIR", default_value = "docs")]
    pub(crate) target: PathBuf,
    /// Prints the documentation, too
    #[arg(short, long)]
    pub(crate) interactive: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TestOptions {
    /// Tests to run: all, unit, command, integration or bench
    #[arg(default_value = "all")]
    pub(crate) mode: String,
    /// Folder with the tests
    #[arg(default_value = "tests")]
    pub(crate) path: PathBuf,
    /// File for the report
    #[arg(short = 'o', long, value_name = "FILE", default_value = "report.json")]
    pub(crate) report: PathBuf,
    /// Runs what has one of these tags
    #[arg(short, long, value_name = "TAG", num_args = 1..)]
    pub(crate) includes: Vec<String>,
    /// Leaves out what has one of these tags
    #[arg(short, long, value_name = "TAG", num_args = 1..)]
    pub(crate) excludes: Vec<String>,
    /// Prints failures and totals only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Limit of scripts, such as `steps=1000`
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = parse_limit)]
    pub(crate) limits: Vec<(String, u64)>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsOptions {
    /// bash, zsh, fish, elvish, powershell or guess
    pub(crate) shell: Option<String>,
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
