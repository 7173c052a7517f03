//! The catalogue of rules, one for each promise of Phoenix. Cases cite them, `list rules` lists them, and
//! `explain` explains them. Only the cases know which rules they check.

mod breaks;
mod broadcast;
mod client;
mod compression;
mod connect;
mod frames;
mod isolation;
mod join;
mod lifetime;
mod longpoll;
mod malformed;
mod presence;
mod push;
mod reasons;
mod serializers;
mod text;
mod versions;
mod videos;

#[cfg(test)]
mod tests;

pub use text::Explanation;
pub use versions::Versions;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::profile::Version;

/// One promise of Phoenix, in this project's own words.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name for people and scenario files, such as `join-reply`. It never changes.
    pub id: &'static str,
    /// The promise in one line, without a full stop.
    pub about: &'static str,
    /// What a client may rely on, in one to three sentences.
    pub promise: &'static str,
    /// The source: a file and function of a project, or a section of an RFC.
    pub source: &'static str,
    /// The versions in which it holds.
    pub versions: Versions,
    /// Further information, such as a difference between Bandit and Cowboy.
    pub note: Option<&'static str>,
}

impl Rule {
    /// The first version in which the rule holds, if there are versions without it.
    pub const fn since(&self) -> Option<Version> {
        self.versions.since()
    }

    /// Whose behaviour it is about.
    pub fn party(&self) -> Party {
        if client::RULES.contains(self) {
            Party::Client
        } else {
            Party::Server
        }
    }

    /// Why no case can check it, if none can.
    pub fn untestable(&self) -> Option<&'static str> {
        reasons::untestable(self.id)
    }

    /// Why no fault of the reference server breaks it, if none does.
    pub fn unbroken(&self) -> Option<&'static str> {
        reasons::unbroken(self.id)
    }

    /// What breaks in phoenix.js if a server breaks it, if something does.
    pub fn breaks(&self) -> Option<&'static str> {
        breaks::breaks(self.id)
    }

    /// The rule as `phxproof explain` prints it, with the ids of the cases that check it and of the faults that break it.
    pub const fn explain<'a>(&'static self, cases: &'a [&'a str], faults: &'a [&'a str]) -> Explanation<'a> {
        Explanation {
            rule: self,
            cases,
            faults,
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Rule", 10)?;
        object.serialize_field("id", self.id)?;
        object.serialize_field("about", self.about)?;
        object.serialize_field("promise", self.promise)?;
        object.serialize_field("source", self.source)?;
        object.serialize_field("since", &self.since().map(|version| version.to_string()))?;
        object.serialize_field("versions", &self.versions.to_string())?;
        object.serialize_field("note", &self.note)?;
        object.serialize_field("breaks", &self.breaks())?;
        object.serialize_field("untestable", &self.untestable())?;
        object.serialize_field("unbroken", &self.unbroken())?;
        object.end()
    }
}

/// A group of rules about one subject.
#[derive(Debug, PartialEq, Eq)]
pub struct Area {
    /// The name, for example `join`.
    pub name: &'static str,
    /// Its rules, in reading order.
    pub rules: &'static [Rule],
}

impl Area {
    /// The area of the rule with this id.
    pub fn of(id: &str) -> Option<&'static Self> {
        AREAS
            .iter()
            .find(|area| area.rules.iter().any(|rule| rule.id == id))
    }
}

/// The areas, in the order of a conversation.
pub static AREAS: [Area; 14] = [
    Area {
        name: "connect",
        rules: connect::RULES,
    },
    Area {
        name: "join",
        rules: join::RULES,
    },
    Area {
        name: "push",
        rules: push::RULES,
    },
    Area {
        name: "broadcast",
        rules: broadcast::RULES,
    },
    Area {
        name: "lifetime",
        rules: lifetime::RULES,
    },
    Area {
        name: "longpoll",
        rules: longpoll::RULES,
    },
    Area {
        name: "serializers",
        rules: serializers::RULES,
    },
    Area {
        name: "frames",
        rules: frames::RULES,
    },
    Area {
        name: "compression",
        rules: compression::RULES,
    },
    Area {
        name: "malformed",
        rules: malformed::RULES,
    },
    Area {
        name: "presence",
        rules: presence::RULES,
    },
    Area {
        name: "client",
        rules: client::RULES,
    },
    Area {
        name: "videos",
        rules: videos::RULES,
    },
    Area {
        name: "isolation",
        rules: isolation::RULES,
    },
];

/// All rules, area by area.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    AREAS.iter().flat_map(|area| area.rules)
}

/// Whose behaviour a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The server's, which `check` judges.
    Server,
    /// The client's.
    Client,
}

/// The rules about servers or about clients, area by area.
pub fn about(party: Party) -> impl Iterator<Item = &'static Rule> {
    all().filter(move |rule| rule.party() == party)
}

/// Rules with cases of their own: if a case cites one of them, any failure of the case breaks that rule.
pub(super) const SPECIFIC: [&str; 7] = [
    "token-age",
    "topics-compared-whole",
    "events-compared-whole",
    "users-compared-whole",
    "binary-sizes-unsigned",
    "versions-side-by-side",
    "presence-one-key-many-metas",
];

/// Areas and single rules, ordered from causes to consequences.
const LAYERS: [&[&str]; 7] = [
    &["connect", "frames", "compression", "heartbeat-reply"],
    &[
        "refs-echoed",
        "reply-once",
        "reply-order",
        "state-apart",
        "server-push-private",
        "broadcast-stays-on-topic",
        "topics-apart",
    ],
    &["join", "push", "serializers", "malformed", "lifetime"],
    &["broadcast", "isolation", "channel-speaks-in-order"],
    &["presence", "videos", "longpoll", "client"],
    &SPECIFIC,
    &["large-message-carried"],
];

/// The position of a rule among causes and consequences: its layer, and its place in the catalogue. A broken
/// rule in an early layer causes failures in later ones, too.
pub fn rank(id: &str) -> (usize, usize) {
    let area = Area::of(id);
    let layer_of = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let layer = layer_of(id).or_else(|| layer_of(area?.name));
    let place = all().position(|rule| rule.id == id);
    (layer.unwrap_or(LAYERS.len()), place.unwrap_or(usize::MAX))
}

/// The rule with that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
