//! Formats and escapes (spec/proxy.md 6.2).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;
use temblor_event::{EventId, Uid};
use temblor_runtime::config::{AccessFormat, AccessLog, ConfigReader, ExchangeField};
use temblor_value::{Value, json};

use super::format::JSON_FIELDS;
use super::record::is_failure;
use super::{Exchange, write_line};

/// The exchange of spec/proxy.md 5.1, and a time of 6.2.
fn example(labels: &Value) -> Exchange<'_> {
    Exchange {
        time_ns: 1_893_579_072_345_678_900,
        total: Duration::from_nanos(5_123_400),
        onramp: "edge",
        instance: "a",
        event_id: Some(EventId::new(Uid(1), 42)),
        client: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))),
        peer: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4)),
        protocol: Some("HTTP/1.1"),
        tls: &Value::Null,
        method: Some("GET"),
        scheme: "http",
        host: Some("shop.example"),
        path: Some("/basket"),
        query: Some("n=1"),
        status: 200,
        reason: Some("reply"),
        is_complete: true,
        bytes_in: 0,
        bytes_out: 512,
        head_time: Duration::from_micros(200),
        body_time: Duration::ZERO,
        program_time: Duration::from_nanos(99_500),
        wait_time: Duration::from_micros(4_400),
        send_time: Duration::from_nanos(300_499),
        attempts: 1,
        offramp: Some("shop_1"),
        output: Some("a"),
        referer: None,
        user_agent: Some(b"probe/2"),
        labels,
    }
}

fn format(text: &str) -> AccessFormat {
    let config = json::from_str(&format!("{{\"format\": {}}}", json::to_string(&Value::from(text)))).unwrap();
    let reader = ConfigReader::new(Some(&config)).unwrap();
    AccessLog::read(reader)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .format
}

