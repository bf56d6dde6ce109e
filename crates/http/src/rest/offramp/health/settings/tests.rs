use temblor_value::json;

use super::*;

const ENDPOINT: &str = "http://shop.example:9000/api";

fn settings_of(text: &str, endpoint: &Endpoint) -> Result<HealthSettings, String> {
    let value: Value = json::from_str(text).unwrap();
    let reader = ConfigReader::new(Some(&value)).unwrap();
    HealthSettings::read(reader, endpoint).map_err(|error| error.to_string())
}

fn settings(text: &str) -> Result<HealthSettings, String> {
    settings_of(text, &Endpoint::from_url(ENDPOINT).unwrap())
}

fn fields(question: &Question) -> String {
    String::from_utf8(question.headers.as_bytes().to_vec()).unwrap()
}

#[test]
fn defaults() {
    let settings = settings("{}").unwrap();
    let expected = Rules {
        interval: Duration::from_secs(5),
        healthy: NonZeroU32::new(2).unwrap(),
        unhealthy: NonZeroU32::new(3).unwrap(),
        is_healthy_at_first: true,
    };
    assert_eq!((settings.rules, settings.timeout), (expected, Duration::from_secs(2)));
    assert!(settings.question.is_none() && !settings.gives_insight);
}

#[test]
fn a_path_makes_a_request() {
    let question = settings(r#"{"path": "/healthz?deep=1"}"#).unwrap().question.unwrap();
    assert_eq!(
        (question.method.as_str(), question.target.as_str()),
        ("GET", "/healthz?deep=1")
    );
    assert_eq!(fields(&question), "host: shop.example:9000\r\nuser-agent: temblor-health\r\n");
    assert!(question.contains.is_none());
    for (status, is_success) in [(199, false), (200, true), (399, true), (400, false)] {
        assert_eq!(question.statuses.contains(status), is_success, "{status}");
    }
}

#[test]
fn all_keys() {
    let settings = settings(
        r#"{"path": "/", "method": "HEAD", "interval": "1s", "timeout": 300, "headers": {"x-probe": "1", "User-Agent": "me"},
            "host": "other.example", "healthy": 1, "unhealthy": 9, "status": [204, "5xx"], "contains": "ok", "initial": "unhealthy",
            "insight": true}"#,
    )
    .unwrap();
    assert_eq!(
        (settings.rules.interval, settings.timeout),
        (Duration::from_secs(1), Duration::from_millis(300))
    );
    assert_eq!((settings.rules.healthy.get(), settings.rules.unhealthy.get()), (1, 9));
    assert!(!settings.rules.is_healthy_at_first && settings.gives_insight);
    let question = settings.question.unwrap();
    assert_eq!(question.method.as_str(), "HEAD");
    assert_eq!(fields(&question), "host: other.example\r\nx-probe: 1\r\nuser-agent: me\r\n");
    assert!(question.statuses.contains(204) && question.statuses.contains(500) && !question.statuses.contains(200));
    assert_eq!(question.contains.as_deref(), Some("ok"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (text, part) in [
        (r#"{"path": "healthz"}"#, "`healthz` is no path"),
        (r#"{"path": "/a b"}"#, "`/a b` is no path"),
        (r#"{"contains": "ok"}"#, "without `path` a probe only connects"),
        (r#"{"interval": 0}"#, "`interval` cannot be 0"),
        (r#"{"timeout": 0}"#, "`timeout` cannot be 0"),
        (r#"{"healthy": 0}"#, "`healthy` cannot be 0"),
        (r#"{"initial": "sick"}"#, "`sick`"),
        (r#"{"path": "/", "headers": {"a b": "c"}}"#, "`a b`"),
        (r#"{"path": "/", "host": "a\nb"}"#, "invalid header value"),
        (r#"{"path": "/", "method": "G T"}"#, "Invalid HTTP method"),
        (r#"{"intervall": 5}"#, "intervall"),
    ] {
        let error = settings(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    let error = settings_of("{}", &Endpoint::default()).unwrap_err();
    assert!(error.contains("here is none"), "{error}");
}
