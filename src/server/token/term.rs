//! The term in a user's token, `{name, signed_at_ms, max_age}`, in Erlang's external term format
//! (<https://www.erlang.org/doc/apps/erts/erl_ext_dist>). It reads only the five tags that occur, and only within bounds.

use std::time::Duration;

const VERSION: u8 = 131;
const SMALL_TUPLE: u8 = 104;
const BINARY: u8 = 109;
const SMALL_INTEGER: u8 = 97;
const INTEGER: u8 = 98;
const SMALL_BIG: u8 = 110;

/// The bytes of the term.
pub(super) fn encode(name: &str, signed_ms: u64, max_age: Duration) -> Vec<u8> {
    let length = u32::try_from(name.len()).expect("a name came in a request, which is shorter than 4 GB");
    let mut term = vec![VERSION, SMALL_TUPLE, 3, BINARY];
    term.extend(length.to_be_bytes());
    term.extend(name.as_bytes());
    write_integer(&mut term, signed_ms);
    write_integer(&mut term, max_age.as_secs());
    term
}

fn write_integer(term: &mut Vec<u8>, value: u64) {
    if let Ok(byte) = u8::try_from(value) {
        term.extend([SMALL_INTEGER, byte]);
    } else if let Ok(word) = i32::try_from(value) {
        term.push(INTEGER);
        term.extend(word.to_be_bytes());
    } else {
        let bytes = value.to_le_bytes();
        let used = bytes
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        let count = u8::try_from(used).expect("there are eight");
        term.extend([SMALL_BIG, count, 0]);
        term.extend(&bytes[..used]);
    }
}

/// The name and the time of signing in milliseconds, if the term is such a tuple, or the pair that older versions wrote.
pub(super) fn decode(term: &[u8]) -> Option<(&str, i128)> {
    let ([VERSION, SMALL_TUPLE, 2..=3, BINARY], rest) = term.split_first_chunk()? else {
        return None;
    };
    let (length, rest) = rest.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(u32::from_be_bytes(*length).try_into().ok()?)?;
    Some((std::str::from_utf8(name).ok()?, read_integer(rest)?))
}

fn read_integer(term: &[u8]) -> Option<i128> {
    match *term {
        [SMALL_INTEGER, byte, ..] => Some(byte.into()),
        [INTEGER, a, b, c, d, ..] => Some(i32::from_be_bytes([a, b, c, d]).into()),
        [SMALL_BIG, count @ 0..=8, sign, ref rest @ ..] => {
            let mut bytes = [0; 8];
            bytes
                .get_mut(..count.into())?
                .copy_from_slice(rest.get(..count.into())?);
            let size = i128::from(u64::from_le_bytes(bytes));
            Some(if sign == 0 { size } else { -size })
        }
        _ => None,
    }
}
