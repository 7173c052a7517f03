//! Generates values for each play and each round: names, sentences, ids and numbers. The same seed gives the same values.

use serde_json::Value;

use super::template::Name;
use crate::dice::Dice;

/// A name, and the kind of its generated values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generated {
    pub(crate) name: Name,
    pub(crate) kind: GeneratedKind,
}

/// The kind of a generated value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeneratedKind {
    /// A name of a person.
    Name,
    /// A sentence of four to nine words.
    Sentence,
    /// A random UUID (RFC 9562, version 4).
    Uuid,
    /// A whole number, both ends included.
    Number { from: u64, to: u64 },
}

/// The words for kinds without a range, as scenarios write them.
pub(crate) const WORDS: [(&str, GeneratedKind); 3] = [
    ("name", GeneratedKind::Name),
    ("sentence", GeneratedKind::Sentence),
    ("uuid", GeneratedKind::Uuid),
];

impl GeneratedKind {
    /// Generates a value of this kind.
    pub(crate) fn draw(self, dice: &mut Dice) -> Value {
        match self {
            Self::Name => format!("{} {}", word(dice, &GIVEN), word(dice, &FAMILY)).into(),
            Self::Sentence => sentence(dice).into(),
            Self::Uuid => uuid(dice).into(),
            Self::Number { from, to } => match (to - from).checked_add(1) {
                Some(count) => (from + dice.below(count)).into(),
                None => dice.bits().into(),
            },
        }
    }

    /// Whether the value is long enough to be recognised in what a server says.
    pub(crate) const fn is_telling(self) -> bool {
        match self {
            Self::Name | Self::Sentence | Self::Uuid => true,
            Self::Number { .. } => false,
        }
    }
}

fn word(dice: &mut Dice, words: &[&'static str]) -> &'static str {
    dice.one_of(words).unwrap_or_default()
}

fn sentence(dice: &mut Dice) -> String {
    let count = 4 + dice.index(6);
    let words: Vec<&str> = (0..count).map(|_| word(dice, &WORDS_OF_SENTENCES)).collect();
    let mut text = words.join(" ");
    // The words are ASCII.
    text[..1].make_ascii_uppercase();
    text.push('.');
    text
}

fn uuid(dice: &mut Dice) -> String {
    let high = (dice.bits() & !0xf000) | 0x4000;
    let low = (dice.bits() & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

const GIVEN: [&str; 24] = [
    "Ada",
    "Alan",
    "Amara",
    "Barbara",
    "Bela",
    "Carla",
    "Chen",
    "Dara",
    "Edsger",
    "Elif",
    "Farid",
    "Grace",
    "Hana",
    "Ines",
    "Joe",
    "Katherine",
    "Leslie",
    "Mina",
    "Nils",
    "Olga",
    "Radia",
    "Sofia",
    "Tariq",
    "Yuki",
];
const FAMILY: [&str; 24] = [
    "Almeida",
    "Armstrong",
    "Baker",
    "Cerf",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindgren",
    "Moreau",
    "Novak",
    "Okafor",
    "Papas",
    "Rossi",
    "Sato",
    "Silva",
    "Turner",
    "Virding",
    "Weber",
    "Yilmaz",
];
const WORDS_OF_SENTENCES: [&str; 40] = [
    "after", "all", "answer", "before", "book", "bridge", "bright", "city", "door", "evening", "every",
    "garden", "glass", "green", "house", "letter", "light", "long", "morning", "music", "near", "never",
    "old", "open", "over", "paper", "quiet", "river", "road", "sea", "second", "slow", "small", "stone",
    "street", "that", "train", "under", "water", "window",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(kind: GeneratedKind, part: u64) -> Value {
        kind.draw(&mut Dice::new(7, part))
    }

    #[test]
    fn the_same_seed_gives_the_same_values() {
        for (_, kind) in WORDS {
            assert_eq!(drawn(kind, 1), drawn(kind, 1));
            assert_ne!(drawn(kind, 1), drawn(kind, 2));
        }
    }

    #[test]
    fn each_kind_has_its_form() {
        let pattern =
            regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
                .unwrap();
        for part in 0..100 {
            let id = drawn(GeneratedKind::Uuid, part);
            assert!(pattern.is_match(id.as_str().unwrap()), "{id}");
            let text = drawn(GeneratedKind::Sentence, part);
            let words = text.as_str().unwrap().split(' ').count();
            assert!((4..=9).contains(&words), "{text}");
            let number = drawn(GeneratedKind::Number { from: 5, to: 7 }, part)
                .as_u64()
                .unwrap();
            assert!((5..=7).contains(&number), "{number}");
        }
        let all = GeneratedKind::Number {
            from: 0,
            to: u64::MAX,
        };
        assert_ne!(drawn(all, 1), drawn(all, 2));
    }
}
