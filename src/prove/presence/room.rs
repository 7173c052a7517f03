//! The true state of a room, from the operations of the guests themselves: it says what each list has to show, and which diffs are
//! due. Without I/O.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::list::{Diff, Presences};
use super::tag::Tag;

/// A room: the guests in it, and its changes.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) number: u32,
    pub(super) topic: Rc<str>,
    here: BTreeMap<u32, Here>,
    /// The last number of a status of each socket.
    numbers: HashMap<u32, u32>,
    changes: Vec<Change>,
    /// Sockets with an operation that was not answered: nobody knows whether they are there.
    unknown: HashSet<u32>,
    /// Their names.
    unknown_keys: HashSet<Rc<str>>,
}

#[derive(Clone, Debug)]
struct Here {
    key: Rc<str>,
    tag: Tag,
}

/// Somebody came, went or changed, in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) round: u32,
    pub(super) tag: Tag,
    pub(super) way: Way,
}

/// How a status begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Its socket joined.
    Came,
    /// Its socket left.
    Went,
    /// An update brought it.
    Became,
    /// An update replaced it.
    Ceased,
}

/// The mistakes of a list: entries that it lacks, and entries that it should not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) lacks: Vec<(String, String)>,
    pub(super) shows: Vec<(String, String)>,
}

/// The contents of the diffs that a client received: how often each status came and went.
#[derive(Debug, Default)]
pub(super) struct Told {
    came: HashMap<Tag, Coming>,
    went: HashMap<Tag, u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Coming {
    times: u32,
    /// Whether the same diff says that the status before it went.
    is_paired: bool,
}

/// A change that was told wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mistold {
    pub(super) change: Change,
    pub(super) how: How,
}

/// The ways in which a change is told wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Untold,
    Twice,
    /// An update came without the leave of the status before.
    Unpaired,
}

impl Room {
    pub(super) fn new(run: u64, number: u32) -> Self {
        Self {
            number,
            topic: format!("presence:{run}-room-{number}").into(),
            here: BTreeMap::new(),
            numbers: HashMap::new(),
            changes: Vec::new(),
            unknown: HashSet::new(),
            unknown_keys: HashSet::new(),
        }
    }

    /// The next status of a socket, which comes, or changes if it is there.
    pub(super) fn next_tag(&mut self, socket: u32) -> Tag {
        let number = self.numbers.entry(socket).or_default();
        *number += 1;
        Tag {
            room: self.number,
            socket,
            number: *number,
            updates: self.here.get(&socket).map(|here| here.tag.number),
        }
    }

    /// A socket has this status from now on.
    pub(super) fn has(&mut self, key: &Rc<str>, tag: Tag, round: u32) {
        let here = Here {
            key: Rc::clone(key),
            tag,
        };
        let way = match self.here.insert(tag.socket, here) {
            None => Way::Came,
            Some(before) => {
                self.changes.push(Change {
                    round,
                    tag: before.tag,
                    way: Way::Ceased,
                });
                Way::Became
            }
        };
        self.changes.push(Change { round, tag, way });
    }

    /// A socket has gone.
    pub(super) fn goes(&mut self, socket: u32, round: u32) {
        if let Some(before) = self.here.remove(&socket) {
            self.changes.push(Change {
                round,
                tag: before.tag,
                way: Way::Went,
            });
        }
    }

    /// Nobody knows whether a socket is there.
    pub(super) fn loses(&mut self, key: &Rc<str>, socket: u32) {
        self.here.remove(&socket);
        self.unknown.insert(socket);
        self.unknown_keys.insert(Rc::clone(key));
    }

    /// How many sockets are there.
    pub(super) fn count(&self) -> usize {
        self.here.len()
    }

