//! The command line as clap sees it: headings of the help and names as spec/runtime.md 7.1 wants them on every level.

use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::args::Args;
use crate::name::{VERSION, program_name};

const TEMPLATE: &str = "{before-help}{about-with-newline}\nUSAGE:\n    {usage}\n\n{all-args}{after-help}\n";

/// The whole command line.
pub(crate) fn command() -> Command {
    let name = program_name();
    prepare(Args::command().name(name).bin_name(name), name)
}

/// The help of the top level.
pub(crate) fn top_level() -> String {
    command().render_long_help().to_string()
}

fn prepare(command: Command, name: &'static str) -> Command {
    // `server run` uses `-h` for something else and so brings its own.
    let has_help = command.get_arguments().any(|arg| arg.get_id() == "help");
    let version = Arg::new("version").short('V').long("version");
    let mut command = command
        .display_name(name)
        .version(VERSION)
        .disable_version_flag(true)
        .disable_help_flag(true)
        .help_template(TEMPLATE)
        .subcommand_help_heading("SUBCOMMANDS")
        .arg(version.action(ArgAction::Version).help("Print version"));
    if !has_help {
        let help = Arg::new("help").short('h').long("help");
        command = command.arg(help.action(ArgAction::Help).help("Print help"));
    }
    command
        .mut_args(|arg| {
            let heading = heading(&arg);
            arg.help_heading(heading)
        })
        .mut_subcommands(|subcommand| prepare(subcommand, name))
}

fn heading(arg: &Arg) -> &'static str {
    if arg.is_positional() {
        return "ARGS";
    }
    match arg.get_action() {
        ArgAction::Set | ArgAction::Append => "OPTIONS",
        _ => "FLAGS",
    }
}
