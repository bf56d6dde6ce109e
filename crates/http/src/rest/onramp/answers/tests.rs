use temblor_event::Reason;

use super::*;
use crate::rest::onramp::sample::setting;

#[test]
fn reasons_get_statuses_or_nothing() {
    let answers = setting(r#"{"dropped": 403, "loop": "close", "bad_request": "close"}"#, Answers::read).unwrap();
    let dropped = Choice::Status(Status::known(403));
    assert_eq!(answers.of_own(OwnReason::End(Reason::Dropped)), Some(dropped));
    assert_eq!(answers.of_own(OwnReason::Loop), Some(Choice::Close));
    assert_eq!(answers.of_own(OwnReason::Timeout), None);
    assert_eq!(answers.of_refusal(RefusalReason::BadRequest), Some(Choice::Close));
    assert_eq!(answers.of_refusal(RefusalReason::Version), None);
}

#[test]
fn what_cannot_be_set_is_refused() {
    let cases = [
        (r#"{"droped": 403}"#, "dropped"),
        (r#"{"empty": 404}"#, "empty"),
        (r#"{"shutdown": 404}"#, "shutdown"),
        (r#"{"dropped": 199}"#, "200 to 599"),
        (r#"{"dropped": 600}"#, "200 to 599"),
        (r#"{"dropped": "403"}"#, "200 to 599"),
        (r#"{"dropped": 403.0}"#, "200 to 599"),
        (r#"{"dropped": "Close"}"#, "200 to 599"),
    ];
    for (text, hint) in cases {
        let error = setting(text, Answers::read).err().unwrap_or_default();
        assert!(error.contains(hint), "{text}: {error:?}");
    }
}
