//! The process that starts: asks for the sockets, and for the place when everything is deployed.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::HandoverError;
use super::wire::{DEPLOYED, DRAINING, END, HELLO, Line, SOCKET};

/// How long the running process may take for a line; it answers one question after the other.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the running process gave.
#[derive(Debug)]
pub(crate) struct Taken {
    sockets: Vec<TcpListener>,
    line: Line,
    path: String,
}

/// Asks at a path; `None` if no process listens there.
pub(crate) fn ask(path: &Path) -> Result<Option<Taken>, HandoverError> {
    let name = path.display().to_string();
    let failed = |error| HandoverError::Socket {
        path: name.clone(),
        error,
    };
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut line = Line::new(stream, PATIENCE).map_err(failed)?;
    if !line.is_ours().map_err(failed)? {
        return Err(HandoverError::Foreign { path: name });
    }
    line.say(HELLO).map_err(failed)?;
    let mut sockets = Vec::new();
    loop {
        let said = line.hear().map_err(failed)?;
        match (said.as_deref(), line.descriptor()) {
            (Some(SOCKET), Some(socket)) => sockets.push(TcpListener::from(socket)),
            (Some(END), None) => break,
            _ => return Err(unexpected(name, said)),
        }
    }
    Ok(Some(Taken {
        sockets,
        line,
        path: name,
    }))
}

impl Taken {
    /// The listening sockets; the second time there are none.
    pub(crate) fn sockets(&mut self) -> Vec<TcpListener> {
        std::mem::take(&mut self.sockets)
    }

    /// Says that everything is deployed and waits until the running process begins to drain.
    ///
    /// A running process that has ended meanwhile has left its place.
    ///
    /// # Errors
    /// It has not agreed, and goes on as if nothing had been asked.
    pub(crate) fn deployed(mut self) -> Result<(), HandoverError> {
        match self.line.say(DEPLOYED).and_then(|()| self.line.hear()) {
            Ok(Some(line)) if line == DRAINING => Ok(()),
            Ok(Some(line)) => Err(unexpected(self.path, Some(line))),
            Ok(None) | Err(_) if UnixStream::connect(&self.path).is_err() => Ok(()),
            Ok(None) => Err(unexpected(self.path, None)),
            Err(error) => Err(HandoverError::Socket { path: self.path, error }),
        }
    }
}

fn unexpected(path: String, said: Option<String>) -> HandoverError {
    HandoverError::Answer {
        path,
        line: said.unwrap_or_else(|| "nothing more".to_owned()),
    }
}
