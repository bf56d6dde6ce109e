//! Lines over a Unix socket, some of them with a descriptor.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use rustix::process::geteuid;

/// The question.
pub(super) const HELLO: &str = "temblor handover 1";
/// A listening socket goes with this line.
pub(super) const SOCKET: &str = "socket";
/// No further sockets.
pub(super) const END: &str = "end";
/// Everything is deployed.
pub(super) const DEPLOYED: &str = "deployed";
/// The place is free.
pub(super) const DRAINING: &str = "draining";

/// Longest line that is taken, in bytes; all of ours are shorter.
const LONGEST: usize = 256;
/// Descriptors taken with one read; more than one never comes.
const DESCRIPTORS: usize = 4;

/// One end of a conversation.
#[derive(Debug)]
pub(super) struct Line {
    stream: UnixStream,
    read: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Line {
    /// A conversation in which one line may take so long.
    pub(super) fn new(stream: UnixStream, patience: Duration) -> io::Result<Self> {
        stream.set_write_timeout(Some(patience))?;
        let line = Self {
            stream,
            read: Vec::new(),
            descriptors: VecDeque::new(),
        };
        line.wait_at_most(patience)?;
        Ok(line)
    }

    /// From now on a line may take so long to come.
    pub(super) fn wait_at_most(&self, patience: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(patience))
    }

    /// Does the process at the other end belong to the user of this one?
    pub(super) fn is_ours(&self) -> io::Result<bool> {
        Ok(socket_peercred(&self.stream)?.uid == geteuid())
    }

    /// Says a line.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\n").as_bytes())
    }

    /// Says a line and passes a descriptor with it.
    pub(super) fn pass(&mut self, text: &str, descriptor: &impl AsFd) -> io::Result<()> {
        let text = format!("{text}\n");
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [descriptor.as_fd()];
        if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::Error::other("no room for a descriptor"));
        }
        let sent = sendmsg(
            &self.stream,
            &[IoSlice::new(text.as_bytes())],
            &mut control,
            SendFlags::NOSIGNAL,
        )?;
        // The descriptor has gone with the first byte.
        self.stream.write_all(text.as_bytes().get(sent..).unwrap_or_default())
    }

    /// The next line without its end; `None` when the other end has closed.
    pub(super) fn hear(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.read, rest);
                line.pop();
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.read.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without end"));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// The descriptor that came with a line.
    pub(super) fn descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }

    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = [0; LONGEST];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(
            &self.stream,
            &mut [IoSliceMut::new(&mut bytes)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        self.read.extend_from_slice(bytes.get(..received.bytes).unwrap_or_default());
        Ok(received.bytes > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn pair() -> (Line, Line) {
        let (one, other) = UnixStream::pair().unwrap();
        (Line::new(one, PATIENCE).unwrap(), Line::new(other, PATIENCE).unwrap())
    }

    #[test]
    fn lines_and_descriptors_arrive_in_order() {
        let (mut old, mut new) = pair();
        assert!(new.is_ours().unwrap());
        let sockets = [0, 0].map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
        old.say("first").unwrap();
        for socket in &sockets {
            old.pass(SOCKET, socket).unwrap();
        }
        old.say(END).unwrap();
        assert_eq!(new.hear().unwrap().as_deref(), Some("first"));
        for socket in &sockets {
            assert_eq!(new.hear().unwrap().as_deref(), Some(SOCKET));
            let passed = TcpListener::from(new.descriptor().unwrap());
            assert_eq!(passed.local_addr().unwrap(), socket.local_addr().unwrap());
        }
        assert_eq!(new.hear().unwrap().as_deref(), Some(END));
        assert!(new.descriptor().is_none());
        drop(old);
        assert_eq!(new.hear().unwrap(), None);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let (_old, mut new) = pair();
        new.wait_at_most(Duration::from_millis(1)).unwrap();
        assert!(new.hear().is_err());
    }

    #[test]
    fn a_line_without_end_is_no_line() {
        let (mut old, mut new) = pair();
        old.say(&"x".repeat(1000)).unwrap();
        assert!(new.hear().is_err());
    }
}
