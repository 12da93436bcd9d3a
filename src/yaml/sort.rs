//! The order of keys in go-yaml's output: letters by code, digits by value.

use std::cmp::Ordering;

use super::{Dialect, Entry};

/// Sorts entries as go-yaml v2 or v3 sorts the keys of a map.
pub(super) fn sort_entries(entries: &mut Vec<&Entry>, dialect: Dialect) {
    // Upstream's order is not transitive, and `sort_by` may panic on such. Sorting by bytes first makes the
    // result depend on the keys alone; most maps are in that order already.
    entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    let less = |a: &&Entry, b: &&Entry| key_less(&a.key.text, &b.key.text, dialect);
    if entries.is_sorted_by(|a, b| !less(b, a)) {
        return;
    }
    let mut width = 1;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        for pair in entries.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([a, rest_left @ ..], [b, rest_right @ ..]) = (left, right) {
                if less(b, a) {
                    merged.push(*b);
                    right = rest_right;
                } else {
                    merged.push(*a);
                    left = rest_left;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *entries = merged;
        width *= 2;
    }
}

/// `keyList.Less` for strings.
fn key_less(a: &str, b: &str, dialect: Dialect) -> bool {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // The bytes may differ inside of a character.
    let common =
        (0..=common).rev().find(|at| a.is_char_boundary(*at) && b.is_char_boundary(*at)).unwrap_or(0);
    let (before, rest_a) = a.split_at(common);
    let rest_b = b.get(common..).unwrap_or("");
    let (Some(x), Some(y)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return rest_a.is_empty() && !rest_b.is_empty();
    };
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x < y,
        (false, false) => {}
        (x_letter, y_letter) => {
            // v3: behind a digit the letter comes first.
            let behind_digit = dialect == Dialect::V3 && before.ends_with(|char: char| char.is_ascii_digit());
            return if behind_digit { x_letter } else { y_letter };
        }
    }
    let mut start = 0_i64;
    if x == '0' || y == '0' {
        // A zero inside of a number counts its digits from the number's first.
        let digits = before.chars().rev().take_while(char::is_ascii_digit);
        start = i64::from(digits.clone().any(|digit| digit != '0'));
    }
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit);
        digits.fold((start, 0), |(value, len), digit| {
            (value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), len + 1)
        })
    };
    let ((value_a, len_a), (value_b, len_b)): ((i64, usize), (i64, usize)) = (number(rest_a), number(rest_b));
    match value_a.cmp(&value_b).then(len_a.cmp(&len_b)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => x < y,
    }
}

/// Go's `unicode.IsLetter`, but for marks that count as alphabetic here.
fn is_letter(char: char) -> bool {
    char.is_alphabetic() && !char.is_numeric()
}
