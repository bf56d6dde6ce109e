//! A door to the scanner of frames for the fuzz targets.

use super::frames::FrameCounter;

/// Takes bytes in the parts given and says how many control frames were seen, counted anew after too many.
pub fn control_frames(parts: &[&[u8]]) -> u32 {
    let mut counter = FrameCounter::behind(0);
    for part in parts {
        // Too many within a second end a connection; here the scanner goes on.
        let _ = counter.take(part);
    }
    counter.count()
}
