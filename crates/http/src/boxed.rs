//! Large futures in boxes.

use std::pin::Pin;

/// A future in a box. The room is there before the future is made, so that it can be made where it stays; moving one that is made copies the
/// room for all that it will ever hold.
#[inline]
pub(crate) fn boxed<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::into_pin(Box::write(Box::new_uninit(), make()))
}
