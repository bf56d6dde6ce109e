//! Expressions, patterns, changes and calls.

use temblor_value::{Key, Str, Value, json as values};

use super::Work;
use crate::engine::Outcome;

/// A record of the size of a line in a log.
const EVENT: &str = r#"{"id": "4f1c0a", "time": 1700000000, "host": "web-17", "method": "GET", "path": "/assets/app.js",
    "status": 404, "size": 1500, "duration": 0.25, "kind": "k13", "user": {"name": "mira", "address": {"city": "Bonn"}}}"#;

/// Three texts to take apart.
const TEXTS: &str =
    r#"{"payload": "{\"level\": 3, \"tags\": [\"a\", \"b\"]}", "line": "10.1.2.3 - mira 404", "pairs": "a=1 bb=22"}"#;

pub(super) fn works() -> Vec<Work> {
    vec![
        field_read(),
        nested_path(),
        comparisons(),
        interpolation(),
        string_match(),
        record_pattern(),
        patch(),
        merge(),
        comprehension(),
        tail_recursion(),
        function_call(),
    ]
}

fn field_read() -> Work {
    Work::new("field read", EVENT, "event.size", "1500")
        .hand(|| {
            let size = Key::new("size");
            move |message| message.event.get_key(&size).cloned()
        })
        .vrl(".size")
        .rhai("event.size")
}

