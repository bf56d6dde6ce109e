//! Each extractor once, with a bound value where it gives one. Rhai has none but a reader of JSON.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use regex::Regex;
use temblor_value::{Key, ObjectMap, Str, Value, json as values};

use super::Work;
use crate::engine::Message;

pub(super) fn works() -> Vec<Work> {
    vec![
        base64(),
        cidr(),
        datetime(),
        dissect(),
        glob(),
        grok(),
        influx(),
        json(),
        kv(),
        re(),
        rerg(),
    ]
}

/// A work on one text, with a script that gives what `extractor` binds.
fn binding(name: &'static str, text: &str, extractor: &str, expected: &str) -> Work {
    let script = format!("match event.x of case r = ~ {extractor} => r default => null end");
    Work::new(name, &event(text), &script, expected)
}

/// A work on one text, with a script that tells whether `extractor` accepts it.
fn testing(name: &'static str, text: &str, extractor: &str) -> Work {
    let script = format!("match event.x of case ~ {extractor} => true default => false end");
    Work::new(name, &event(text), &script, "true")
}

fn event(text: &str) -> String {
    serde_json::json!({ "x": text }).to_string()
}

/// The text of the event.
fn text<'m>(message: &'m Message, key: &Key) -> Option<&'m Str> {
    match message.event.get_key(key)? {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn base64() -> Work {
    let plain = "the quick brown fox jumps over the lazy dog";
    let expected = serde_json::json!(plain).to_string();
    binding("base64", &STANDARD.encode(plain), "base64||", &expected)
        .allocations(1)
        .hand(|| {
            let x = Key::new("x");
            move |message| {
                let decoded = STANDARD.decode(text(message, &x)?.as_bytes()).ok()?;
                Some(Value::from(String::from_utf8(decoded).ok()?))
            }
        })
        .vrl("decode_base64!(.x)")
}

fn cidr() -> Work {
    testing("cidr (a test)", "10.1.2.3", "cidr|10.0.0.0/8|")
        .hand(|| {
            let x = Key::new("x");
            move |message| {
                let address: Ipv4Addr = text(message, &x)?.parse().ok()?;
                Some(Value::Bool(address.to_bits() >> 24 == 10))
            }
        })
        .vrl(r#"ip_cidr_contains!("10.0.0.0/8", .x)"#)
}

fn datetime() -> Work {
    let format = "%Y-%m-%dT%H:%M:%S%z";
    binding(
        "datetime",
        "2026-02-03T04:05:06+0100",
        &format!("datetime|{format}|"),
        "1770087906000000000",
    )
    .hand(move || {
        let x = Key::new("x");
        move |message| {
            let time = chrono::DateTime::parse_from_str(text(message, &x)?, format).ok()?;
            Some(Value::I64(time.timestamp_nanos_opt()?))
        }
    })
    .vrl(r#"to_unix_timestamp!(parse_timestamp!(.x, "%Y-%m-%dT%H:%M:%S%z"), unit: "nanoseconds")"#)
}

fn dissect() -> Work {
    binding(
        "dissect",
        "10.1.2.3 - mira [03/Feb/2026] GET /index.html",
        "dissect|%{ip} - %{user} [%{when}] %{request}|",
        r#"{"ip": "10.1.2.3", "user": "mira", "when": "03/Feb/2026", "request": "GET /index.html"}"#,
    )
    .allocations(2)
    .hand(|| {
        let [x, ip, user, when, request] = ["x", "ip", "user", "when", "request"].map(Key::new);
        move |message| {
            let (first, rest) = text(message, &x)?.split_once(" - ")?;
            let (second, rest) = rest.split_once(" [")?;
            let (third, rest) = rest.split_once("] ")?;
            let mut record = ObjectMap::with_capacity(4);
            record.insert_key(&ip, first);
            record.insert_key(&user, second);
            record.insert_key(&when, third);
            record.insert_key(&request, rest);
            Some(Value::from(record))
        }
    })
}

fn glob() -> Work {
    testing("glob (a test)", "/assets/v2/app-7.js", "glob|/assets/*/app-?.js|")
        .hand(|| {
            let x = Key::new("x");
            move |message| {
                let middle = text(message, &x)?.strip_prefix("/assets/")?.strip_suffix(".js")?;
                let (_, last) = middle.rsplit_once("/app-")?;
                Some(Value::Bool(last.chars().count() == 1))
            }
        })
        .vrl(r"match!(.x, r'^/assets/.*/app-.\.js$')")
}

fn grok() -> Work {
    binding(
        "grok",
        "55.3.244.1 GET /index.html 15824",
        "grok|%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes}|",
        r#"{"client": "55.3.244.1", "method": "GET", "request": "/index.html", "bytes": "15824"}"#,
    )
    .allocations(2)
    .vrl(r#"parse_grok!(.x, "%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes}")"#)
}

fn influx() -> Work {
    binding(
        "influx",
        "weather,location=us-midwest temperature=82 1465839830100400200",
        "influx||",
        r#"{"measurement": "weather", "tags": {"location": "us-midwest"}, "fields": {"temperature": 82.0},
            "timestamp": 1465839830100400200}"#,
    )
    .allocations(6)
    .vrl_shaped(
        "parse_influxdb!(.x)",
        r#"[{"name": "weather_temperature", "tags": {"location": "us-midwest"}, "timestamp": "2016-06-13T17:43:50.100400200Z",
            "kind": "absolute", "gauge": {"value": 82.0}}]"#,
    )
}

fn json() -> Work {
    let document = r#"{"level": 3, "tags": ["a", "b"], "user": {"name": "mira"}}"#;
    binding("json", document, "json||", document)
        .allocations(7)
        .hand(|| {
            let x = Key::new("x");
            let mut scratch = values::Scratch::default();
            move |message| {
                let input = Bytes::copy_from_slice(text(message, &x)?.as_bytes());
                Some(values::decode(input, &mut scratch).ok()?.value)
            }
        })
        .vrl("parse_json!(.x)")
        .rhai("parse_json(event.x)")
}

fn kv() -> Work {
    binding(
        "kv",
        "level=info user=mira took=17 path=/index.html",
        "kv|%{key}=%{val}|",
        r#"{"level": "info", "user": "mira", "took": "17", "path": "/index.html"}"#,
    )
    .allocations(2)
    .hand(|| {
        let x = Key::new("x");
        move |message| {
            let mut record = ObjectMap::new();
            for field in text(message, &x)?.split(' ') {
                if let Some((key, value)) = field.split_once('=') {
                    record.insert(key, value);
                }
            }
            Some(Value::from(record))
        }
    })
    .vrl("parse_key_value!(.x)")
}

fn re() -> Work {
    binding(
        "re",
        "10.1.2.3 - mira 404",
        "re|^(?P<ip>[0-9.]+) - (?P<user>[a-z]+) (?P<code>[0-9]+)$|",
        r#"{"ip": "10.1.2.3", "user": "mira", "code": "404"}"#,
    )
    .allocations(3)
    .hand(|| {
        let [x, ip, user, code] = ["x", "ip", "user", "code"].map(Key::new);
        let regex = Regex::new("^(?P<ip>[0-9.]+) - (?P<user>[a-z]+) (?P<code>[0-9]+)$").expect("a valid expression");
        move |message| {
            let text = text(message, &x)?;
            let captures = regex.captures(text)?;
            let mut record = ObjectMap::with_capacity(3);
            for (number, key) in [&ip, &user, &code].into_iter().enumerate() {
                record.insert_key(key, text.slice(captures.get(number + 1)?.range()));
            }
            Some(Value::from(record))
        }
    })
    .vrl("parse_regex!(.x, r'^(?P<ip>[0-9.]+) - (?P<user>[a-z]+) (?P<code>[0-9]+)$')")
}

fn rerg() -> Work {
    binding(
        "rerg",
        "a=1 bb=22 ccc=333",
        "rerg|(?P<k>[a-z]+)=(?P<v>[0-9]+)|",
        r#"{"k": ["a", "bb", "ccc"], "v": ["1", "22", "333"]}"#,
    )
    .allocations(11)
    .hand(|| {
        let [x, k, v] = ["x", "k", "v"].map(Key::new);
        let regex = Regex::new("(?P<k>[a-z]+)=(?P<v>[0-9]+)").expect("a valid expression");
        move |message| {
            let text = text(message, &x)?;
            let (mut keys, mut numbers) = (Vec::new(), Vec::new());
            for captures in regex.captures_iter(text) {
                keys.push(Value::Str(text.slice(captures.get(1)?.range())));
                numbers.push(Value::Str(text.slice(captures.get(2)?.range())));
            }
            let mut record = ObjectMap::with_capacity(2);
            record.insert_key(&k, keys);
            record.insert_key(&v, numbers);
            Some(Value::from(record))
        }
    })
    .vrl_shaped(
        "parse_regex_all!(.x, r'(?P<k>[a-z]+)=(?P<v>[0-9]+)')",
        r#"[{"k": "a", "v": "1"}, {"k": "bb", "v": "22"}, {"k": "ccc", "v": "333"}]"#,
    )
}
