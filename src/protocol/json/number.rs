//! Writes JSON numbers as Jason does after reading them.

use std::cmp::Ordering;

/// From 2^53 on, Erlang always writes floats with an exponent; not every integer above is a float.
const ALWAYS_EXPONENT: f64 = 9_007_199_254_740_992.0;

/// Appends a well-formed number as Jason writes it after reading it.
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

/// Appends a float in the fewest digits, with or without exponent, whichever is shorter
/// (Erlang's `float_to_binary(Float, [short])`).
fn write_float(value: f64, out: &mut String) {
    let (digits, exponent) = shortest(value.abs());
    if value.is_sign_negative() {
        out.push('-');
    }
    let fraction_digits = digits.len() - 1;
    let with_exponent = exponent.to_string().len() + 1 + if fraction_digits == 0 { 2 } else { 1 };
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    let exponent_is_shorter = match exponent {
        ..0 => places + 1 > with_exponent,
        _ => {
            places.saturating_sub(fraction_digits) + if places < fraction_digits { 0 } else { 2 }
                > with_exponent
        }
    };
    if value.abs() >= ALWAYS_EXPONENT || exponent_is_shorter {
        write_point(&digits, 1, out);
        out.push('e');
        out.push_str(&exponent.to_string());
    } else if exponent < 0 {
        write_point(&("0".repeat(places) + &digits), 1, out);
    } else {
        let missing = "0".repeat(places.saturating_sub(fraction_digits));
        write_point(&(digits + &missing), places + 1, out);
    }
}

/// The fewest digits that read back as this float, and the power of ten of the first digit. Of two that are
/// equally near it takes the even one, as Erlang does; Rust's own shortest form takes the greater.
fn shortest(value: f64) -> (String, i32) {
    let rounded_up = format!("{value:e}");
    let fraction_digits = rounded_up
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count()
        - 1;
    let to_even = format!("{value:.fraction_digits$e}");
    let text = match to_even
        .parse::<f64>()
        .ok()
        .and_then(|read| read.partial_cmp(&value))
    {
        Some(Ordering::Equal) => to_even,
        _ => rounded_up,
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or_default())
}

/// Appends the digits with a point after the first `whole` of them, followed by a zero if no digits are left.
fn write_point(digits: &str, whole: usize, out: &mut String) {
    let (whole, fraction) = digits.split_at(whole);
    out.push_str(whole);
    out.push('.');
    out.push_str(if fraction.is_empty() { "0" } else { fraction });
}
