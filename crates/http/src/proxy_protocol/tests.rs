//! The rules of `proxy.md` 2.14 and of the protocol's text, each at every cut.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::crc32c::Crc32c;
use super::*;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// 192.0.2.7:51820 to 198.51.100.9:443.
const V4: &[u8] = &[192, 0, 2, 7, 198, 51, 100, 9, 0xca, 0x6c, 1, 187];

/// A version 2 header with this version and command, family and transport, and block.
fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.extend([command, family]);
    header.extend((block.len() as u16).to_be_bytes());
    header.extend(block);
    header
}

fn extra(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut extra = vec![kind];
    extra.extend((value.len() as u16).to_be_bytes());
    extra.extend(value);
    extra
}

/// A header over TCP and IPv4 with these extras.
fn with_extras(extras: &[Vec<u8>]) -> Vec<u8> {
    v2(0x21, 0x11, &[V4, &extras.concat()].concat())
}

/// The header must be read whole, whatever follows, and every part of it must wait for more.
fn read(header: &[u8]) -> Header {
    for cut in 0..header.len() {
        assert_eq!(parse(&header[..cut]), Ok(Parsed::Incomplete), "cut at {cut}");
    }
    let mut following = header.to_vec();
    following.extend(b"GET / HTTP/1.1\r\n");
    let Ok(Parsed::Complete(content, length)) = parse(&following) else {
        panic!("not read: {:?}", String::from_utf8_lossy(header));
    };
    assert_eq!(length, header.len());
    assert_eq!(parse(header), Ok(Parsed::Complete(content.clone(), length)));
    content
}

/// The bytes must be refused, and no part of them may be taken for a header.
fn refused(bytes: &[u8]) -> &'static str {
    for cut in 0..bytes.len() {
        assert!(
            !matches!(parse(&bytes[..cut]), Ok(Parsed::Complete(..))),
            "taken when cut at {cut}: {:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    match parse(bytes) {
        Err(HeaderError(reason)) => reason,
        other => panic!("{other:?}: {:?}", String::from_utf8_lossy(bytes)),
    }
}

fn stated(source: &str, destination: &str) -> Stated {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    Stated {
        source: address(source),
        destination: address(destination),
    }
}

#[test]
fn version_1_states_addresses() {
    let header = read(b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\n");
    assert_eq!(header.stated, Some(stated("192.0.2.7:51820", "198.51.100.9:443")));
    let header = read(b"PROXY TCP6 2001:db8::7 2001:db8::9 65535 0\r\n");
    assert_eq!(header.stated, Some(stated("[2001:db8::7]:65535", "[2001:db8::9]:0")));
}

#[test]
fn version_1_may_not_know_the_addresses() {
    assert_eq!(read(b"PROXY UNKNOWN\r\n"), Header::default());
    assert_eq!(read(b"PROXY UNKNOWN ff:: whatever 1 2 3\r\n"), Header::default());
}

#[test]
fn version_1_lines_have_107_bytes_at_most() {
    let line = |length: usize| [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; length - 16], b"\r\n".to_vec()].concat();
    assert_eq!(read(&line(107)), Header::default());
    assert_eq!(refused(&line(108)), "line too long");
    // Its end is not looked for beyond.
    assert_eq!(refused(&line(107)[..105].repeat(2)), "line too long");
}

