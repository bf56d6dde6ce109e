use temblor_event::{Event, EventId, Payload, Uid};

use super::*;
use crate::body::Content;

fn text(response: &Response) -> (u16, String, String) {
    let headers = String::from_utf8_lossy(response.headers.as_bytes()).into_owned();
    let Content::Whole(body) = &response.body else {
        panic!("own answers are whole")
    };
    let body = String::from_utf8_lossy(body).into_owned();
    (response.status.code(), headers, body)
}

#[test]
fn an_own_answer_names_error_event_and_reason_in_this_order() {
    let answer = OwnAnswer::of_end(&End::new(Reason::Dropped), "1:0:42", "Tremor");
    let expected = (
        500,
        "server: Tremor\r\ncontent-type: application/json\r\n".to_owned(),
        r#"{"error":"the request was dropped","event_id":"1:0:42","reason":"dropped"}"#.to_owned(),
    );
    assert_eq!(text(&answer.into_response()), expected);
}

#[test]
fn statuses_without_body_have_no_content_type() {
    for code in [204, 304] {
        let mut answer = OwnAnswer::of_reason(OwnReason::Timeout, "1:0:0", "");
        answer.set_status(Status::known(code));
        assert_eq!(text(&answer.into_response()), (code, String::new(), String::new()));
    }
}

#[test]
fn an_end_may_say_when_to_come_back() {
    let end = End {
        retry_after_s: Some(7),
        ..End::new(Reason::Overflow)
    };
    let (status, headers, _) = text(&OwnAnswer::of_end(&end, "", "x").into_response());
    assert_eq!(status, 503);
    assert!(headers.ends_with("retry-after: 7\r\n"), "{headers}");
}

fn offramp_error(meta: &str) -> End {
    let value = json::from_str(r#"{"error":"no","event_id":"1:0:1"}"#).unwrap();
    let payload = Payload::new(value, json::from_str(meta).unwrap());
    End {
        event: Some(Event::new(EventId::new(Uid(1), 1), payload, 0)),
        ..End::new(Reason::Offramp)
    }
}

#[test]
fn an_error_event_brings_its_own_answer() {
    let meta = r#"{"response":{"status":429,"headers":{"Content-Type":"application/json","Server":"Tremor"}}}"#;
    let answer = OwnAnswer::of_end(&offramp_error(meta), "1:0:0", "gate");
    assert_eq!(answer.text().as_str(), "no");
    let record = r#"{"status":429,"headers":{"server":"gate","content-type":"application/json"}}"#;
    assert_eq!(json::to_string(&answer.response_record()), record);
    let expected = (
        429,
        "server: gate\r\ncontent-type: application/json\r\n".to_owned(),
        r#"{"error":"no","event_id":"1:0:1"}"#.to_owned(),
    );
    assert_eq!(text(&answer.into_response()), expected);
}

#[test]
fn an_error_event_without_response_is_a_bad_gateway() {
    let (status, headers, body) = text(&OwnAnswer::of_end(&offramp_error("{}"), "1:0:0", "").into_response());
    assert_eq!((status, headers.as_str()), (502, "content-type: application/json\r\n"));
    assert_eq!(body, r#"{"error":"no","event_id":"1:0:1"}"#);
}

#[test]
fn an_invalid_reply_is_told_in_the_codec_of_replies() {
    for (codec, mime, body) in [
        ("json", "application/json", r#"{"error":"why"}"#.to_owned()),
        ("yaml", "application/yaml", "error: why".to_owned()),
    ] {
        let codec = temblor_codec::codec(codec).unwrap();
        let (status, headers, told) = text(&OwnAnswer::of_invalid_reply("why", &*codec, "").into_response());
        assert_eq!(status, 500);
        assert!(headers.contains(mime), "{headers}");
        assert!(told.contains(&body), "{told}");
    }
}