    /// The mistakes of a list; nothing if it shows exactly those who are here. Entries of other rooms are judged elsewhere.
    pub(super) fn wrong_with(&self, list: &Presences) -> Option<Wrong> {
        let mut expected: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for here in self
            .here
            .values()
            .filter(|here| !self.unknown_keys.contains(&here.key))
        {
            expected
                .entry(&here.key)
                .or_default()
                .insert(here.tag.to_string());
        }
        let mut wrong = Wrong::default();
        for (key, metas) in list {
            if self.unknown_keys.contains(key.as_str()) {
                continue;
            }
            let of_key = expected.get_mut(key.as_str());
            let mut of_key = of_key.map(std::mem::take).unwrap_or_default();
            for meta in metas.iter().filter(|meta| !self.is_foreign(&meta.status)) {
                if !of_key.remove(&meta.status) {
                    wrong.shows.push((key.clone(), meta.status.clone()));
                }
            }
            if let Some(left) = expected.get_mut(key.as_str()) {
                *left = of_key;
            }
        }
        for (key, statuses) in expected {
            let lacks = statuses.into_iter().map(|status| (key.to_owned(), status));
            wrong.lacks.extend(lacks);
        }
        (wrong != Wrong::default()).then_some(wrong)
    }

    /// Whether a status is that of another room.
    pub(super) fn is_foreign(&self, status: &str) -> bool {
        Tag::parse(status).is_some_and(|tag| tag.room != self.number)
    }

    /// The changes of a round that were told wrongly to a client that was there all the time.
    pub(super) fn mistold(&self, told: &Told, round: u32) -> Vec<Mistold> {
        let due = self.due(round);
        due.filter_map(|change| {
            let how = told.how(change)?;
            Some(Mistold { change, how })
        })
        .collect()
    }

    /// The number of changes in a round that are due to each client.
    pub(super) fn count_due(&self, round: u32) -> usize {
        self.due(round).count()
    }

    /// The changes of a round, as far as they are known.
    pub(super) fn due(&self, round: u32) -> impl Iterator<Item = Change> {
        let begin = self.changes.partition_point(|change| change.round < round);
        let of_round = self.changes[begin..]
            .iter()
            .take_while(move |change| change.round == round);
        of_round
            .filter(|change| !self.unknown.contains(&change.tag.socket))
            .copied()
    }
}

impl Told {
    /// Counts the entries of a diff.
    pub(super) fn take(&mut self, diff: &Diff) {
        let tags = |presences: &Presences| -> Vec<Tag> {
            let metas = presences.values().flatten();
            metas.filter_map(|meta| Tag::parse(&meta.status)).collect()
        };
        let (joins, leaves) = (tags(&diff.joins), tags(&diff.leaves));
        for tag in joins {
            let coming = self.came.entry(tag).or_default();
            coming.times += 1;
            coming.is_paired = leaves.iter().any(|before| before.is_before(tag));
        }
        for tag in leaves {
            *self.went.entry(tag).or_default() += 1;
        }
    }

    /// The way in which a change was told wrongly, if it was.
    fn how(&self, change: Change) -> Option<How> {
        let (times, is_paired) = match change.way {
            Way::Came | Way::Became => {
                let coming = self.came.get(&change.tag).copied().unwrap_or_default();
                (coming.times, coming.is_paired || change.way == Way::Came)
            }
            Way::Went | Way::Ceased => (self.went.get(&change.tag).copied().unwrap_or_default(), true),
        };
        match times {
            0 => Some(How::Untold),
            1 if is_paired => None,
            1 => Some(How::Unpaired),
            _ => Some(How::Twice),
        }
    }

