//! The request script of the recipe on an event as the onramp makes it.

use temblor_value::{Key, ObjectMap, Str, Value};

use crate::engine::Message;

const QUERY: &str = include_str!("../../../recipes/reverse-proxy/request_handling.trickle");

/// The event that the end-to-end bench sends.
pub(crate) const EVENT: &str = r#"{"snot": "badger"}"#;

/// The metadata that goes with it.
pub(crate) const META: &str = r#"{"request": {"method": "POST",
    "headers": {"host": ["localhost:65535"], "content-type": ["application/json"], "content-length": ["18"]},
    "url": {"scheme": "http", "host": "localhost", "port": 65535, "path": "/anything"}}}"#;

/// The text of the script that stands in the recipe's query.
pub(crate) fn script() -> String {
    let (_, rest) = QUERY.split_once("\nscript\n").expect("the recipe has a script");
    let (text, _) = rest.split_once("\nevent;\nend;").expect("the script ends with the event");
    format!("{text}\nevent")
}

/// The event, unshared, with the room that the onramp leaves in its records.
pub(crate) fn message() -> Message {
    let mut headers = ObjectMap::with_capacity(5);
    for (name, value) in [
        ("host", "localhost:65535"),
        ("content-type", "application/json"),
        ("content-length", "18"),
    ] {
        headers.insert(Str::from_static(name), vec![Value::from(value)]);
    }
    let mut url = ObjectMap::with_capacity(5);
    url.insert(Str::from_static("scheme"), Str::from_static("http"));
    url.insert(Str::from_static("host"), "localhost");
    url.insert(Str::from_static("port"), 65_535_i64);
    url.insert(Str::from_static("path"), "/anything");
    let mut request = ObjectMap::with_capacity(3);
    request.insert(Str::from_static("method"), "POST");
    request.insert(Str::from_static("headers"), headers);
    request.insert(Str::from_static("url"), url);
    let mut meta = ObjectMap::with_capacity(4);
    meta.insert(Str::from_static("request"), request);
    Message {
        event: Message::decoded(EVENT).event,
        meta: Value::from(meta),
    }
}

/// The work of the script by hand.
pub(crate) fn by_hand() -> impl FnMut(&mut Message) -> Option<Value> + 'static {
    let [request, headers, host, url, endpoint, forwarded_header, forwarded] =
        ["request", "headers", "host", "url", "endpoint", "Forwarded", "forwarded"].map(Key::new);
    move |message| {
        let meta = message.meta.object_mut()?;
        let parts = meta.get_key_mut(&request)?.object_mut()?;
        let headers = parts.get_key_mut(&headers)?.object_mut()?;
        let host = match headers.get_key(&host) {
            Some(values) => values.as_array()?.first()?.as_str()?,
            None => "UNDEFINED",
        };
        let text = Str::from(format!("by=localhost:65535;host={host};proto=http"));
        headers.insert_key(&forwarded_header, text.clone());
        message.event.object_mut()?.insert_key(&forwarded, text);
        let mut target = parts.get_key(&url)?.clone();
        let url = target.object_mut()?;
        url.remove("host");
        url.remove("port");
        meta.insert_key(&endpoint, target);
        Some(Value::Null)
    }
}
