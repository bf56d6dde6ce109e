//! A door to the scanner of frames for the fuzz targets.

use super::frames::FrameCounter;

/// Takes bytes in the parts given; whether they were too many control frames. The verdict must not depend on the cuts.
pub fn control_frames<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let mut counter = FrameCounter::behind(0);
    parts.into_iter().any(|part| counter.take(part).is_err())
}
