//! Numbers as Jason reads and writes them.

use std::fmt::Write;

/// From here on Erlang writes floats with an exponent: 2^53, above which not every integer is a float.
const ALWAYS_EXPONENT: f64 = 9_007_199_254_740_992.0;

/// Appends a well-formed number as Jason writes what it read.
pub(super) fn write_number(raw: &str, out: &mut String) {
    match raw {
        "-0" => out.push('0'),
        _ if raw.contains(['.', 'e', 'E']) => write_float(value(raw), out),
        _ => out.push_str(raw),
    }
}

/// The float that Jason reads. It loses the sign of a zero that has an exponent and no fraction (`-0e5`).
fn value(raw: &str) -> f64 {
    match raw.strip_prefix("-0") {
        Some(rest) if rest.starts_with(['e', 'E']) => 0.0,
        _ => raw.parse().unwrap_or_default(),
    }
}

/// Appends a float in the fewest digits, with or without exponent, whichever is shorter (`float_to_binary/2`, `short`).
fn write_float(value: f64, out: &mut String) {
    let scientific = format!("{:e}", value.abs());
    let Some((mantissa, Ok(exponent))) = scientific
        .split_once('e')
        .map(|(mantissa, exponent)| (mantissa, exponent.parse::<i32>()))
    else {
        return;
    };
    if value.is_sign_negative() {
        out.push('-');
    }
    let digits = mantissa.replace('.', "");
    let len = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let with_exponent = exponent.to_string().len() + 1 + if len == 1 { 2 } else { 1 };
    let with_exponent = i32::try_from(with_exponent).unwrap_or(i32::MAX);
    // The point stands after this many digits, or before as many zeros.
    let point = exponent + 1;
    let (whole, fraction) = match point {
        _ if value.abs() >= ALWAYS_EXPONENT => return write_exponent(&digits, exponent, out),
        ..0 if 2 - point > with_exponent => return write_exponent(&digits, exponent, out),
        ..=0 => ("0".to_owned(), zeros(-point) + &digits),
        _ if point < len => {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
            (whole.to_owned(), fraction.to_owned())
        }
        _ if point - len + 2 > with_exponent => return write_exponent(&digits, exponent, out),
        _ => (digits + &zeros(point - len), "0".to_owned()),
    };
    out.push_str(&whole);
    out.push('.');
    out.push_str(&fraction);
}

/// That many zeros.
fn zeros(count: i32) -> String {
    "0".repeat(usize::try_from(count).unwrap_or_default())
}

/// Appends `d.ddde±x`.
fn write_exponent(digits: &str, exponent: i32, out: &mut String) {
    let (first, rest) = digits.split_at(1);
    let rest = if rest.is_empty() { "0" } else { rest };
    // Writing to a String can't fail.
    let _ = write!(out, "{first}.{rest}e{exponent}");
}
