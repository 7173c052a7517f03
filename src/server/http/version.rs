//! Which serializer a `vsn` asks for: Elixir's `Version.parse`, and `~> 1.0.0` and `~> 2.0.0` of it
//! (`negotiate_serializer` in `lib/phoenix/socket.ex`).

use semver::Version;

use crate::protocol::Vsn;

/// The serializer for a version, `None` where the connection is refused.
pub(super) fn negotiate(text: &str) -> Option<Vsn> {
    let version = Version::parse(text).ok()?;
    // `~> 2.0.0` is `>= 2.0.0 and < 2.1.0`; 2.0.0-rc comes before 2.0.0, and 2.1.0-rc is never let in.
    let in_range = version.minor == 0 && (version.patch > 0 || version.pre.is_empty());
    match version.major {
        1 if in_range => Some(Vsn::V1),
        2 if in_range => Some(Vsn::V2),
        _ => None,
    }
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
