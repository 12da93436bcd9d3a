//! Random strings and numbers: stand-ins that are the same on every run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::gotemplate::{Call, Failure, Function, Param, Value};

use super::args::{Result, arg, fixed};
use super::stand_in::StandIn;

/// Nothing asks for random text this long but by mistake.
const MAX_LEN: i64 = 1 << 20;

const INT: &[Param] = &[Param::Int];
const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ASCII: &[u8] =
    b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("randAlphaNum", INT, |call, args| characters(call, args, ALPHANUMERIC)),
    fixed("randAlpha", INT, |call, args| characters(call, args, LETTERS)),
    fixed("randNumeric", INT, |call, args| characters(call, args, DIGITS)),
    fixed("randAscii", INT, |call, args| characters(call, args, ASCII)),
    fixed("randBytes", INT, |call, args| {
        let count = usize::try_from(count(args)?)
            .map_err(|_| Failure::new("runtime error: makeslice: len out of range"))?;
        Ok(Value::str(STANDARD.encode(StandIn::of(call, args).bytes(count))))
    }),
    fixed("randInt", &[Param::Int, Param::Int], |call, args| {
        let (min, max) = (int(args, 0), int(args, 1));
        let width = max.wrapping_sub(min);
        if width <= 0 {
            return Err(Failure::new("invalid argument to Intn"));
        }
        let offset = StandIn::of(call, args).below(width.unsigned_abs());
        Ok(Value::int(min.wrapping_add(offset as i64)))
    }),
    fixed("uuidv4", &[], |call, args| {
        let mut random = StandIn::of(call, args);
        let high = random.below(u64::MAX);
        let low = random.below(u64::MAX);
        // Version 4, variant 10.
        let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        Ok(Value::str(format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )))
    }),
];

fn int(args: &[Value], index: usize) -> i64 {
    arg(args, index).as_int().unwrap_or_default()
}

fn count(args: &[Value]) -> Result<i64> {
    let count = int(args, 0);
    if count > MAX_LEN {
        return Err(Failure::limit(format!("gave up on a random string of {count} characters")));
    }
    Ok(count)
}

/// A negative count is an error that sprig drops.
fn characters(call: &Call<'_, '_>, args: &[Value], alphabet: &[u8]) -> Result {
    let mut random = StandIn::of(call, args);
    let character = |_| {
        let index = random.below(alphabet.len() as u64) as usize;
        alphabet.get(index).map_or(' ', |byte| char::from(*byte))
    };
    Ok(Value::str((0..count(args)?).map(character).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use crate::golang::regexp::Regexp;
    use crate::sprig::testing::{check_table, render};

    #[test]
    fn stand_ins_have_the_right_shape_and_stay_the_same() {
        for (template, shape) in [
            ("{{ randAlphaNum 12 }}", "^[0-9A-Za-z]{12}$"),
            ("{{ randAlpha 5 }}", "^[A-Za-z]{5}$"),
            ("{{ randNumeric 40 }}", "^[0-9]{40}$"),
            ("{{ randAscii 40 }}", "^[ -~]{40}$"),
            ("{{ randBytes 16 }}", "^[0-9A-Za-z+/]{22}==$"),
            ("{{ randInt 3 7 }}", "^[3-6]$"),
            ("{{ uuidv4 }}", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
            ("{{ shuffle \"abc\" }}", "^[abc]{3}$"),
        ] {
            let first = render(template).unwrap();
            assert!(Regexp::new(shape).unwrap().is_match(&first), "{template}: {first}");
            assert_eq!(render(template).unwrap(), first);
        }
        let two = render("{{ randAlphaNum 9 }} {{ randAlphaNum 9 }}").unwrap();
        let (a, b) = two.split_once(' ').unwrap();
        assert_ne!(a, b);
    }

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/random.jsonl"));
    }
}
