//! An exchange, and what is told of it when it has ended.

use std::time::Duration;

use tokio::time::Instant;

use super::{Answer, Handler, Response, ServerConfig};
use crate::connection::ConnectionInfo;
use crate::error::Refusal;
use crate::message::Status;

/// What came of an exchange, as its connection saw it.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// When the head was complete, or what came turned out to be none.
    pub received: Instant,
    /// Time from the first byte of the head to its end; zero if it came at once.
    pub head_time: Duration,
    /// Bytes of the request's body, or what a tunnel took from the client.
    pub body_received: u64,
    /// Bytes of the answer's body, or what a tunnel gave to the client; framing does not count.
    pub body_sent: u64,
    /// Status of the answer that was begun; `None`: the connection ended without one.
    pub status: Option<Status>,
    /// The answer went out to its end.
    pub is_complete: bool,
}

impl Finished {
    /// An exchange of which nothing more is known.
    fn new(head_time: Duration) -> Finished {
        Finished {
            received: Instant::now(),
            head_time,
            body_received: 0,
            body_sent: 0,
            status: None,
            is_complete: false,
        }
    }
}

/// One exchange and who is told of its end.
pub(crate) struct Exchange<'c, H: Handler> {
    pub(crate) handler: &'c H,
    pub(crate) info: &'c ConnectionInfo,
    pub(crate) notes: H::Notes,
    pub(crate) finished: Finished,
}

impl<'c, H: Handler> Exchange<'c, H> {
    pub(crate) fn of(handler: &'c H, info: &'c ConnectionInfo, notes: H::Notes, head_time: Duration) -> Self {
        Exchange {
            handler,
            info,
            notes,
            finished: Finished::new(head_time),
        }
    }

    /// The response to a refused request; `None`: there is to be none.
    pub(crate) fn refuse(&mut self, refusal: &Refusal, config: &ServerConfig) -> Option<Response> {
        match self.handler.refuse(refusal, &mut self.notes) {
            Answer::Respond(response) => Some(response),
            Answer::Refuse(refusal) => Some(Response::refusal(&refusal, &config.server_header)),
            Answer::Switch(_) | Answer::Close => None,
        }
    }

    /// Tells the handler.
    pub(crate) fn end(&mut self) {
        self.handler.end(std::mem::take(&mut self.notes), self.info, &self.finished);
    }
}