fn nested_path() -> Work {
    Work::new("nested path", EVENT, "event.user.address.city", r#""Bonn""#)
        .hand(|| {
            let [user, address, city] = ["user", "address", "city"].map(Key::new);
            move |message| message.event.get_key(&user)?.get_key(&address)?.get_key(&city).cloned()
        })
        .vrl(".user.address.city")
        .rhai("event.user.address.city")
}

fn comparisons() -> Work {
    let script = r#"event.status == 404 and event.size > 1000 and event.method == "GET""#;
    Work::new("comparisons", EVENT, script, "true")
        .hand(|| {
            let [status, size, method] = ["status", "size", "method"].map(Key::new);
            move |message| {
                let event = message.event.as_object()?;
                let holds = *event.get_key(&status)? == Value::I64(404)
                    && event.get_key(&size)?.compare(&Value::I64(1000))?.is_gt()
                    && event.get_key(&method)?.as_str() == Some("GET");
                Some(Value::Bool(holds))
            }
        })
        .vrl(r#".status == 404 && int!(.size) > 1000 && .method == "GET""#)
        .rhai(r#"event.status == 404 && event.size > 1000 && event.method == "GET""#)
}

fn interpolation() -> Work {
    let script = r#""host=#{event.host} path=#{event.path} size=#{event.size}""#;
    Work::new(
        "string interpolation",
        EVENT,
        script,
        r#""host=web-17 path=/assets/app.js size=1500""#,
    )
    .allocations(1)
    .hand(|| {
        let [host, path, size] = ["host", "path", "size"].map(Key::new);
        move |message| {
            let event = message.event.as_object()?;
            let (host, path) = (event.get_key(&host)?.as_str()?, event.get_key(&path)?.as_str()?);
            let size = event.get_key(&size)?.as_i64()?;
            Some(Value::from(format!("host={host} path={path} size={size}")))
        }
    })
    .vrl(
        r#"host = string!(.host)
            path = string!(.path)
            size = to_string!(.size)
            "host={{ host }} path={{ path }} size={{ size }}""#,
    )
    .rhai("`host=${event.host} path=${event.path} size=${event.size}`")
}

fn string_match() -> Work {
    let script = r#"match event.kind of
        case "k0" => 0 case "k1" => 1 case "k2" => 2 case "k3" => 3 case "k4" => 4 case "k5" => 5 case "k6" => 6
        case "k7" => 7 case "k8" => 8 case "k9" => 9 case "k10" => 10 case "k11" => 11 case "k12" => 12
        case "k13" => 13 case "k14" => 14 case "k15" => 15 case "k16" => 16 case "k17" => 17 case "k18" => 18
        case "k19" => 19 default => -1 end"#;
    Work::new("string match of 20", EVENT, script, "13")
        .hand(|| {
            let kind = Key::new("kind");
            move |message| {
                let number = match message.event.get_key(&kind)?.as_str()? {
                    "k0" => 0,
                    "k1" => 1,
                    "k2" => 2,
                    "k3" => 3,
                    "k4" => 4,
                    "k5" => 5,
                    "k6" => 6,
                    "k7" => 7,
                    "k8" => 8,
                    "k9" => 9,
                    "k10" => 10,
                    "k11" => 11,
                    "k12" => 12,
                    "k13" => 13,
                    "k14" => 14,
                    "k15" => 15,
                    "k16" => 16,
                    "k17" => 17,
                    "k18" => 18,
                    "k19" => 19,
                    _ => -1,
                };
                Some(Value::I64(number))
            }
        })
        .vrl(
            r#"if .kind == "k0" { 0 } else if .kind == "k1" { 1 } else if .kind == "k2" { 2 } else if .kind == "k3" { 3 }
            else if .kind == "k4" { 4 } else if .kind == "k5" { 5 } else if .kind == "k6" { 6 } else if .kind == "k7" { 7 }
            else if .kind == "k8" { 8 } else if .kind == "k9" { 9 } else if .kind == "k10" { 10 } else if .kind == "k11" { 11 }
            else if .kind == "k12" { 12 } else if .kind == "k13" { 13 } else if .kind == "k14" { 14 } else if .kind == "k15" { 15 }
            else if .kind == "k16" { 16 } else if .kind == "k17" { 17 } else if .kind == "k18" { 18 } else if .kind == "k19" { 19 }
            else { -1 }"#,
        )
        .rhai(
            r#"switch event.kind {
            "k0" => 0, "k1" => 1, "k2" => 2, "k3" => 3, "k4" => 4, "k5" => 5, "k6" => 6, "k7" => 7, "k8" => 8, "k9" => 9,
            "k10" => 10, "k11" => 11, "k12" => 12, "k13" => 13, "k14" => 14, "k15" => 15, "k16" => 16, "k17" => 17,
            "k18" => 18, "k19" => 19, _ => -1 }"#,
        )
}

fn record_pattern() -> Work {
    let script = r"match event of
        case r = %{ payload ~= json||, line ~= re|^(?P<ip>[0-9.]+) - (?P<user>[a-z]+) (?P<code>[0-9]+)$|, pairs ~= kv|%{key}=%{val}| } => r
        default => null end";
    let expected = r#"{"payload": {"level": 3, "tags": ["a", "b"]}, "line": {"ip": "10.1.2.3", "user": "mira", "code": "404"},
        "pairs": {"a": "1", "bb": "22"}}"#;
    Work::new("record pattern, three extractors", TEXTS, script, expected)
        .allocations(12)
        .hand(|| {
            let [payload, line, pairs, ip, user, code] = ["payload", "line", "pairs", "ip", "user", "code"].map(Key::new);
            let regex = regex::Regex::new("^(?P<ip>[0-9.]+) - (?P<user>[a-z]+) (?P<code>[0-9]+)$").expect("a valid expression");
            let mut scratch = values::Scratch::default();
            move |message| {
                let event = message.event.as_object()?;
                let text = event.get_key(&payload)?.as_str()?;
                let input = bytes::Bytes::copy_from_slice(text.as_bytes());
                let decoded = values::decode(input, &mut scratch).ok()?.value;
                let Value::Str(text) = event.get_key(&line)? else {
                    return None;
                };
                let captures = regex.captures(text)?;
                let mut groups = temblor_value::ObjectMap::with_capacity(3);
                for (number, key) in [&ip, &user, &code].into_iter().enumerate() {
                    groups.insert_key(key, text.slice(captures.get(number + 1)?.range()));
                }
                let mut entries = temblor_value::ObjectMap::new();
                for field in event.get_key(&pairs)?.as_str()?.split(' ') {
                    let (key, value) = field.split_once('=')?;
                    entries.insert(key, value);
                }
                let mut record = temblor_value::ObjectMap::with_capacity(3);
                record.insert_key(&payload, decoded);
                record.insert_key(&line, groups);
                record.insert_key(&pairs, entries);
                Some(Value::from(record))
            }
        })
        .vrl(
            r#"{ "payload": parse_json!(.payload),
            "line": parse_regex!(.line, r'^(?P<ip>[0-9.]+) - (?P<user>[a-z]+) (?P<code>[0-9]+)$'),
            "pairs": parse_key_value!(.pairs) }"#,
        )
}

