//! `demo reverse-proxy`: the recipe with three upstreams in this process (spec/runtime.md 12).

mod recipe;
mod upstream;
mod watch;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use temblor_pipeline::QueryErrors;
use temblor_runtime::sockets::Sockets;
use temblor_script::limits::Limits;
use temblor_syntax::Diagnostic;
use temblor_syntax::ast::Dialect;

use self::recipe::Recipe;
use self::upstream::{Behaviour, Upstream};
use self::watch::{Watch, show};
use crate::args::DemoOptions;
use crate::output::say;
use crate::{logging, server};

/// Number of upstreams of the recipe.
const UPSTREAMS: u8 = 3;

/// Runs the demo until a signal ends it, or writes its files.
pub(crate) fn reverse_proxy(options: &DemoOptions) -> Result<ExitCode, String> {
    match &options.write {
        Some(folder) => write(folder),
        None => run(options),
    }
}

fn write(folder: &Path) -> Result<ExitCode, String> {
    let files = Recipe::original().write(folder)?;
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    show(&format!(
        "wrote the recipe to {0}. Its upstreams are called webserver01 to webserver03: put their addresses into\n\
         your hosts file or edit {0}/config.yaml, then run\n\n  temblor server run -n --dialect 0.9 -f {1}\n",
        folder.display(),
        names.join(" ")
    ));
    Ok(ExitCode::SUCCESS)
}

fn run(options: &DemoOptions) -> Result<ExitCode, String> {
    logging::start();
    let watch = Arc::new(Watch::default());
    let upstreams = (1..=UPSTREAMS).map(|number| Upstream::start(number, behaviour(options, number), Arc::clone(&watch)));
    let upstreams = upstreams.collect::<Result<Vec<_>, String>>()?;
    let ports: Vec<u16> = upstreams.iter().map(Upstream::port).collect();
    let folder = std::env::temp_dir().join(format!("temblor-demo-{}", std::process::id()));
    let files = Recipe::for_demo(options.port, &ports).write(&folder)?;
    let started = server::start(
        &files,
        Some(Dialect::V09),
        "demo",
        Limits::default(),
        Sockets::default(),
        None,
        &mut show_errors,
    );
    // The files were only needed for loading; a folder that cannot be removed does no harm.
    let _ = std::fs::remove_dir_all(&folder);
    let running = started.map_err(|error| {
        format!(
            "{error}\nIf port {} is in use, choose another one with --port N.",
            options.port
        )
    })?;
    show(&introduction(options, &upstreams));
    watch.print_in_background();
    Ok(running.run_to_the_end())
}

/// The recipe mixes two ways of interpolation; the warning about that is no news to somebody who tries the demo.
fn show_errors(report: &QueryErrors) {
    if report.diagnostics().iter().any(Diagnostic::is_error) {
        say(report);
    }
}

fn behaviour(options: &DemoOptions, number: u8) -> Behaviour {
    if options.fail.contains(&number) {
        Behaviour::Refuse
    } else if options.slow.contains(&number) {
        Behaviour::Slow
    } else {
        Behaviour::Answer
    }
}

fn introduction(options: &DemoOptions, upstreams: &[Upstream]) -> String {
    let port = options.port;
    let mut list = String::new();
    for (upstream, number) in upstreams.iter().zip(1_u8..) {
        let behaviour = upstream.behaviour().describe();
        // Writing to a string cannot fail.
        let _ = writeln!(list, "  upstream{number:02}  127.0.0.1:{}  {behaviour}", upstream.port());
    }
    format!(
        "The recipe's reverse proxy listens on 127.0.0.1:{port}. Behind it:\n{list}\n\
         Try, in another terminal:\n\n\
         \x20 curl -v http://localhost:{port}/anything -H 'Content-Type: application/json' -d '{{\"snot\": \"badger\"}}'\n\
         \x20 curl -v http://localhost:{port}/anything\n\
         \x20 curl -v http://localhost:{port}/anything -H 'Content-Type: application/json' -d 'no JSON'\n\
         \x20 for i in 1 2 3 4 5 6; do curl -s http://localhost:{port}/anything | grep -o 'upstream0[0-9]'; done\n\n\
         --fail 2 makes an upstream refuse connections, --slow 2 makes one wait two seconds.\n\
         What the upstreams get is shown below; Ctrl-C ends the demo.\n"
    )
}
