//! Processes of tests: programs, what runs before and after (spec/runtime.md 7.7.4 and 7.7.5).

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use temblor_syntax::ast::Dialect;
use temblor_value::{ObjectMap, Value};

use super::files::{read_json, scalar_text, text, texts};

/// How often conditions are looked at.
const POLL: Duration = Duration::from_millis(100);
/// How long one look at a network address may take.
const LOOK: Duration = Duration::from_secs(1);

/// A process that ran to its end.
pub(super) struct Finished {
    /// `None` if a signal ended it.
    pub(super) status: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A command for a program of `PATH`; this program stands in for `tremor` and `temblor` where there are none.
pub(super) fn command(program: &str, dialect: Option<Dialect>, args: &[String]) -> Result<Command, String> {
    let is_own = matches!(program, "tremor" | "temblor");
    let mut command = if is_own && !is_in_path(program) {
        let own = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let mut command = Command::new(own);
        command.arg0(program);
        command
    } else {
        Command::new(program)
    };
    let takes_dialect = matches!(args.first().map(String::as_str), Some("run" | "server"));
    if let (Some(dialect), true) = (dialect, is_own && takes_dialect) {
        command.arg("--dialect").arg(dialect_name(dialect));
    }
    command.args(args);
    Ok(command)
}

fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Modern => "0.11",
        Dialect::V09 => "0.9",
    }
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Sets the variables in the field `env`.
pub(super) fn set_env(command: &mut Command, record: &Value) {
    let env = record.get("env").and_then(Value::as_object);
    for (name, value) in env.into_iter().flat_map(|env| env.iter()) {
        if let Some(value) = scalar_text(value) {
            command.env(name.as_str(), value);
        }
    }
}

/// Runs with an empty input to the end and keeps the outputs in files `NAME.out.log` and `NAME.err.log` of the folder.
pub(super) fn finish(mut command: Command, folder: &Path, name: &str) -> Result<Finished, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    for (stream, content) in [("out", &output.stdout), ("err", &output.stderr)] {
        let file = folder.join(format!("{name}.{stream}.log"));
        std::fs::write(&file, content).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(Finished {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The process of `before.json`, ended at the latest when this is dropped.
pub(super) struct Background {
    child: Option<Child>,
}

impl Background {
    /// Starts what `before.json` says, if there is one, and waits as it says.
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        let file = folder.join("before.json");
        if !file.is_file() {
            return Ok(Self { child: None });
        }
        let (record, what) = (read_json(&file)?, file.display().to_string());
        let log = |stream: &str| {
            let file = folder.join(format!("bg.{stream}.log"));
            File::create(&file).map_err(|error| format!("cannot write {}: {error}", file.display()))
        };
        let mut command = of_record(&record, &what)?;
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log("out")?)
            .stderr(log("err")?);
        let child = command.spawn().map_err(|error| format!("{what}: cannot start: {error}"))?;
        let background = Self { child: Some(child) };
        wait(&record, &what)?;
        Ok(background)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs what `after.json` says, if there is one; its status does not count.
pub(super) fn after(folder: &Path) -> Result<(), String> {
    let file = folder.join("after.json");
    if !file.is_file() {
        return Ok(());
    }
    let command = of_record(&read_json(&file)?, &file.display().to_string())?;
    finish(command, folder, "after").map(drop)
}

fn of_record(record: &Value, what: &str) -> Result<Command, String> {
    if record.get("args").is_none() {
        return Err(format!("{what}: `args` must be a list"));
    }
    let mut command = command(text(record, "cmd", what)?, None, &texts(record, "args", what)?)?;
    set_env(&mut command, record);
    Ok(command)
}

/// Waits until all conditions of `await` hold, then as long as `min-await-secs` says.
fn wait(record: &Value, what: &str) -> Result<(), String> {
    let seconds = |key| Duration::from_secs(record.get(key).and_then(Value::as_u64).unwrap_or(0));
    let started = Instant::now();
    if let Some(conditions) = record.get("await") {
        let conditions = Conditions::read(conditions, what)?;
        while !conditions.hold(started) {
            if started.elapsed() > seconds("max-await-secs") {
                return Err(format!("{what}: Upper bound exceeded error"));
            }
            std::thread::sleep(POLL);
        }
    }
    std::thread::sleep(seconds("min-await-secs"));
    Ok(())
}

struct Conditions {
    ports: Vec<u16>,
    times: Vec<Duration>,
    urls: Vec<String>,
}

impl Conditions {
    fn read(record: &Value, what: &str) -> Result<Self, String> {
        let known = ["port-open", "wait-for-ms", "http-ok"];
        let names = record.as_object().into_iter().flat_map(ObjectMap::keys);
        if let Some(unknown) = { names }.find(|name| !known.contains(&name.as_str())) {
            return Err(format!("{what}: unknown condition `{unknown}`"));
        }
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{what}: `{text}` is no number"));
        let times = texts(record, "wait-for-ms", what)?.into_iter().map(number);
        let port = |text: String| text.parse().map_err(|_| format!("{what}: `{text}` is no port"));
        Ok(Self {
            ports: texts(record, "port-open", what)?
                .into_iter()
                .map(port)
                .collect::<Result<_, _>>()?,
            times: times.map(|ms| ms.map(Duration::from_millis)).collect::<Result<_, _>>()?,
            urls: texts(record, "http-ok", what)?,
        })
    }

    fn hold(&self, since: Instant) -> bool {
        self.times.iter().all(|time| since.elapsed() >= *time)
            && self.ports.iter().all(|port| TcpStream::connect(("localhost", *port)).is_ok())
            && self.urls.iter().all(|url| answers_well(url).unwrap_or(false))
    }
}

/// Whether a GET of an `http` URL is answered with a status of the 200s.
fn answers_well(url: &str) -> std::io::Result<bool> {
    let Some(rest) = url.strip_prefix("http://") else {
        return Ok(false);
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if authority.contains(':') {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LOOK))?;
    stream.set_write_timeout(Some(LOOK))?;
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    Ok(start.starts_with(b"HTTP/1.") && start[8..].starts_with(b" 2"))
}