    /// Forgets this change once it is judged.
    pub(super) fn forget(&mut self, change: Change) {
        match change.way {
            Way::Came | Way::Became => drop(self.came.remove(&change.tag)),
            Way::Went | Way::Ceased => drop(self.went.remove(&change.tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::Meta;
    use super::*;

    fn list(all: &[(&str, &[&Tag])]) -> Presences {
        let meta = |tag: &&Tag| Meta {
            reference: format!("ref of {tag}"),
            status: tag.to_string(),
        };
        all.iter()
            .map(|(key, tags)| ((*key).to_owned(), tags.iter().map(meta).collect()))
            .collect()
    }

    fn enters(room: &mut Room, key: &str, socket: u32, round: u32) -> Tag {
        let tag = room.next_tag(socket);
        room.has(&key.into(), tag, round);
        tag
    }

    #[test]
    fn a_list_is_right_if_it_shows_each_socket_with_its_status_and_nobody_else() {
        let mut room = Room::new(1, 0);
        let ana = enters(&mut room, "ana", 1, 0);
        let twin = enters(&mut room, "ana", 2, 0);
        let bea = enters(&mut room, "bea", 3, 0);
        assert_eq!(
            room.wrong_with(&list(&[("ana", &[&twin, &ana]), ("bea", &[&bea])])),
            None
        );
        let lacking = room
            .wrong_with(&list(&[("ana", &[&ana]), ("bea", &[&bea])]))
            .unwrap();
        assert_eq!(lacking.lacks, [("ana".to_owned(), twin.to_string())]);
        room.goes(2, 1);
        let staying = room
            .wrong_with(&list(&[("ana", &[&ana, &twin]), ("bea", &[&bea])]))
            .unwrap();
        assert_eq!(staying.shows, [("ana".to_owned(), twin.to_string())]);
        let newer = enters(&mut room, "ana", 1, 1);
        assert!(ana.is_before(newer));
        assert!(
            room.wrong_with(&list(&[("ana", &[&ana]), ("bea", &[&bea])]))
                .is_some()
        );
        assert_eq!(
            room.wrong_with(&list(&[("ana", &[&newer]), ("bea", &[&bea])])),
            None
        );
    }

    #[test]
    fn names_in_doubt_and_entries_of_other_rooms_are_left_out() {
        let mut room = Room::new(1, 0);
        let ana = enters(&mut room, "ana", 1, 0);
        let bea = enters(&mut room, "bea", 2, 0);
        room.loses(&"bea".into(), 2);
        let other = Room::new(1, 7).next_tag(1);
        assert_eq!(room.wrong_with(&list(&[("ana", &[&ana, &other])])), None);
        assert_eq!(
            room.wrong_with(&list(&[("ana", &[&ana]), ("bea", &[&bea])])),
            None
        );
        assert_eq!(room.count(), 1);
    }

    #[test]
    fn each_change_of_a_round_is_to_be_told_once_and_an_update_as_one() {
        let mut room = Room::new(1, 0);
        let first = enters(&mut room, "ana", 1, 0);
        let second = enters(&mut room, "ana", 1, 1);
        room.goes(1, 1);
        let mut told = Told::default();
        told.take(&Diff {
            joins: list(&[("ana", &[&second])]),
            leaves: list(&[("ana", &[&first])]),
        });
        let wrong = room.mistold(&told, 1);
        let untold = Change {
            round: 1,
            tag: second,
            way: Way::Went,
        };
        assert_eq!(
            wrong,
            [Mistold {
                change: untold,
                how: How::Untold
            }]
        );
        assert_eq!((room.count_due(0), room.count_due(1)), (1, 3));
        told.take(&Diff {
            joins: Presences::new(),
            leaves: list(&[("ana", &[&second])]),
        });
        assert_eq!(room.mistold(&told, 1), []);
        told.take(&Diff {
            joins: list(&[("ana", &[&second])]),
            leaves: Presences::new(),
        });
        assert_eq!(room.mistold(&told, 1)[0].how, How::Twice);
        let mut apart = Told::default();
        for joins in [list(&[("ana", &[&second])]), Presences::new()] {
            let leaves = match joins.is_empty() {
                true => list(&[("ana", &[&first])]),
                false => Presences::new(),
            };
            apart.take(&Diff { joins, leaves });
        }
        assert!(room.mistold(&apart, 1).iter().any(|it| it.how == How::Unpaired));
    }
}
