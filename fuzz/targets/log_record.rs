//! The records of a log on disk: any bytes are an event or refused; what an event is written as reads as the same event.
//!
//! Input: the body of a record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_runtime::log_store::record::{FRAME, Frame, Salt, read, read_head, write};
use temblor_value::json::Scratch;

const SALT: Salt = Salt(0x5eed_5a17);

fuzz_target!(|body: &[u8]| {
    let mut scratch = Scratch::default();
    let Ok((head, event)) = read(body, &mut scratch) else {
        return;
    };
    assert_eq!(read_head(body), Ok(head));
    let mut record = Vec::new();
    write(head, &event, SALT, &mut record).unwrap();
    let (frame, written) = record.split_first_chunk::<FRAME>().unwrap();
    let frame = Frame::read(*frame);
    assert_eq!(frame.body_len(), Some(written.len()));
    assert!(frame.fits(written, SALT));
    let (again_head, again) = read(written, &mut scratch).unwrap();
    assert_eq!(again_head, head);
    let mut second = Vec::new();
    write(again_head, &again, SALT, &mut second).unwrap();
    assert!(second == record, "{event:?} comes back as {again:?}");
});
