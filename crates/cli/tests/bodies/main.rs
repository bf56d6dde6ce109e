//! Bodies through the real program: spec/proxy.md 2.7, 2.8, 2.9, 2.15 (last paragraph), 3 and the first remark of 1.3.

mod dialects;
mod large;
mod memory;
mod messages;
mod streams;
mod upgrades;
mod websockets;
mod world;

use world::World;

const PAGE: &str = include_str!("../../../../docs/bodies.md");

#[test]
fn the_page_about_bodies_works() {
    let world = World::of_page(PAGE);
    let mut client = world.client("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nda");
    let (mut upstream, head) = world.requested();
    assert!(head.starts_with("PUT /files/a HTTP/1.1\r\n"), "{head}");
    assert_eq!(upstream.read_to("da"), "da");
    client.send("ta");
    assert_eq!(upstream.read_to("ta"), "ta");
    upstream.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert!(client.read_to("\r\n\r\n").starts_with("HTTP/1.1 201 "));

    let mut away = world.client("GET /private/a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(away.read_to("\"dropped\"}").starts_with("HTTP/1.1 500 "));

    let mut socket = world
        .client("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n");
    let (mut upstream, head) = world.requested();
    assert!(
        head.contains("\r\nsec-websocket-key: x\r\n") && head.contains("\r\nupgrade: websocket\r\n"),
        "{head}"
    );
    upstream.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\nhello",
    );
    let answer = socket.read_to("hello");
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("\r\nsec-websocket-accept: y\r\n"),
        "{answer}"
    );
    socket.send("good bye");
    assert_eq!(upstream.read_to("good bye"), "good bye");
}
