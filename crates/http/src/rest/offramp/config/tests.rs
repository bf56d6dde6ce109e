use temblor_value::json;

use super::*;

fn read(text: &str) -> Result<OfframpConfig, String> {
    let value: Value = json::from_str(text).unwrap();
    let reader = ConfigReader::new(Some(&value)).unwrap();
    OfframpConfig::read(reader).map_err(|error| error.to_string())
}

#[test]
fn without_a_queue_nothing_waits_and_with_one_all_has_a_default() {
    assert_eq!(read("{}").unwrap().queue, None);
    let expected = QueueConfig {
        size: NonZeroU32::new(100).unwrap(),
        timeout: Some(Duration::from_secs(1)),
        order: Order::Fifo,
        is_counted: false,
    };
    assert_eq!(read(r#"{"queue": {}}"#).unwrap().queue, Some(expected));
    let expected = QueueConfig {
        size: NonZeroU32::new(7).unwrap(),
        timeout: None,
        order: Order::Lifo,
        is_counted: true,
    };
    let given = r#"{"queue": {"size": 7, "timeout": 0, "order": "lifo", "counted": true}}"#;
    assert_eq!(read(given).unwrap().queue, Some(expected));
}

#[test]
fn probes_and_connections_in_advance_need_an_endpoint() {
    let endpoint = r#""endpoint": "http://shop.example:9000""#;
    let config = read(&format!(r#"{{{endpoint}, "health": {{}}, "pool": {{"warm": 3}}}}"#)).unwrap();
    assert!(config.health.is_some() && config.warm == 3 && !config.expose);
}

#[test]
fn names_are_resolved_as_the_record_says() {
    for (text, refresh, family) in [
        ("{}", Duration::from_secs(30), Family::Any),
        (r#"{"resolve": {}}"#, Duration::from_secs(30), Family::Any),
        (
            r#"{"resolve": {"refresh": "5s", "family": "v4"}}"#,
            Duration::from_secs(5),
            Family::V4,
        ),
        (r#"{"resolve": {"refresh": 0, "family": "v6"}}"#, Duration::ZERO, Family::V6),
    ] {
        let upstream = read(text).unwrap().upstream;
        assert_eq!((upstream.refresh, upstream.family), (refresh, family), "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (text, part) in [
        (r#"{"queue": {"size": 0}}"#, "`size` cannot be 0"),
        (r#"{"queue": {"order": "random"}}"#, "`random`"),
        (r#"{"queue": {"sise": 5}}"#, "sise"),
        (r#"{"queue": 5}"#, "queue"),
        (r#"{"health": {}}"#, "here is none"),
        (r#"{"pool": {"warm": 1}}"#, "here is none"),
        (r#"{"pool": {"warm": 300}}"#, "`warm` is more than `max_idle`"),
        (r#"{"resolve": {"family": "v5"}}"#, "`v5`"),
        (r#"{"resolve": {"every": "1s"}}"#, "every"),
        (r#"{"expose": 1}"#, "expose"),
        (r#"{"concurrency": 0}"#, "`concurrency` cannot be 0"),
        (r#"{"failure": {"status": ["5xx"], "on": 1}}"#, "on"),
    ] {
        let Err(error) = read(text) else { panic!("{text} is taken") };
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn one_entry_of_the_old_list_is_the_endpoint_and_more_are_refused() {
    let host = |text: &str| read(text).map(|config| config.endpoint.resolve().unwrap().host.to_string());
    assert_eq!(host(r#"{"endpoints": ["http://old:9000/"]}"#).unwrap(), "old");
    assert_eq!(
        host(r#"{"endpoints": ["http://old", "http://older"], "endpoint": "http://new"}"#).unwrap(),
        "new"
    );
    for list in [r#"["http://a", "http://b"]"#, "[]", r#""http://a""#, "[1]"] {
        let error = host(&format!(r#"{{"endpoints": {list}}}"#)).unwrap_err();
        assert!(
            error.contains("endpoints") && error.contains("qos::roundrobin"),
            "{list}: {error}"
        );
    }
}
