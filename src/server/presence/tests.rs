//! The state is what the diffs add up to, and looks as Phoenix's does.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;

use super::{Body, ChannelId, Listed, Order, Presence, PresenceUpdate, TrackError};

const TOPIC: &str = "presence:room";

fn tracker() -> Presence {
    Presence::new(Duration::from_nanos(1_795_468_103_000_000_000))
}

/// The payload with each ref replaced by its place among all refs seen.
struct Redacted(Vec<String>);

impl Redacted {
    fn text(&mut self, body: &Body) -> String {
        let Body::Json(json) = body else {
            panic!("a presence is JSON");
        };
        let mut text = json.to_string();
        for reference in refs(json) {
            if !self.0.contains(&reference) {
                self.0.push(reference);
            }
        }
        for (place, reference) in self.0.iter().enumerate() {
            text = text.replace(reference, &format!("#{place}"));
        }
        text
    }
}

fn refs(json: &str) -> Vec<String> {
    let starts = json
        .match_indices("\"phx_ref\":\"")
        .map(|(at, key)| at + key.len());
    starts.map(|start| json[start..start + 16].to_owned()).collect()
}

#[test]
fn joins_updates_and_leaves_look_as_recorded() {
    let tracker = tracker();
    let mut redacted = Redacted(Vec::new());
    let (alice, bob) = (ChannelId(1), ChannelId(2));
    let joined = tracker.track(alice, TOPIC, "alice", r#""online""#).unwrap();
    assert_eq!(
        redacted.text(&joined),
        r##"{"joins":{"alice":{"metas":[{"phx_ref":"#0","status":"online"}]}},"leaves":{}}"##
    );
    tracker.track(bob, TOPIC, "bob", "null").unwrap();
    assert_eq!(
        redacted.text(&tracker.list(TOPIC, Listed::All(Order::AsTracked))),
        r##"{"alice":{"metas":[{"phx_ref":"#0","status":"online"}]},"bob":{"metas":[{"phx_ref":"#1","status":null}]}}"##
    );
    let updated = tracker
        .update(bob, TOPIC, r#""away""#, PresenceUpdate::NewRef)
        .unwrap();
    assert_eq!(
        redacted.text(&updated),
        r##"{"joins":{"bob":{"metas":[{"phx_ref":"#2","phx_ref_prev":"#1","status":"away"}]}},"leaves":{"bob":{"metas":[{"phx_ref":"#1","status":null}]}}}"##
    );
    let left = tracker.untrack(bob, TOPIC).unwrap();
    assert_eq!(
        redacted.text(&left),
        r##"{"joins":{},"leaves":{"bob":{"metas":[{"phx_ref":"#2","phx_ref_prev":"#1","status":"away"}]}}}"##
    );
}

#[test]
fn one_name_twice_has_its_metas_in_the_order_of_joins_and_an_update_keeps_its_place() {
    let tracker = tracker();
    let mut redacted = Redacted(Vec::new());
    for id in 1..=3 {
        redacted.text(
            &tracker
                .track(ChannelId(id), TOPIC, "alice", &id.to_string())
                .unwrap(),
        );
    }
    redacted.text(
        &tracker
            .update(ChannelId(1), TOPIC, "4", PresenceUpdate::NewRef)
            .unwrap(),
    );
    assert_eq!(
        redacted.text(&tracker.list(TOPIC, Listed::All(Order::AsTracked))),
        r##"{"alice":{"metas":[{"phx_ref":"#3","phx_ref_prev":"#0","status":4},{"phx_ref":"#1","status":2},{"phx_ref":"#2","status":3}]}}"##
    );
    assert!(tracker.has_a_key_with_many_metas(TOPIC));
    assert_eq!(
        redacted.text(&tracker.list(TOPIC, Listed::All(Order::Reversed))),
        r##"{"alice":{"metas":[{"phx_ref":"#2","status":3},{"phx_ref":"#1","status":2},{"phx_ref":"#3","phx_ref_prev":"#0","status":4}]}}"##
    );
    assert_eq!(
        redacted.text(&tracker.list(TOPIC, Listed::OneOfEachKey(Order::AsTracked))),
        r##"{"alice":{"metas":[{"phx_ref":"#3","phx_ref_prev":"#0","status":4}]}}"##
    );
}

#[test]
fn a_name_is_escaped_as_a_key() {
    let tracker = tracker();
    tracker.track(ChannelId(1), TOPIC, "a\"\n", "1").unwrap();
    let mut redacted = Redacted(Vec::new());
    assert_eq!(
        redacted.text(&tracker.list(TOPIC, Listed::All(Order::AsTracked))),
        r##"{"a\"\n":{"metas":[{"phx_ref":"#0","status":1}]}}"##
    );
}

#[test]
fn nobody_is_tracked_twice_nor_updated_nor_taken_out_before() {
    let tracker = tracker();
    let alice = ChannelId(1);
    assert_eq!(
        tracker.update(alice, TOPIC, "1", PresenceUpdate::NewRef),
        Err(TrackError::NoPresence)
    );
    assert_eq!(tracker.untrack(alice, TOPIC), None);
    assert!(tracker.track(alice, TOPIC, "alice", "1").is_ok());
    assert_eq!(
        tracker.track(alice, TOPIC, "alice", "1"),
        Err(TrackError::AlreadyTracked)
    );
    assert_eq!(
        tracker.update(alice, "presence:other", "1", PresenceUpdate::NewRef),
        Err(TrackError::NoPresence)
    );
    assert!(tracker.untrack(alice, TOPIC).is_some());
    assert_eq!(tracker.list(TOPIC, Listed::All(Order::AsTracked)), Body::empty());
}

#[test]
fn refs_of_two_starts_differ() {
    let earlier = Presence::new(Duration::from_secs(1_700_000_000));
    let later = Presence::new(Duration::from_secs(1_700_000_001));
    let first = |tracker: &Presence| {
        Redacted(Vec::new())
            .text(&tracker.list(TOPIC, Listed::All(Order::AsTracked)))
            .len()
    };
    assert_eq!(first(&earlier), first(&later));
    let one = earlier.track(ChannelId(1), TOPIC, "a", "1").unwrap();
    let other = later.track(ChannelId(1), TOPIC, "a", "1").unwrap();
    assert_ne!(one, other);
}

/// What happens on one topic.
#[derive(Clone, Debug)]
enum Step {
    Track { id: u64, name: usize, status: u8 },
    Update { id: u64, status: u8 },
    Untrack { id: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0u64..6;
    prop_oneof![
        (id.clone(), 0usize..3, any::<u8>()).prop_map(|(id, name, status)| Step::Track { id, name, status }),
        (id.clone(), any::<u8>()).prop_map(|(id, status)| Step::Update { id, status }),
        id.prop_map(|id| Step::Untrack { id }),
    ]
}

fn take(tracker: &Presence, step: &Step) -> Option<Body> {
    match *step {
        Step::Track { id, name, status } => tracker
            .track(
                ChannelId(id),
                TOPIC,
                ["alice", "bob", "ö"][name],
                &status.to_string(),
            )
            .ok(),
        Step::Update { id, status } => tracker
            .update(ChannelId(id), TOPIC, &status.to_string(), PresenceUpdate::NewRef)
            .ok(),
        Step::Untrack { id } => tracker.untrack(ChannelId(id), TOPIC),
    }
}

/// What a client knows: by name and ref.
type Known = BTreeMap<(String, String), Value>;

fn metas(presences: &Value) -> impl Iterator<Item = ((String, String), Value)> {
    presences.as_object().unwrap().iter().flat_map(|(name, entry)| {
        let metas = entry["metas"].as_array().unwrap();
        metas.iter().map(|meta| {
            (
                (name.clone(), meta["phx_ref"].as_str().unwrap().to_owned()),
                meta.clone(),
            )
        })
    })
}

fn parse(body: &Body) -> Value {
    let Body::Json(json) = body else {
        panic!("a presence is JSON");
    };
    serde_json::from_str(json).unwrap()
}

proptest! {
    #[test]
    fn the_state_is_the_sum_of_the_diffs(steps in proptest::collection::vec(step(), 0..40)) {
        let tracker = tracker();
        let mut known = Known::new();
        let mut seen = HashSet::new();
        for step in &steps {
            if let Some(diff) = take(&tracker, step).as_ref().map(parse) {
                for (place, _) in metas(&diff["leaves"]) {
                    prop_assert!(known.remove(&place).is_some(), "left without being there: {place:?}");
                }
                for (place, meta) in metas(&diff["joins"]) {
                    prop_assert!(seen.insert(place.1.clone()), "a ref came twice: {place:?}");
                    known.insert(place, meta);
                }
            }
            prop_assert_eq!(&metas(&parse(&tracker.list(TOPIC, Listed::All(Order::AsTracked)))).collect::<Known>(), &known);
        }
    }
}