#[test]
fn version_1_lines_have_one_form() {
    for line in [
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\rx",
        "PROXY  TCP4 192.0.2.7 198.51.100.9 51820 443\r\n",
        "PROXY TCP4  192.0.2.7 198.51.100.9 51820 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820 443 \r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820 443 1\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9\r\n",
        "PROXY TCP4\r\n",
        "PROXY \r\n",
        "PROXY\r\n",
        "proxy TCP4 192.0.2.7 198.51.100.9 51820 443\r\n",
        "PROXY tcp4 192.0.2.7 198.51.100.9 51820 443\r\n",
        "PROXY UDP4 192.0.2.7 198.51.100.9 51820 443\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::9 51820 443\r\n",
        "PROXY TCP6 192.0.2.7 198.51.100.9 51820 443\r\n",
        "PROXY TCP4 192.0.2.07 198.51.100.9 51820 443\r\n",
        "PROXY TCP4 192.0.2 198.51.100.9 51820 443\r\n",
        "PROXY TCP4 localhost 198.51.100.9 51820 443\r\n",
        "PROXY TCP6 [2001:db8::7] 2001:db8::9 51820 443\r\n",
        "PROXY TCP6 fe80::1%eth0 2001:db8::9 51820 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 65536 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 051820 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 +5182 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820 -1\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.9 51820 00\r\n",
    ] {
        refused(line.as_bytes());
    }
}

#[test]
fn nothing_else_is_a_header() {
    for bytes in [
        "GET / HTTP/1.1\r\n",
        "POST / HTTP/1.1\r\n",
        "\u{16}\u{3}\u{1}",
        "\r\n\r\n\0\r\nQUIT\r",
        "PRI * HTTP/2.0",
        " PROXY",
    ] {
        refused(bytes.as_bytes());
    }
}

