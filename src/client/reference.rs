//! Refs: the numbers that match replies to what a client sent; they are strings on the wire.

use std::fmt;
use std::num::NonZeroU64;

use crate::protocol::Field;

/// The ref of a message, or the join_ref of a channel: a whole number from 0 to 2⁵³.
// The successor is stored, so that an `Option<Ref>` takes no more space than a `Ref`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref(NonZeroU64);

impl Ref {
    /// The greatest ref, 2⁵³, where JavaScript numbers stop counting and phoenix.js starts again at 0.
    pub const LAST: Self = Self::new(1 << 53);

    /// The ref with this number, at most [`Ref::LAST`].
    pub const fn new(number: u64) -> Self {
        let last = 1 << 53;
        let number = if number > last { last } else { number };
        Self(NonZeroU64::MIN.saturating_add(number))
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0.get() - 1
    }

    /// Reads a ref as a client writes it: digits without a sign or leading zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
        let number = text.parse().ok().filter(|_| canonical)?;
        (number <= Self::LAST.number()).then(|| Self::new(number))
    }

    /// The ref as text for the wire, without allocating.
    pub fn text(self) -> RefText {
        let mut digits = [0; RefText::LENGTH];
        let mut start = RefText::LENGTH;
        let mut rest = self.number();
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                return RefText { digits, start };
            }
        }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({})", self.number())
    }
}

/// The digits of a [`Ref`], on the stack.
#[derive(Clone, Copy, Debug)]
pub struct RefText {
    digits: [u8; Self::LENGTH],
    start: usize,
}

impl RefText {
    /// 2⁵³ has 16 digits.
    const LENGTH: usize = 16;

    /// The digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.digits[self.start..]).expect("digits are UTF-8")
    }
}

/// Generates the refs of one socket.
#[derive(Clone, Debug, Default)]
pub(super) struct Refs {
    last: u64,
}

impl Refs {
    /// The next ref (`makeRef` in `socket.js`).
    pub(super) fn next(&mut self) -> Ref {
        self.last = if self.last == Ref::LAST.number() {
            0
        } else {
            self.last + 1
        };
        Ref::new(self.last)
    }

    /// Sets the ref that is used next.
    pub(super) fn skip_to(&mut self, next: Ref) {
        self.last = next.number().checked_sub(1).unwrap_or(Ref::LAST.number());
    }
}

/// The join_ref of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedJoin {
    /// The message has none: a broadcast, or any message of version 1.
    Absent,
    /// This ref.
    Of(Ref),
    /// A value that this client never sends.
    Foreign,
}

impl NamedJoin {
    pub(super) fn of(join_ref: &Field<'_>) -> Self {
        match join_ref {
            falsy if falsy.is_falsy() => Self::Absent,
            Field::Text(text) => Ref::parse(text).map_or(Self::Foreign, Self::Of),
            Field::Null | Field::Other(_) => Self::Foreign,
        }
    }
}

/// The ref of a received message. A server may send a number instead of a string, as phoenix.js allows.
pub(super) fn answered(reference: &Field<'_>) -> Option<Ref> {
    match reference {
        Field::Null => None,
        Field::Text(text) => Ref::parse(text),
        Field::Other(json) => Ref::parse(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_count_from_one() {
        let mut refs = Refs::default();
        assert_eq!([refs.next(), refs.next()].map(Ref::number), [1, 2]);
    }

    #[test]
    fn refs_restart_at_zero_where_javascript_numbers_end() {
        let mut refs = Refs::default();
        refs.skip_to(Ref::LAST);
        let three = [refs.next(), refs.next(), refs.next()];
        assert_eq!(three.map(|next| next.to_string()), ["9007199254740992", "0", "1"]);
    }

    #[test]
    fn a_script_can_choose_any_next_ref() {
        let mut refs = Refs::default();
        for number in [11, 1, 0, 7] {
            refs.skip_to(Ref::new(number));
            assert_eq!(refs.next().number(), number);
        }
    }

    #[test]
    fn only_what_a_client_writes_is_a_ref() {
        for number in [0, 1, 10, 4_711, Ref::LAST.number()] {
            assert_eq!(Ref::parse(&number.to_string()), Some(Ref::new(number)));
            assert_eq!(Ref::new(number).text().as_str(), number.to_string());
        }
        for other in ["", "01", "00", "+1", "-1", "1.0", " 1", "one", "9007199254740993"] {
            assert_eq!(Ref::parse(other), None, "{other}");
        }
    }

    #[test]
    fn an_optional_ref_takes_no_more_room() {
        assert_eq!(size_of::<Option<Ref>>(), size_of::<u64>());
    }
}
