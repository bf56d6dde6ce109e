//! The answer of httpbin's `/anything`: the request as a record.

use serde_json::{Map, Value, json};

use crate::message::Message;

/// The bytes of the response to a request that came from `origin`.
pub(super) fn bytes(request: &Message, origin: &str) -> Vec<u8> {
    let body = format!("{}\n", record(request, origin));
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: gunicorn/19.9.0\r\nDate: Tue, 06 Oct 2020 15:05:22 GMT\r\nConnection: keep-alive\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nAccess-Control-Allow-Origin: *\r\n\
         Access-Control-Allow-Credentials: true\r\n\r\n",
        body.len()
    );
    let mut bytes = head.into_bytes();
    if request.word(0) != "HEAD" {
        bytes.extend_from_slice(body.as_bytes());
    }
    bytes
}

fn record(request: &Message, origin: &str) -> Value {
    let target = request.word(1);
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let host = request.header("host").unwrap_or("");
    let is_form = request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let text = String::from_utf8_lossy(&request.body);
    json!({
        "args": pairs(query),
        "data": if is_form { "" } else { &text },
        "files": {},
        "form": pairs(if is_form { &text } else { "" }),
        "headers": headers(request),
        "json": request.json(),
        "method": request.word(0),
        "origin": origin,
        "url": format!("http://{host}{target}"),
    })
}

/// Several fields of one name are joined by commas.
fn headers(request: &Message) -> Value {
    let mut record = Map::new();
    for (name, value) in &request.headers {
        let title = title_case(name);
        let joined = match record.get(&title).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value.clone(),
        };
        record.insert(title, Value::from(joined));
    }
    Value::from(record)
}

fn title_case(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let (first, rest) = part.split_at(part.len().min(1));
        format!("{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase())
    });
    parts.collect::<Vec<_>>().join("-")
}

/// Names and values of a query, undecoded; a repeated name has an array of values.
fn pairs(query: &str) -> Value {
    let mut record = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = match record.remove(name) {
            None => Value::from(value),
            Some(Value::Array(mut values)) => {
                values.push(Value::from(value));
                Value::from(values)
            }
            Some(earlier) => json!([earlier, value]),
        };
        record.insert(name.to_owned(), value);
    }
    Value::from(record)
}
