//! Reads what people type for times: `500ms`, `30s`, `5m`.

use std::time::Duration;

/// Longer waits are typing mistakes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["", "5", "5 potatoes", "-1s", "s", "0s", "25h"] {
            assert!(duration(wrong).unwrap_err().starts_with("expected"), "{wrong:?}");
        }
    }
}
