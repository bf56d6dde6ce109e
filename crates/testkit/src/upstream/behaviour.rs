//! What an upstream does with a request.

use std::time::Duration;

/// Behaviour from the next request on; connections that wait under [`Behaviour::Hold`] take it up at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Tells the request, as httpbin's `/anything` does.
    Echo,
    /// Always the same response.
    Answer(Canned),
    /// Waits, then does something else.
    Slow(Duration, Box<Behaviour>),
    /// No answer until another behaviour is set.
    Hold,
    /// Breaks connections as soon as they are accepted.
    ResetOnAccept,
    /// Reads the request and breaks the connection.
    ResetAfterRequest,
    /// Reads the request and closes the connection.
    CloseAfterRequest,
    /// Sends half of a response's head and breaks the connection.
    HalfHead,
    /// Sends a head, half of the body that it announces, and breaks the connection.
    HalfBody,
    /// Sends bytes as they are.
    Raw {
        /// The bytes.
        bytes: Vec<u8>,
        /// Close the connection afterwards.
        close: bool,
    },
    /// The same in small pieces.
    Dribble {
        /// The bytes.
        bytes: Vec<u8>,
        /// Bytes of a piece, at least 1.
        piece: usize,
        /// Close the connection afterwards.
        close: bool,
    },
}

/// A response that does not depend on the request. `HEAD` gets its head only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canned {
    /// Status code.
    pub status: u16,
    /// Headers beside `content-length`, which is added unless the status forbids a body.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Body.
    pub body: &'static str,
}

impl Behaviour {
    /// A response.
    pub fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Self {
        Self::Answer(Canned {
            status,
            headers: headers.to_vec(),
            body,
        })
    }

    /// Bytes, then the end of the connection.
    pub fn raw(bytes: &str) -> Self {
        Self::Raw {
            bytes: bytes.as_bytes().to_vec(),
            close: true,
        }
    }
}

impl Canned {
    /// The bytes of the response to a request.
    pub(super) fn bytes(&self, is_head: bool) -> Vec<u8> {
        let has_length = self.status >= 200 && self.status != 204 && self.status != 304;
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let mut text = format!("HTTP/1.1 {} Canned\r\n", self.status);
        text.extend(headers);
        if has_length {
            text.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n"]);
        }
        text.push_str("\r\n");
        if has_length && !is_head {
            text.push_str(self.body);
        }
        text.into_bytes()
    }
}
