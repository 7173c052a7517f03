//! Lists that are merged from states and diffs, as the tests of phoenix.js merge them, and at random.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn named(all: &[(&str, &[&str])]) -> Presences {
    let metas = |refs: &[&str]| {
        refs.iter()
            .map(|reference| Meta {
                reference: (*reference).to_owned(),
                status: "online".to_owned(),
            })
            .collect()
    };
    all.iter()
        .map(|(key, refs)| ((*key).to_owned(), metas(refs)))
        .collect()
}

fn diff_of(joins: &[(&str, &[&str])], leaves: &[(&str, &[&str])]) -> Diff {
    Diff {
        joins: named(joins),
        leaves: named(leaves),
    }
}

#[test]
fn a_state_replaces_what_was_there_before() {
    let mut list = PresenceList::default();
    list.take_state(named(&[("u1", &["1"]), ("u2", &["2"])]));
    list.joins();
    list.take_state(named(&[("u1", &["1", "9"]), ("u3", &["3"])]));
    assert_eq!(*list.shown(), named(&[("u1", &["1", "9"]), ("u3", &["3"])]));
}

#[test]
fn a_name_has_the_metas_of_all_its_sockets_and_goes_with_the_last() {
    let mut list = PresenceList::default();
    list.take_state(named(&[("u1", &["1"])]));
    list.take_diff(diff_of(&[("u1", &["2"])], &[]));
    assert_eq!(*list.shown(), named(&[("u1", &["1", "2"])]));
    list.take_diff(diff_of(&[], &[("u1", &["1"]), ("u4", &["4"])]));
    assert_eq!(*list.shown(), named(&[("u1", &["2"])]));
    list.take_diff(diff_of(&[], &[("u1", &["2"])]));
    assert_eq!(*list.shown(), Presences::new());
}

#[test]
fn an_update_is_a_leave_and_a_join_of_one_diff() {
    let mut list = PresenceList::default();
    list.take_state(named(&[("u1", &["1", "2"])]));
    list.take_diff(diff_of(&[("u1", &["3"])], &[("u1", &["1"])]));
    assert_eq!(*list.shown(), named(&[("u1", &["2", "3"])]));
}

#[test]
fn diffs_wait_until_the_state_of_their_join_comes() {
    let mut list = PresenceList::default();
    list.take_diff(diff_of(&[("u2", &["2"])], &[]));
    list.take_diff(diff_of(&[], &[("u1", &["1"])]));
    assert_eq!(*list.shown(), Presences::new());
    list.take_state(named(&[("u1", &["1"])]));
    assert_eq!(*list.shown(), named(&[("u2", &["2"])]));
    list.joins();
    list.take_diff(diff_of(&[], &[("u2", &["2"])]));
    assert_eq!(*list.shown(), named(&[("u2", &["2"])]));
    list.take_state(named(&[("u2", &["2"]), ("u3", &["3"])]));
    assert_eq!(*list.shown(), named(&[("u3", &["3"])]));
}

#[test]
fn names_and_metas_are_read_and_what_is_none_is_refused() {
    let state =
        json!({ "u1": { "metas": [{ "phx_ref": "a", "status": "x" }, { "phx_ref": "b", "status": 7 }] } });
    let read = presences(&state).unwrap();
    assert_eq!(read["u1"][0].status, "x");
    assert_eq!(read["u1"][1].status, "7");
    assert!(presences(&json!([])).is_err());
    assert!(presences(&json!({ "u1": {} })).is_err());
    assert!(presences(&json!({ "u1": { "metas": [{ "status": "x" }] } })).is_err());
    assert!(diff(&json!({ "joins": {} })).is_err());
    let keys = json!({ "joins": { "__proto__": { "metas": [{ "phx_ref": "a" }] } }, "leaves": {} });
    assert_eq!(diff(&keys).unwrap().joins.len(), 1);
}

/// A change at a server: somebody comes, goes or changes.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Comes(u8),
    Goes(usize),
    Changes(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (0_u8..4).prop_map(Happens::Comes),
        any::<usize>().prop_map(Happens::Goes),
        any::<usize>().prop_map(Happens::Changes),
    ]
}

/// A server that tracks who is there.
#[derive(Default)]
struct Tracker {
    metas: Vec<(String, Meta)>,
    next: u32,
}

impl Tracker {
    fn meta(&mut self) -> Meta {
        self.next += 1;
        Meta {
            reference: self.next.to_string(),
            status: format!("status {}", self.next),
        }
    }

    fn lets(&mut self, happens: Happens) -> Option<Diff> {
        let one = |key: &str, meta: &Meta| Presences::from([(key.to_owned(), vec![meta.clone()])]);
        let mut diff = Diff::default();
        match happens {
            Happens::Comes(name) => {
                let (key, meta) = (format!("u{name}"), self.meta());
                diff.joins = one(&key, &meta);
                self.metas.push((key, meta));
            }
            Happens::Goes(index) => {
                let index = index.checked_rem(self.metas.len())?;
                let (key, meta) = self.metas.remove(index);
                diff.leaves = one(&key, &meta);
            }
            Happens::Changes(index) => {
                let index = index.checked_rem(self.metas.len())?;
                let new = self.meta();
                let (key, meta) = &mut self.metas[index];
                diff.leaves = one(key, meta);
                diff.joins = one(key, &new);
                *meta = new;
            }
        }
        Some(diff)
    }

    fn list(&self) -> Presences {
        let mut list = Presences::new();
        for (key, meta) in &self.metas {
            list.entry(key.clone()).or_default().push(meta.clone());
        }
        list
    }
}

fn sorted(list: &Presences) -> Presences {
    let mut list = list.clone();
    let by_ref = |metas: &mut Vec<Meta>| metas.sort_by(|a, b| a.reference.cmp(&b.reference));
    list.values_mut().for_each(by_ref);
    list
}

proptest! {
    /// The state may be computed at any time after the subscription, and come before, between or after the diffs.
    #[test]
    fn whenever_the_state_comes_the_list_ends_as_the_server_has_it(
        before in proptest::collection::vec(happens(), 0..12),
        after in proptest::collection::vec(happens(), 0..30),
        computed in any::<prop::sample::Index>(),
        arrives in any::<prop::sample::Index>(),
    ) {
        let mut tracker = Tracker::default();
        for it in before {
            tracker.lets(it);
        }
        let computed = computed.index(after.len() + 1);
        let arrives = arrives.index(after.len() + 1);
        let (mut state, mut diffs) = (tracker.list(), Vec::new());
        for (number, it) in after.iter().enumerate() {
            diffs.extend(tracker.lets(*it));
            if number < computed {
                state = tracker.list();
            }
        }
        let mut list = PresenceList::default();
        list.joins();
        let arrives = arrives.min(diffs.len());
        for diff in &diffs[..arrives] {
            list.take_diff(diff.clone());
        }
        list.take_state(state);
        for diff in &diffs[arrives..] {
            list.take_diff(diff.clone());
        }
        prop_assert_eq!(sorted(list.shown()), sorted(&tracker.list()));
    }
}
