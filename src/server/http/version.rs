//! Which serializer a `vsn` asks for: Elixir's `Version.parse`, and `~> 1.0.0` and `~> 2.0.0` of it
//! (`negotiate_serializer` in `lib/phoenix/socket.ex`).

use crate::protocol::Vsn;

/// The serializer for a version, `None` where the connection is refused.
pub(crate) fn negotiate(text: &str) -> Option<Vsn> {
    let (major, minor, patch, before_release) = parse(text)?;
    // `~> 2.0.0` is `>= 2.0.0 and < 2.1.0`; 2.0.0-rc comes before 2.0.0, and 2.1.0-rc is never let in.
    let in_range = minor == 0 && !(patch == 0 && before_release);
    match major {
        1 if in_range => Some(Vsn::V1),
        2 if in_range => Some(Vsn::V2),
        _ => None,
    }
}

/// Major, minor, patch, and whether there is a pre-release part.
fn parse(text: &str) -> Option<(u64, u64, u64, bool)> {
    let (rest, build) = split(text, '+');
    if build.is_some_and(|build| !identifiers_are_fine(build, Zeros::MayLead)) {
        return None;
    }
    let (core, pre) = split(rest, '-');
    if pre.is_some_and(|pre| !identifiers_are_fine(pre, Zeros::MayNotLead)) {
        return None;
    }
    let mut numbers = core.split('.').map(number);
    let version = (
        numbers.next()??,
        numbers.next()??,
        numbers.next()??,
        pre.is_some(),
    );
    numbers.next().is_none().then_some(version)
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    (digits && !leading_zero).then(|| text.parse().unwrap_or(u64::MAX))
}

#[derive(Clone, Copy, PartialEq)]
enum Zeros {
    MayLead,
    MayNotLead,
}

fn identifiers_are_fine(text: &str, zeros: Zeros) -> bool {
    text.split('.').all(|part| {
        let written_well = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_number = part.bytes().all(|b| b.is_ascii_digit());
        written_well && (zeros == Zeros::MayLead || !is_number || number(part).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vsn: &str, expected: Option<Vsn>) {
        assert_eq!(negotiate(vsn), expected, "vsn {vsn:?}");
    }

    #[test]
    fn patches_of_both_versions_are_let_in() {
        check("1.0.0", Some(Vsn::V1));
        check("2.0.0", Some(Vsn::V2));
        check("2.0.17", Some(Vsn::V2));
        check("2.0.0+build.01", Some(Vsn::V2));
        check("2.0.1-rc.1", Some(Vsn::V2));
    }

    #[test]
    fn other_versions_are_refused() {
        for vsn in ["2.1.0", "3.0.0", "9.0.0", "0.9.0", "2.0.0-rc.1", "2.1.0-rc.1"] {
            check(vsn, None);
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for vsn in [
            "", "2", "2.0", "2.0.0.0", "02.0.0", "2.0.x", " 2.0.0", "2.0.0-", "2.0.0-01", "v2.0.0", "abc",
        ] {
            check(vsn, None);
        }
    }
}