fn patch() -> Work {
    let script = r#"let event = patch event of insert "region" => "eu", update "status" => 500, erase "duration" end; event"#;
    let expected = r#"{"id": "4f1c0a", "time": 1700000000, "host": "web-17", "method": "GET", "path": "/assets/app.js",
        "status": 500, "size": 1500, "kind": "k13", "user": {"name": "mira", "address": {"city": "Bonn"}}, "region": "eu"}"#;
    Work::new("patch of three operations", EVENT, script, expected)
        .allocations(1)
        .outcome(Outcome::Event)
        .hand(|| {
            let [region, status] = ["region", "status"].map(Key::new);
            move |message| {
                let event = message.event.object_mut()?;
                if event.contains(&region) || !event.contains(&status) {
                    return None;
                }
                event.insert_key(&region, Str::from_static("eu"));
                event.insert_key(&status, 500);
                event.remove("duration");
                Some(Value::Null)
            }
        })
        .vrl(
            r#".region = "eu"
            .status = 500
            del(.duration)"#,
        )
        .rhai(r#"event.region = "eu"; event.status = 500; event.remove("duration");"#)
}

fn merge() -> Work {
    let script = r#"let event = merge event of {"user": {"name": "nora", "id": 7}, "seen": true} end; event"#;
    let expected = r#"{"id": "4f1c0a", "time": 1700000000, "host": "web-17", "method": "GET", "path": "/assets/app.js", "status": 404,
        "size": 1500, "duration": 0.25, "kind": "k13", "user": {"name": "nora", "id": 7, "address": {"city": "Bonn"}}, "seen": true}"#;
    Work::new("merge", EVENT, script, expected)
        .allocations(3)
        .outcome(Outcome::Event)
        .hand(|| {
            let [user, name, id, seen] = ["user", "name", "id", "seen"].map(Key::new);
            move |message| {
                let event = message.event.object_mut()?;
                let inner = event.get_key_mut(&user)?.object_mut()?;
                inner.insert_key(&name, Str::from_static("nora"));
                inner.insert_key(&id, 7);
                event.insert_key(&seen, true);
                Some(Value::Null)
            }
        })
        .vrl(r#". = merge(., {"user": {"name": "nora", "id": 7}, "seen": true}, deep: true)"#)
        .rhai(r#"event.user.mixin(#{ name: "nora", id: 7 }); event.mixin(#{ seen: true });"#)
}

fn comprehension() -> Work {
    let list = |from: i64| {
        let items: Vec<String> = (from..from + 100).map(|number| number.to_string()).collect();
        format!("[{}]", items.join(","))
    };
    let event = format!(r#"{{"items": {}}}"#, list(0));
    Work::new(
        "comprehension over 100 elements",
        &event,
        "for event.items of case (i, e) => e + 1 end",
        &list(1),
    )
    .allocations(2)
    .hand(|| {
        let items = Key::new("items");
        move |message| {
            let add = |value: &Value| Some(Value::I64(value.as_i64()?.checked_add(1)?));
            let items = message.event.get_key(&items)?.as_array()?;
            items.iter().map(add).collect::<Option<Vec<_>>>().map(Value::from)
        }
    })
    .vrl("map_values(array!(.items)) -> |item| { int!(item) + 1 }")
    .rhai("event.items.map(|item| item + 1)")
}

fn tail_recursion() -> Work {
    let script = "fn mix(n, acc) with
            match n of case 0 => acc default => recur(n - 1, (acc * 31 + n) % 1000003) end
        end; mix(event.rounds, 0)";
    let mixed = (1..=1000_i64).rev().fold(0, |acc, n| (acc * 31 + n) % 1_000_003);
    Work::new("tail recursion 1000 deep", r#"{"rounds": 1000}"#, script, &mixed.to_string())
        .hand(|| {
            let rounds = Key::new("rounds");
            move |message| {
                let (mut n, mut acc) = (message.event.get_key(&rounds)?.as_i64()?, 0_i64);
                while n != 0 {
                    acc = acc.checked_mul(31)?.checked_add(n)?.checked_rem(1_000_003)?;
                    n = n.checked_sub(1)?;
                }
                Some(Value::I64(acc))
            }
        })
        .rhai("let n = event.rounds; let acc = 0; while n != 0 { acc = (acc * 31 + n) % 1000003; n -= 1; } acc")
}

fn function_call() -> Work {
    let script = "fn scale(x, factor) with x * factor + 1 end; scale(event.size, 3)";
    Work::new("user function call", EVENT, script, "4501")
        .hand(|| {
            let size = Key::new("size");
            move |message| {
                let scaled = message.event.get_key(&size)?.as_i64()?.checked_mul(3)?;
                Some(Value::I64(scaled.checked_add(1)?))
            }
        })
        .rhai("fn scale(x, factor) { x * factor + 1 } scale(event.size, 3)")
}
