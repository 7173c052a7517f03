//! Parses times and numbers: `500ms`, `30s`, `5m`; `500`, `100k`, `1M`.

use std::time::Duration;

/// Longer times are taken as typing mistakes.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A time with its unit, above zero and at most a day.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "expected a number with its unit, as in 500ms, 30s or 5m".to_owned())?;
    if duration.is_zero() || duration > LONGEST {
        return Err("expected a time above zero and of at most a day".to_owned());
    }
    Ok(duration)
}

/// A port to listen on.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| "expected a port, a whole number from 0 to 65535; 0 picks a free one".to_owned())
}

/// A whole number, optionally with `k` or `M`.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn count(text: &str) -> Result<u32, String> {
    let expected = || "expected a whole number, as 500, 100k or 1M".to_owned();
    let number = number(text).map_err(|_| expected())?;
    if number.fract() != 0.0 || number > f64::from(u32::MAX) {
        return Err(expected());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, and from 0 to the largest that fits"
    )]
    Ok(number as u32)
}

/// A number that is not negative, optionally with `k` or `M`.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let (digits, factor) = match text.strip_suffix('k').or(text.strip_suffix('K')) {
        Some(digits) => (digits, 1e3),
        None => text.strip_suffix('M').map_or((text, 1.0), |digits| (digits, 1e6)),
    };
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number = digits.parse::<f64>().ok().filter(|_| plain);
    number
        .map(|number| number * factor)
        .ok_or_else(|| "expected a number, as 500, 10k or 1M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_none_is_told_what_is_one() {
        assert_eq!(port("4000"), Ok(4000));
        for none in ["abc", "65536", "-1", ""] {
            assert!(port(none).unwrap_err().contains("0 to 65535"), "{none}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["", "5", "5 potatoes", "-1s", "s", "0s", "25h"] {
            assert!(duration(wrong).unwrap_err().starts_with("expected"), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_may_be_shortened() {
        assert_eq!(count("500"), Ok(500));
        assert_eq!(count("100k"), Ok(100_000));
        assert_eq!(count("1.5M"), Ok(1_500_000));
        assert_eq!(number("0.5"), Ok(0.5));
        for wrong in ["", "k", "-1", "1.5", "1e3", "inf", "5G", "5000M"] {
            assert!(count(wrong).unwrap_err().starts_with("expected"), "{wrong:?}");
        }
    }
}
