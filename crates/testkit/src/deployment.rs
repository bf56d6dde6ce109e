//! A running program with the recipe, or with the deployment of a page of documentation.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tempfile::TempDir;

use crate::client::{RawClient, Response};
use crate::exposition::Exposition;
use crate::page::Page;
use crate::recipe::Recipe;

/// How long a program may take to answer at its port; generous, since tests share the machine with builds.
const START_TIME: Duration = Duration::from_secs(20);
/// Between two attempts to connect while the program starts.
const ATTEMPT_INTERVAL: Duration = Duration::from_millis(2);

/// The program, its files and what it wrote. Dropping it kills it.
#[derive(Debug)]
pub struct Deployment {
    child: Child,
    port: u16,
    admin: Option<u16>,
    stderr: Arc<Mutex<String>>,
    /// Disconnected once the program has closed its standard error, that is, ended.
    ended: Receiver<()>,
    _folder: TempDir,
}

impl Deployment {
    /// Runs `binary` with a recipe and waits until its port takes connections.
    pub fn start(binary: impl AsRef<Path>, recipe: &Recipe) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(binary.as_ref());
        command.args(recipe.write(folder.path())?);
        command.envs(recipe.log_filter().map(|filter| ("RUST_LOG", filter)));
        Self::launch(command, folder, recipe.port(), recipe.admin_port())
    }

    /// Runs `binary` with the deployment of a page of documentation and waits until its port takes connections.
    pub fn of_page(binary: impl AsRef<Path>, page: &Page) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(binary.as_ref());
        command.args(page.write(folder.path())?);
        command.envs(page.variables());
        command.envs(page.log_filter().map(|filter| ("RUST_LOG", filter)));
        Self::launch(command, folder, page.port(), page.admin_port())
    }

    fn launch(mut command: Command, folder: TempDir, port: u16, admin: Option<u16>) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = Arc::default();
        let (alive, ended) = channel();
        if let Some(pipe) = child.stderr.take() {
            let text = Arc::clone(&stderr);
            Builder::new()
                .name("stderr".to_owned())
                .spawn(move || collect(pipe, &text, alive))?;
        }
        let deployment = Self {
            child,
            port,
            admin,
            stderr,
            ended,
            _folder: folder,
        };
        deployment.wait_for_port()?;
        Ok(deployment)
    }

    fn wait_for_port(&self) -> io::Result<()> {
        let deadline = Instant::now() + START_TIME;
        while RawClient::connect(self.port).is_err() {
            let has_ended = self.ended.recv_timeout(ATTEMPT_INTERVAL) == Err(RecvTimeoutError::Disconnected);
            if has_ended || Instant::now() > deadline {
                return Err(io::Error::other(format!(
                    "the program does not listen; it wrote:\n{}",
                    self.stderr()
                )));
            }
        }
        Ok(())
    }

    /// The onramp's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A new connection to the onramp.
    pub fn client(&self) -> io::Result<RawClient> {
        RawClient::connect(self.port)
    }

    /// An answer of the admin interface.
    ///
    /// # Errors
    /// The deployment has none, or it does not answer.
    pub fn admin(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<Response> {
        self.admin_client()?.ask(method, path, headers, "")
    }

    /// A connection to the admin interface.
    ///
    /// # Errors
    /// There is none, or it does not answer.
    pub fn admin_client(&self) -> io::Result<RawClient> {
        let port = self.admin.ok_or_else(|| io::Error::other("there is no admin interface"))?;
        RawClient::connect(port)
    }

    /// The numbers that the admin interface shows.
    ///
    /// # Errors
    /// It does not answer, or breaks the rules of the text.
    pub fn metrics(&self) -> io::Result<Exposition> {
        let response = self.admin("GET", "/metrics", &[])?;
        let text = String::from_utf8_lossy(response.body());
        Exposition::of_text(&text).map_err(|error| io::Error::other(format!("{error}\n{text}")))
    }

    /// Waits until a number is as wanted ([`Exposition::value`]) and gives it. What is counted at the end of an exchange may come a moment
    /// after its answer.
    ///
    /// # Errors
    /// It does not become so, or the numbers cannot be read.
    pub fn wait_for_number(&self, name: &str, labels: &[(&str, &str)], wanted: impl Fn(f64) -> bool) -> io::Result<f64> {
        let deadline = Instant::now() + START_TIME;
        loop {
            let number = self.metrics()?.value(name, labels);
            if wanted(number) {
                return Ok(number);
            }
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("{name} {labels:?} is {number}")));
            }
            std::thread::sleep(ATTEMPT_INTERVAL);
        }
    }

    /// What the program wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().clone()
    }

    /// Number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory, in KiB.
    pub fn resident_kib(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| io::Error::other("no VmRSS in the process status"))
    }

    /// Asks the program to end.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal("-TERM")
    }

    /// Asks the program to look at its files.
    pub fn hang_up(&self) -> io::Result<()> {
        self.signal("-HUP")
    }

    fn signal(&self, signal: &str) -> io::Result<()> {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other("kill failed"))
        }
    }

    /// Waits until the program has ended.
    pub fn wait(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        match self.ended.recv_timeout(patience) {
            Err(RecvTimeoutError::Disconnected) => self.child.wait(),
            _ => Err(io::Error::new(io::ErrorKind::TimedOut, "the program still runs")),
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what the program writes; `_alive` is dropped at its end.
fn collect(pipe: ChildStderr, text: &Mutex<String>, _alive: Sender<()>) {
    for line in BufReader::new(pipe).split(b'\n') {
        let Ok(line) = line else { return };
        let mut text = text.lock();
        text.push_str(&String::from_utf8_lossy(&line));
        text.push('\n');
    }
}
