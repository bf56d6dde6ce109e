//! A connection as the end of a tunnel.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::wire::{Outgoing, Wire};
use crate::tunnel::TunnelEnd;

impl TunnelEnd for Wire {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if self.read.is_empty() && self.poll_fill(cx)?.is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.read.split().freeze()))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &Bytes) -> Poll<io::Result<usize>> {
        self.write.clear();
        let mut out = Outgoing { body: bytes, written: 0 };
        match Wire::poll_send(self, cx, &mut out) {
            Poll::Pending if out.written == 0 => Poll::Pending,
            Poll::Pending => Poll::Ready(Ok(out.written)),
            Poll::Ready(result) => Poll::Ready(result.map(|()| out.written)),
        }
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_shut(cx)
    }
}
