//! A forward proxy that notes what it is asked and leads everybody to one local upstream, whatever name was asked for: so a test can use names
//! that nobody else resolves.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use parking_lot::Mutex;

use crate::port::listen;

/// How long a connection may be without a byte.
const PATIENCE: Duration = Duration::from_secs(20);

/// See the module's documentation. It serves until the test is over.
#[derive(Debug)]
pub struct ForwardProxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// A proxy at a free loopback port before the upstream at that port.
    pub fn start(upstream: u16) -> io::Result<Self> {
        let listener = listen()?;
        let port = listener.local_addr()?.port();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&heads);
        Builder::new().name("forward proxy".to_owned()).spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let noted = Arc::clone(&noted);
                // What fails shows at both sides.
                let _ = Builder::new().spawn(move || serve(client, upstream, &noted));
            }
        })?;
        Ok(Self { port, heads })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The head of the first request of every connection.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }
}

fn serve(mut client: TcpStream, upstream: u16, noted: &Mutex<Vec<String>>) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let head = read_head(&mut client)?;
    noted.lock().push(head.clone());
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream))?;
    server.set_read_timeout(Some(PATIENCE))?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    } else {
        server.write_all(forwarded(&head).as_bytes())?;
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    Builder::new().spawn(move || pass(&mut from_client, &mut to_server))?;
    pass(&mut server, &mut client);
    Ok(())
}

fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

/// The head in origin form, without what was for the proxy.
fn forwarded(head: &str) -> String {
    let lines = head.split_inclusive("\r\n").filter(|line| !line.starts_with("proxy-"));
    let mut lines = lines.map(str::to_owned);
    let first = lines.next().unwrap_or_default();
    let (method, rest) = first.split_once(" http://").unwrap_or(("", &first));
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    format!("{method} {path}") + &lines.collect::<String>()
}

/// Passes bytes on until one side ends, and then that end.
fn pass(from: &mut TcpStream, to: &mut TcpStream) {
    let _ = io::copy(from, to);
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_the_proxy_is_taken_out() {
        let head = "GET http://a.test:80/b?c HTTP/1.1\r\nproxy-authorization: x\r\nhost: a.test\r\n\r\n";
        assert_eq!(forwarded(head), "GET /b?c HTTP/1.1\r\nhost: a.test\r\n\r\n");
    }
}
