//! `run`: a script or query over standard input (spec/runtime.md 7.3, spec/formats.md 1.5).

mod input;
mod query;
mod script;
mod sink;

use std::path::Path;
use std::process::ExitCode;

use temblor_codec::{Codec, codec};
use temblor_value::Value;

use self::input::Input;
use self::sink::Sink;
use crate::args::{Globals, RunOptions};
use crate::env;

/// What is run.
trait Engine {
    /// Handles one event; the error ends the run. An event that only failed itself is reported and counted.
    fn event(&mut self, value: Value, ingest_ns: u64, sink: &mut Sink) -> Result<(), String>;

    /// Whether an event failed.
    fn has_failed(&self) -> bool;
}

/// Runs a file over the input.
pub(crate) fn run(options: &RunOptions, globals: &Globals) -> Result<ExitCode, String> {
    let limits = env::limits(options.recursion_limit, &options.limits)?;
    let env = env::new(globals.dialect.unwrap_or_default(), &globals.instance, limits);
    let mut engine: Box<dyn Engine> = match options.script.extension().and_then(|extension| extension.to_str()) {
        Some("tremor" | "json") => Box::new(script::Script::load(&options.script, &env, globals.diagnostics)?),
        Some("trickle") => Box::new(query::Query::load(&options.script, &env, globals.diagnostics)?),
        _ => return Err(format!("Error: Unable to execute source: {}", options.script.display())),
    };
    let decoder = find_codec(&options.decoder)?;
    let mut input = Input::open(&options.input, &options.preprocessor)?;
    let mut sink = Sink::open(options)?;
    while let Some((message, mut ingest_ns)) = input.next()? {
        let decoded = decoder
            .decode(message, &mut input.scratch, &mut ingest_ns)
            .map_err(|error| error.to_string())?;
        let Some(value) = decoded else { continue };
        Sink::show_input(&value, options)?;
        engine.event(value, ingest_ns, &mut sink)?;
    }
    Ok(if engine.has_failed() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn find_codec(name: &str) -> Result<std::sync::Arc<dyn Codec>, String> {
    codec(name).ok_or_else(|| format!("Error Codec {name} not found error."))
}

/// The text of the file to run.
fn read_source(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("Error processing file {}: {error}", file.display()))
}