#[test]
fn version_2_states_addresses() {
    assert_eq!(
        read(&v2(0x21, 0x11, V4)).stated,
        Some(stated("192.0.2.7:51820", "198.51.100.9:443"))
    );
    let mut block = [0; 36];
    block[..16].copy_from_slice(&"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
    block[16..32].copy_from_slice(&"2001:db8::9".parse::<std::net::Ipv6Addr>().unwrap().octets());
    block[32..].copy_from_slice(&[0xca, 0x6c, 1, 187]);
    assert_eq!(
        read(&v2(0x21, 0x21, &block)).stated,
        Some(stated("[2001:db8::7]:51820", "[2001:db8::9]:443"))
    );
}

#[test]
fn version_2_with_other_families_leaves_the_real_addresses() {
    for (family, length) in [
        (0x00, 0),
        (0x00, 7),
        (0x01, 3),
        (0x10, 12),
        (0x12, 12),
        (0x20, 36),
        (0x22, 36),
        (0x30, 216),
        (0x31, 216),
    ] {
        assert_eq!(read(&v2(0x21, family, &vec![0; length])), Header::default(), "{family:#04x}");
    }
}

#[test]
fn a_local_header_says_nothing_and_is_skipped_whole() {
    for family in [0x00, 0x11, 0x21, 0x31, 0xff] {
        for length in [0, 5, 12, 300, 65535] {
            let header = v2(0x20, family, &vec![0xff; length]);
            assert_eq!(
                parse(&header),
                Ok(Parsed::Complete(Header::default(), header.len())),
                "{family:#04x} {length}"
            );
        }
    }
    read(&v2(0x20, 0x11, &[0xff; 40]));
}

#[test]
fn version_2_has_one_version_two_commands_and_known_families() {
    for command in [0x00, 0x01, 0x11, 0x22, 0x2f, 0x31, 0xff] {
        refused(&v2(command, 0x11, V4));
    }
    for family in [0x13, 0x1f, 0x41, 0xf1] {
        refused(&v2(0x21, family, &[0; 216]));
    }
}

#[test]
fn version_2_has_room_for_its_addresses() {
    for (family, length) in [(0x11, 11), (0x21, 35), (0x31, 215), (0x11, 0)] {
        assert_eq!(
            refused(&v2(0x21, family, &vec![0; length])),
            "header too short for its addresses"
        );
    }
}

#[test]
fn unknown_extras_are_skipped() {
    let extras = [
        extra(0x04, &[0; 40]),
        extra(0x20, b"\x01\0\0\0\0"),
        extra(0xea, b""),
        extra(0xea, b"again"),
    ];
    assert_eq!(
        read(&with_extras(&extras)).stated,
        Some(stated("192.0.2.7:51820", "198.51.100.9:443"))
    );
    for broken in [
        vec![0x04],
        vec![0x04, 0],
        vec![0x04, 0, 2, 1],
        extra(0x04, b"").repeat(2)[..5].to_vec(),
    ] {
        assert_eq!(refused(&with_extras(&[broken])), "an extra broken off");
    }
}

#[test]
fn authority_and_unique_id_are_kept() {
    let header = read(&with_extras(&[extra(2, b"Shop.Example"), extra(5, b"id-\xff\0")]));
    assert_eq!(header.authority.as_deref(), Some("shop.example"));
    assert_eq!(header.unique_id.as_deref(), Some(&b"id-\xff\0"[..]));
    for name in [&b""[..], b"a b", b"*.example", b"\xff", b"a..b", b"a\r\nb"] {
        assert_eq!(refused(&with_extras(&[extra(2, name)])), "the authority is no host name");
    }
    read(&with_extras(&[extra(5, &[b'x'; 128])]));
    assert_eq!(refused(&with_extras(&[extra(5, &[b'x'; 129])])), "the unique id is too long");
    for kind in [2, 5] {
        assert_eq!(
            refused(&with_extras(&[extra(kind, b"a"), extra(kind, b"a")])),
            "an extra given twice"
        );
    }
}

/// A header over TCP and IPv4 with its checksum between two other extras.
fn with_checksum(change: impl Fn(&mut u32)) -> Vec<u8> {
    let extras = |sum: [u8; 4]| with_extras(&[extra(2, b"a.example"), extra(3, &sum), extra(5, b"id")]);
    let mut checksum = Crc32c::default();
    checksum.update(&extras([0; 4]));
    let mut sum = checksum.finish();
    change(&mut sum);
    extras(sum.to_be_bytes())
}

#[test]
fn a_checksum_must_be_right() {
    let header = with_checksum(|_| {});
    assert_eq!(read(&header).authority.as_deref(), Some("a.example"));
    assert_eq!(refused(&with_checksum(|sum| *sum ^= 1)), "wrong checksum");
    // A change of any other byte of the addresses or extras is noticed as well.
    // What kind of extra the checksum's is, is not for the checksum to tell.
    let kind_of_checksum = 16 + V4.len() + extra(2, b"a.example").len();
    for at in (16..header.len()).filter(|at| *at != kind_of_checksum) {
        let mut changed = header.clone();
        changed[at] ^= 0x40;
        assert!(parse(&changed).is_err(), "byte {at}");
    }
    assert_eq!(refused(&with_extras(&[extra(3, &[0; 3])])), "a checksum of a wrong size");
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.set_nodelay(true).unwrap();
    (client, listener.accept().await.unwrap().0)
}

#[tokio::test]
async fn what_follows_a_header_stays_in_the_socket() {
    let long = with_extras(&[extra(4, &[0; 2000])]);
    for header in [
        &b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\n"[..],
        &v2(0x21, 0x11, V4),
        &long,
    ] {
        for cut in [0, 1, 5, 13, 16, 20, header.len() - 1, header.len()] {
            let (mut client, mut server) = pair().await;
            let sent = [header, b"GET"].concat();
            let reading = tokio::spawn(async move {
                let header = receive(&mut server).await.unwrap();
                let mut rest = [0; 3];
                server.read_exact(&mut rest).await.unwrap();
                (header, rest)
            });
            client.write_all(&sent[..cut]).await.unwrap();
            tokio::task::yield_now().await;
            client.write_all(&sent[cut..]).await.unwrap();
            let (header, rest) = reading.await.unwrap();
            assert_eq!(header.stated, Some(stated("192.0.2.7:51820", "198.51.100.9:443")));
            assert_eq!(&rest, b"GET");
        }
    }
}

#[tokio::test]
async fn a_connection_that_ends_within_its_header_is_none() {
    let (mut client, mut server) = pair().await;
    client.write_all(b"PROXY TC").await.unwrap();
    drop(client);
    assert_eq!(
        receive(&mut server).await.unwrap_err().kind(),
        std::io::ErrorKind::UnexpectedEof
    );
}
