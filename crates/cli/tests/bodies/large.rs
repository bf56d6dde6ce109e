//! Much data through the proxy, byte for byte, in little memory (acceptance (d) of spec/proxy.md 9).
//!
//! The test of 1 GiB in each direction takes its time: `cargo test -p temblor --test bodies -- --ignored a_gibibyte`.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::scope;

use crate::world::{Setup, World};

/// Length of the pattern; a prime, so that it meets every buffer size at every place.
const PERIOD: usize = 65_521;
/// What goes through before memory is measured.
const WARM_UP: u64 = 4 << 20;
/// Between two looks at the memory.
const LOOK: u64 = 4 << 20;
/// Growth allowed.
const GROWTH_KIB: u64 = 1024;

fn pattern() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..PERIOD * 2)
        .map(|at| {
            if at == PERIOD {
                state = 0x2545_f491_4f6c_dd1d;
            }
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

fn write_pattern(mut to: TcpStream, length: u64, is_chunked: bool) {
    let pattern = pattern();
    let mut at = 0;
    while at < length {
        let from = (at % PERIOD as u64) as usize;
        let count = (length - at).min(PERIOD as u64) as usize;
        if is_chunked {
            write!(to, "{count:x}\r\n").unwrap();
        }
        to.write_all(&pattern[from..from + count]).unwrap();
        if is_chunked {
            to.write_all(b"\r\n").unwrap();
        }
        at += count as u64;
    }
    if is_chunked {
        to.write_all(b"0\r\n\r\n").unwrap();
    }
}

/// Reads and compares; `look` is called now and then.
fn read_pattern(mut from: TcpStream, length: u64, mut look: impl FnMut()) {
    let pattern = pattern();
    let mut buffer = vec![0; 64 << 10];
    let mut at = 0;
    let mut next_look = LOOK;
    while at < length {
        let place = (at % PERIOD as u64) as usize;
        let wanted = (length - at).min((PERIOD * 2 - place) as u64).min(buffer.len() as u64) as usize;
        let count = from.read(&mut buffer[..wanted]).unwrap();
        assert!(count > 0, "the body ends at {at}");
        assert!(
            buffer[..count] == pattern[place..place + count],
            "another byte in {at}..{}",
            at + count as u64
        );
        at += count as u64;
        if at >= next_look {
            look();
            next_look += LOOK;
        }
    }
}

/// One body each way; the growth of resident memory while they went, in KiB.
fn both_ways(world: &World, length: u64) -> u64 {
    let before = world.proxy.resident_kib().unwrap();
    let mut most = before;
    let mut look = || most = most.max(world.proxy.resident_kib().unwrap());

    let mut client = world.client(&format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
    let (mut upstream, head) = world.requested();
    assert!(head.contains(&format!("\r\ncontent-length: {length}\r\n")), "{head}");
    scope(|scope| {
        scope.spawn(|| write_pattern(client.stream(), length, false));
        read_pattern(upstream.stream(), length, &mut look);
    });
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.read_to("ok");

    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.read_to("\r\n\r\n");
    upstream.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
    let head = client.read_to("\r\n\r\n");
    assert!(head.contains(&format!("\r\ncontent-length: {length}\r\n")), "{head}");
    scope(|scope| {
        scope.spawn(|| write_pattern(upstream.stream(), length, false));
        read_pattern(client.stream(), length, &mut look);
    });
    most - before
}

fn go(length: u64) {
    let world = World::new(Setup::default());
    both_ways(&world, WARM_UP);
    let growth = both_ways(&world, length);
    assert!(growth < GROWTH_KIB, "{growth} KiB more");
}

#[test]
fn sixty_four_mebibytes_go_both_ways_unchanged_in_little_memory() {
    go(64 << 20);
}

#[test]
#[ignore = "takes long; see the head of the file"]
fn a_gibibyte_goes_both_ways_unchanged_in_little_memory() {
    go(1 << 30);
}

#[test]
fn chunked_bodies_arrive_unchanged() {
    const LENGTH: u64 = 3_000_000;
    let world = World::new(Setup::default());
    let mut client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let (mut upstream, head) = world.requested();
    assert!(
        head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("content-length"),
        "{head}"
    );
    scope(|scope| {
        scope.spawn(|| write_pattern(client.stream(), LENGTH, true));
        assert!(dechunked(&mut upstream.stream()) == pattern().repeat(24)[..LENGTH as usize]);
    });
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    scope(|scope| {
        scope.spawn(|| write_pattern(upstream.stream(), LENGTH, true));
        assert!(client.read_to("\r\n\r\n").contains("\r\ntransfer-encoding: chunked\r\n"));
        assert!(dechunked(&mut client.stream()) == pattern().repeat(24)[..LENGTH as usize]);
    });
}

/// Reads a chunked body without trailers.
fn dechunked(from: &mut TcpStream) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            from.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
        let start = body.len();
        body.resize(start + size + 2, 0);
        from.read_exact(&mut body[start..]).unwrap();
        assert!(body.ends_with(b"\r\n"));
        body.truncate(start + size);
        if size == 0 {
            return body;
        }
    }
}
