//! `run FILE -i INPUT` for scripts: enough of the command line to drive the conformance cases of the language while it is built.
//!
//! Reads the module path from `TEMBLOR_PATH` or `TREMOR_PATH`, events as JSON lines, and writes results as spec/runtime.md 7.3 says.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use temblor_script::func::{EventInfo, OriginRef, Registry};
use temblor_script::host::NoHost;
use temblor_script::loader::{Loaded, Loader, NotFound};
use temblor_script::{Env, Limits, Program, Scope, Scratch, Trap, Verdict, compile_script};
use temblor_syntax::ast::Dialect;
use temblor_syntax::{SourceMap, render};
use temblor_value::{Value, json};

/// The module path as folders.
struct Folders(Vec<PathBuf>);

impl Loader for Folders {
    fn load(&self, path: &[&str]) -> Result<Loaded, NotFound> {
        let relative: PathBuf = path.iter().collect();
        for extension in ["tremor", "trickle"] {
            for folder in &self.0 {
                let file = folder.join(&relative).with_extension(extension);
                if let Ok(text) = std::fs::read_to_string(&file) {
                    let file = file.display().to_string();
                    return Ok(Loaded { file, text });
                }
            }
        }
        Err(NotFound {
            searched: self.0.iter().map(|folder| folder.display().to_string()).collect(),
        })
    }
}

/// Folders of the module path that exist.
fn folders() -> Folders {
    let path = std::env::var("TEMBLOR_PATH")
        .or_else(|_| std::env::var("TREMOR_PATH"))
        .unwrap_or_default();
    Folders(
        path.split(':')
            .map(|entry| PathBuf::from(entry.trim()))
            .filter(|folder| !folder.as_os_str().is_empty() && folder.is_dir())
            .collect(),
    )
}

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "run").collect();
    let mut dialect = Dialect::Modern;
    if let Some(place) = args.iter().position(|arg| arg == "--dialect") {
        let chosen: Vec<String> = args.drain(place..(place + 2).min(args.len())).collect();
        if chosen.last().is_some_and(|name| name == "0.9") {
            dialect = Dialect::V09;
        }
    }
    let script = args.first().cloned().unwrap_or_default();
    let input = args.iter().skip_while(|arg| *arg != "-i").nth(1).cloned().unwrap_or_default();
    match run(Path::new(&script), Path::new(&input), dialect) {
        Ok(true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Runs a script over an input; whether all events were processed.
fn run(script: &Path, input: &Path, dialect: Dialect) -> std::io::Result<bool> {
    let mut errors = std::io::stderr();
    let mut registry = Registry::new();
    temblor_stdlib::install(&mut registry);
    let env = Env {
        registry: Arc::new(registry),
        loader: Arc::new(folders()),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect,
    };
    let mut sources = SourceMap::new();
    let id = sources.add(script.display().to_string(), std::fs::read_to_string(script)?);
    sources.mark_main(id);
    let program = match compile_script(&mut sources, id, &env) {
        Ok(compiled) => {
            for warning in &compiled.warnings {
                write!(errors, "{}", render(&sources, warning, false))?;
            }
            compiled.program
        }
        Err(found) => {
            for error in &found {
                write!(errors, "{}", render(&sources, error, false))?;
            }
            return Ok(false);
        }
    };
    if std::env::var_os("DUMP").is_some() {
        writeln!(errors, "{}\n{:#?}", program.dump(), program.uses())?;
    }
    events(&program, &std::fs::read_to_string(input)?, |trap| {
        let report = render(&sources, &trap.diagnostic(), false);
        write!(std::io::stderr(), "{report}")
    })
}

fn events(program: &Program, input: &str, mut report: impl FnMut(&Trap) -> std::io::Result<()>) -> std::io::Result<bool> {
    let origin = OriginRef {
        scheme: "tremor-script",
        host: "localhost",
        port: None,
        path: &[],
    };
    let (mut state, mut scratch, mut all) = (Value::Null, Scratch::default(), true);
    for line in input.lines() {
        let Ok(mut event) = json::from_str(line) else {
            writeln!(std::io::stderr(), "Error decoding {line}")?;
            return Ok(false);
        };
        let mut meta = Value::object();
        let mut scope = Scope {
            event: &mut event,
            meta: &mut meta,
            state: &mut state,
            args: &Value::Null,
            group: &Value::Null,
            window: &Value::Null,
            info: EventInfo {
                ingest_ns: 1_000_000_000,
                origin: Some(origin),
            },
            event_replaced: false,
        };
        match program.run(&mut scope, &mut scratch) {
            Ok(Verdict::Drop) => {}
            Ok(Verdict::ReturnEvent) => writeln!(std::io::stdout(), "{}", json::to_string(&event))?,
            Ok(Verdict::EmitEvent(Some(port))) if matches!(port.as_str(), "err" | "error" | "stderr") => {
                writeln!(std::io::stderr(), "{}", json::to_string(&event))?;
            }
            Ok(Verdict::EmitEvent(_)) => writeln!(std::io::stdout(), "{}", json::to_string(&event))?,
            Ok(Verdict::EmitValue(value, _)) => writeln!(std::io::stdout(), "{}", json::to_string(&value))?,
            Err(trap) => {
                all = false;
                report(&trap)?;
            }
        }
    }
    Ok(all)
}
