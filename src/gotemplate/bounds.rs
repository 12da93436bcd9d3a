//! What one value may grow to: a template of a few lines can double a string sixty times, or a list that holds itself
//! twice. Real charts stay far below.

use crate::source::relaxed_len;

use super::failure::Failure;
use super::value::{Data, Elem, Value};

/// Longer strings are not made.
const MAX_TEXT: usize = 32 << 20;

/// [`MAX_TEXT`], or what `--limits` makes of it.
pub(super) fn max_text() -> usize {
    relaxed_len(MAX_TEXT)
}

/// Longer lists are not made.
const MAX_ITEMS: usize = 2 << 20;

/// Values of more parts are not walked.
const MAX_PARTS: usize = 2 << 20;

/// Values of deeper nesting are walked no further.
const MAX_DEPTH: usize = 1000;

/// Bytes of a value itself, not of what it holds.
///
/// # Errors
///
/// If that is more than any value may have.
pub(super) fn size_of_result(value: &Value) -> Result<usize, Failure> {
    let text = |len: usize| {
        if len > max_text() {
            return Err(Failure::limit(format!("gave up on a string of {len} bytes")));
        }
        Ok(len)
    };
    match &value.data {
        Data::Str(it) => text(it.len()),
        Data::Text(it) => text(it.len()),
        Data::List(list) if list.items.len() > relaxed_len(MAX_ITEMS) => {
            Err(Failure::limit(format!("gave up on a list of {} items", list.items.len())))
        }
        Data::List(list) => Ok(list.items.len() * size_of::<Value>()),
        _ => Ok(0),
    }
}

/// Looks at everything that a value holds, before a function does.
///
/// # Errors
///
/// If that is more than any function should.
pub fn weigh(value: &Value) -> Result<(), Failure> {
    fn walk(value: &Value, left: &mut usize, depth: usize) -> bool {
        let Some(fewer) = left.checked_sub(1) else { return false };
        *left = fewer;
        match &value.data {
            _ if depth > MAX_DEPTH => true,
            Data::List(list) if list.elem == Elem::Byte => {
                let fewer = left.checked_sub(list.items.len());
                *left = fewer.unwrap_or_default();
                fewer.is_some()
            }
            Data::List(list) => list.items.iter().all(|item| walk(item, left, depth + 1)),
            Data::Map(map) => map.peek().iter().all(|(_, slot)| walk(&slot.value, left, depth + 1)),
            _ => true,
        }
    }
    let most = relaxed_len(MAX_PARTS);
    if walk(value, &mut most.clone(), 0) {
        return Ok(());
    }
    Err(Failure::limit(format!("gave up on a value of more than {most} parts")))
}
