//! The running process: passes its sockets on and learns when it may go.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::Builder;
use std::time::Duration;

use temblor_runtime::sockets::Sockets;
use tokio::sync::oneshot;

use super::HandoverError;
use super::wire::{DEPLOYED, DRAINING, END, HELLO, Line, SOCKET};

/// How long the other process may take for a line.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take to deploy.
const DEPLOYMENT: Duration = Duration::from_mins(10);
/// Pause after accepting has failed, for want of descriptors mostly.
const PAUSE: Duration = Duration::from_secs(1);

/// A socket that is bound and not yet found at its path.
#[derive(Debug)]
pub(crate) struct Prepared {
    listener: UnixListener,
    path: PathBuf,
    /// Where it lies until its path is free.
    present: PathBuf,
}

/// Listens for a process that wants the place of this one. Dropping it removes the socket's file, if it is still its own.
#[derive(Debug)]
pub(crate) struct Giver {
    path: PathBuf,
    /// Device and number of the socket's file.
    file: (u64, u64),
}

impl Prepared {
    /// Binds a socket for `path`, which may still be in use.
    pub(crate) fn new(path: &Path) -> Result<Self, HandoverError> {
        let mut present = path.as_os_str().to_owned();
        present.push(format!(".{}", std::process::id()));
        let present = PathBuf::from(present);
        // Only a process that had this number before and ended badly can have left one.
        let _ = fs::remove_file(&present);
        let bind = || {
            let listener = UnixListener::bind(&present)?;
            fs::set_permissions(&present, Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        Ok(Self {
            listener: bind().map_err(|error| failed(path, error))?,
            path: path.to_owned(),
            present,
        })
    }

    /// Takes the path and answers whoever asks there, on a thread of its own. The receiver hears of it when another process has taken over.
    pub(crate) fn listen(self, sockets: Sockets) -> Result<(Giver, oneshot::Receiver<()>), HandoverError> {
        let (taken, hears) = oneshot::channel();
        let start = || {
            fs::rename(&self.present, &self.path)?;
            let file = identity(&self.path)?;
            let listener = self.listener.try_clone()?;
            Builder::new().name("handover".to_owned()).spawn(move || {
                serve(&listener, &sockets);
                // Nobody listens any more when the process ends anyway.
                let _ = taken.send(());
            })?;
            Ok(file)
        };
        let file = start().map_err(|error| failed(&self.path, error))?;
        let giver = Giver {
            path: self.path.clone(),
            file,
        };
        Ok((giver, hears))
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // Fails where the socket has found its path.
        let _ = fs::remove_file(&self.present);
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        // The process that took over has put its own socket there.
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let data = fs::symlink_metadata(path)?;
    Ok((data.dev(), data.ino()))
}

fn failed(path: &Path, error: io::Error) -> HandoverError {
    HandoverError::Socket {
        path: path.display().to_string(),
        error,
    }
}

/// Answers one process after the other until one has taken over.
fn serve(listener: &UnixListener, sockets: &Sockets) {
    loop {
        let taken = match listener.accept() {
            Ok((stream, _)) => give(stream, sockets),
            Err(error) => {
                std::thread::sleep(PAUSE);
                Err(error)
            }
        };
        match taken {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::warn!(target: "tremor::server", "no take-over: {error}"),
        }
    }
}

/// One conversation; true: the other process is in charge now.
fn give(stream: UnixStream, sockets: &Sockets) -> io::Result<bool> {
    let mut line = Line::new(stream, PATIENCE)?;
    if !line.is_ours()? {
        return Err(io::Error::other("a process of another user asks"));
    }
    if line.hear()?.as_deref() != Some(HELLO) {
        return Ok(false);
    }
    tracing::info!(target: "tremor::server", "another process prepares to take over");
    for socket in sockets.in_use() {
        line.pass(SOCKET, &*socket)?;
    }
    line.say(END)?;
    line.wait_at_most(DEPLOYMENT)?;
    if line.hear()?.as_deref() != Some(DEPLOYED) {
        return Err(io::Error::other("the other process did not get ready"));
    }
    // It accepts once it has heard this; whether it hears it or dies now, it had its chance.
    line.say(DRAINING)?;
    Ok(true)
}
