//! `completions`: scripts for shells (spec/runtime.md 7.8).

use std::env::{var, var_os};
use std::path::Path;
use std::process::ExitCode;

use clap_complete::{Shell, generate};

use crate::args::CompletionsOptions;
use crate::name::program_name;
use crate::{help, output};

/// Prints the script of a shell; without one, the help.
pub(crate) fn run(options: &CompletionsOptions) -> Result<ExitCode, String> {
    let Some(name) = &options.shell else {
        output::print(&help::top_level())?;
        return Ok(ExitCode::SUCCESS);
    };
    let shell = match name.as_str() {
        "guess" => guess()?,
        name => shell(name)?,
    };
    let mut script = Vec::new();
    generate(shell, &mut help::command(), program_name(), &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

fn shell(name: &str) -> Result<Shell, String> {
    match name {
        "bash" => Ok(Shell::Bash),
        "zsh" => Ok(Shell::Zsh),
        "fish" => Ok(Shell::Fish),
        "elvish" => Ok(Shell::Elvish),
        "powershell" => Ok(Shell::PowerShell),
        _ => Err(format!("Unsupported shell: {name}")),
    }
}

/// The shell that this process was started from, as far as the environment tells.
fn guess() -> Result<Shell, String> {
    if var_os("ZSH_NAME").is_some() {
        return Ok(Shell::Zsh);
    }
    if var_os("PSModulePath").is_some() {
        return Ok(Shell::PowerShell);
    }
    let path = var("SHELL").unwrap_or_default();
    match Path::new(&path).file_name().and_then(|name| name.to_str()) {
        Some(name) => shell(name),
        None => Err("Unable to guess your shell, please name one of bash, zsh, fish, elvish, powershell".to_owned()),
    }
}