fn line(exchange: &Exchange<'_>, text: &str) -> String {
    let mut out = Vec::new();
    write_line(exchange, &format(text), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn json_is_the_record_in_its_order_and_the_time_as_text() {
    let wanted = concat!(
        r#"{"kind":"exchange","time":1893579072345678900,"ms":5.123,"failed":0,"onramp":"edge","instance":"a","event_id":"1:0:42","#,
        r#""request_id":null,"trace_id":null,"client":"203.0.113.9","peer":"10.0.0.4","protocol":"HTTP/1.1","tls":null,"method":"GET","#,
        r#""scheme":"http","host":"shop.example","path":"/basket","query":"n=1","status":200,"reason":"reply","complete":true,"in":0,"#,
        r#""out":512,"head_ms":0.2,"body_ms":0.0,"program_ms":0.1,"wait_ms":4.4,"send_ms":0.3,"attempts":1,"offramp":"shop_1","#,
        r#""output":"a","referer":null,"user_agent":"probe/2","labels":{},"time_text":"2030-01-02T10:11:12.345Z"}"#,
        "\n"
    );
    assert_eq!(line(&example(&Value::Null), "json"), wanted);
}

#[test]
fn fields_of_json_are_those_that_templates_may_name() {
    let fields: Vec<ExchangeField> = JSON_FIELDS.iter().map(|(_, field)| *field).collect();
    assert_eq!(fields, ExchangeField::ALL);
    for (name, field) in JSON_FIELDS {
        assert_eq!(*name, field.name());
    }
}

#[test]
fn milliseconds_have_as_many_digits_as_they_need() {
    for (nanos, wanted) in [
        (0, "0.0"),
        (499, "0.0"),
        (500, "0.001"),
        (10_000, "0.01"),
        (999_499, "0.999"),
        (999_500, "1.0"),
        (12_340_000_000, "12340.0"),
        (59_999_999_999, "60000.0"),
    ] {
        let exchange = Exchange {
            total: Duration::from_nanos(nanos),
            ..example(&Value::Null)
        };
        assert_eq!(line(&exchange, "%{ms}"), format!("{wanted}\n"), "{nanos}");
    }
}

#[test]
fn addresses_of_both_families() {
    let exchange = Exchange {
        client: Some("2001:db8::7".parse().unwrap()),
        ..example(&Value::Null)
    };
    assert_eq!(line(&exchange, "%{client} %{peer}"), "2001:db8::7 10.0.0.4\n");
    assert!(line(&exchange, "json").contains(r#""client":"2001:db8::7","peer":"10.0.0.4""#));
}

#[test]
fn common_and_combined() {
    let exchange = example(&Value::Null);
    let common = r#"203.0.113.9 - - [02/Jan/2030:10:11:12 +0000] "GET /basket?n=1 HTTP/1.1" 200 512"#;
    assert_eq!(line(&exchange, "common"), format!("{common}\n"));
    assert_eq!(line(&exchange, "combined"), format!("{common} \"-\" \"probe/2\"\n"));
    let refused = Exchange {
        client: None,
        method: None,
        path: None,
        query: None,
        status: 400,
        bytes_out: 60,
        ..exchange
    };
    assert_eq!(line(&refused, "common"), "- - - [02/Jan/2030:10:11:12 +0000] \"-\" 400 60\n");
}

#[test]
fn templates_take_any_field_and_what_is_missing_is_a_dash() {
    let labels = json::from_str(r#"{"tenant": "a\"b", "n": 3, "deep": {"x": [1, 2]}}"#).unwrap();
    let exchange = example(&labels);
    for (template, wanted) in [
        ("%{method} %{path} %{status}", "GET /basket 200"),
        ("[%{time_text}] %{ms}", "[2030-01-02T10:11:12.345Z] 5.123"),
        (
            "%{referer}|%{request_id}|%{tls.version}|%{host.x}|%{time_text.x}|%{event_id.x}",
            "-|-|-|-|-|-",
        ),
        ("%{event_id} %{client} %{failed} %{offramp}", "1:0:42 203.0.113.9 0 shop_1"),
        (
            "%{labels.tenant} %{labels.n} %{labels.deep.x} %{labels.none}",
            r"a\x22b 3 [1,2] -",
        ),
        ("a\tb \"%{complete}\" \\ %", "a\tb \"true\" \\ %"),
        ("%{user_agent}\n", "probe/2\\x0A"),
    ] {
        assert_eq!(line(&exchange, template), format!("{wanted}\n"), "{template}");
    }
}

#[test]
fn quotes_backslashes_and_what_is_not_printable_become_numbers() {
    let exchange = Exchange {
        path: Some("/\"\\é"),
        referer: Some(b"\x00\x1f \x7e\x7f\xff\r\n"),
        ..example(&Value::Null)
    };
    let combined = line(&exchange, "combined");
    assert!(combined.contains(r#""GET /\x22\x5C\xC3\xA9?n=1 HTTP/1.1""#), "{combined}");
    assert!(combined.contains(r#""\x00\x1F ~\x7F\xFF\x0D\x0A""#), "{combined}");
}

#[test]
fn failures_are_what_is_not_the_clients_doing() {
    for (status, reason, failed) in [
        (200, Some("reply"), false),
        (404, Some("reply"), false),
        (500, Some("reply"), true),
        (404, Some("filtered"), false),
        (202, Some("no_reply"), true),
        (499, Some("client_gone"), false),
        (0, Some("dropped"), true),
        (202, None, false),
    ] {
        assert_eq!(is_failure(status, reason), failed, "{status} {reason:?}");
    }
}

fn wild() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..20).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #[test]
    fn whatever_clients_send_a_line_is_one_line_and_json_stays_json(
        (path, query, host) in (wild(), wild(), wild()),
        referer in proptest::collection::vec(any::<u8>(), 0..30),
        label in wild(),
        ms in 0.0..1e7_f64,
    ) {
        let labels = Value::from(temblor_value::ObjectMap::from_iter([(temblor_value::Str::from(label.clone()), Value::from(label.clone()))]));
        let exchange = Exchange {
            path: Some(&path),
            query: Some(&query),
            host: Some(&host),
            referer: Some(&referer),
            total: Duration::from_secs_f64(ms / 1000.0),
            ..example(&labels)
        };
        for text in ["json", "common", "combined", "%{path} \"%{referer}\" %{labels} %{host}"] {
            let mut out = Vec::new();
            write_line(&exchange, &format(text), &mut out);
            prop_assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
            if text != "json" {
                prop_assert!(out[..out.len() - 1].iter().all(|byte| (b' '..=b'~').contains(byte)), "{:?}", out);
            }
        }
        let text = line(&exchange, "json");
        let record = json::from_str(&text).unwrap();
        for field in ExchangeField::ALL {
            prop_assert!(record.get(field.name()).is_some(), "{:?} is missing", field);
        }
        prop_assert_eq!(record.get("path").and_then(Value::as_str), Some(path.as_str()));
        prop_assert_eq!(record.get("labels").and_then(|labels| labels.get(label.as_str())).and_then(Value::as_str), Some(label.as_str()));
        prop_assert!((record.get("ms").and_then(Value::as_f64).unwrap() - ms).abs() < 0.001);
    }
}
