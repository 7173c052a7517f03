//! A status that names its room, its socket, its own number, and the number of the status that it replaces.

use std::fmt;

/// A status. No two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tag {
    pub(super) room: u32,
    pub(super) socket: u32,
    pub(super) number: u32,
    /// The number of the status that it replaces.
    pub(super) updates: Option<u32>,
}

impl Tag {
    /// Reads a status as it was sent.
    pub(super) fn parse(status: &str) -> Option<Self> {
        let mut parts = status.strip_prefix("room ")?.split(", ");
        let room = parts.next()?.parse().ok()?;
        let socket = parts.next()?.strip_prefix("socket ")?.parse().ok()?;
        let number = parts.next()?.strip_prefix("status ")?.parse().ok()?;
        let updates = match parts.next() {
            None => None,
            Some(part) => Some(part.strip_prefix("after ")?.parse().ok()?),
        };
        parts.next().is_none().then_some(Self {
            room,
            socket,
            number,
            updates,
        })
    }

    /// Whether this is the status that another one replaces.
    pub(super) fn is_before(self, later: Self) -> bool {
        (self.room, self.socket, Some(self.number)) == (later.room, later.socket, later.updates)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            room,
            socket,
            number,
            updates,
        } = self;
        write!(f, "room {room}, socket {socket}, status {number}")?;
        match updates {
            Some(before) => write!(f, ", after {before}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_it_was_written_and_nothing_else_is_one() {
        let first = Tag {
            room: 3,
            socket: 17,
            number: 1,
            updates: None,
        };
        let second = Tag {
            number: 2,
            updates: Some(1),
            ..first
        };
        for tag in [first, second] {
            assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
        }
        assert!(first.is_before(second) && !second.is_before(first));
        for none in [
            "online",
            "room 3",
            "room 3, socket 1, status x",
            "room 3, socket 1, status 2, after 1, 4",
        ] {
            assert_eq!(Tag::parse(none), None, "{none}");
        }
    }
}
