//! The users who are present on each topic, as `Phoenix.Presence` lists them, and a diff for every change. All shards share
//! them, with one lock for each group of topics: only channels that track users take it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use super::conduct::{PresenceUpdate, TrackRef};
use super::elixir::{Raised, quote};
use super::ids::ChannelId;
use super::payload::Body;

#[cfg(test)]
mod tests;

/// Why nothing was tracked or updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TrackError {
    /// `{:error, {:already_tracked, …}}`
    #[error("this channel is tracked already")]
    AlreadyTracked,
    /// `{:error, :nopresence}`
    #[error("this channel is not tracked, so there is nothing to update")]
    NoPresence,
}

impl From<TrackError> for Raised {
    fn from(error: TrackError) -> Self {
        Self(error.to_string())
    }
}

/// Which presences a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Everybody.
    All(Order),
    /// Everybody but this channel.
    AllBut(ChannelId),
    /// Of each key the first of its metas.
    OneOfEachKey(Order),
}

/// The order of the metas of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// That in which they were tracked.
    AsTracked,
    /// The other way round, as Phoenix has it where a later process has a lower number.
    Reversed,
}

/// One entry of a presence. The status is JSON text.
#[derive(Clone, Debug)]
struct Meta {
    reference: String,
    previous: Option<String>,
    status: String,
}

/// The presences of one topic: by name, and under one name by the order in which they came.
#[derive(Debug, Default)]
struct Topic {
    metas: BTreeMap<(String, u64), Meta>,
    owners: HashMap<ChannelId, (String, u64)>,
}

type Topics = HashMap<String, Topic>;

/// The presences of all topics.
#[derive(Debug)]
pub(crate) struct Presence {
    groups: [Mutex<Topics>; 16],
    hasher: RandomState,
    started_nanos: u64,
    counter: AtomicU64,
    track_ref: TrackRef,
}

impl Presence {
    /// Nobody is present. `now` is the time since 1970: refs of one start differ from those of another.
    pub(crate) fn new(now: Duration) -> Self {
        Self {
            groups: Default::default(),
            hasher: RandomState::new(),
            started_nanos: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            counter: AtomicU64::new(0),
            track_ref: TrackRef::Own,
        }
    }

    /// The same with other refs for new metas.
    pub(crate) fn with_refs(self, track_ref: TrackRef) -> Self {
        Self { track_ref, ..self }
    }

    /// Adds a presence of `key` with a status (JSON text), and returns the diff that everybody on the topic
    /// must be told.
    ///
    /// # Errors
    /// If the channel is tracked on this topic already.
    pub(crate) fn track(
        &self,
        of: ChannelId,
        topic: &str,
        key: &str,
        status: &str,
    ) -> Result<Body, TrackError> {
        let mut topics = self.lock(topic);
        let entry = topics.entry(topic.to_owned()).or_default();
        if entry.owners.contains_key(&of) {
            return Err(TrackError::AlreadyTracked);
        }
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let place = (key.to_owned(), count);
        let newest = entry.metas.iter().max_by_key(|((_, count), _)| *count);
        let reference = match (self.track_ref, newest) {
            (TrackRef::OfNewest, Some((_, newest))) => newest.reference.clone(),
            (TrackRef::OfNewest | TrackRef::Own, _) => self.reference(count),
        };
        let meta = Meta {
            reference,
            previous: None,
            status: status.to_owned(),
        };
        let diff = diff(&[(key, &meta)], &[]);
        entry.owners.insert(of, place.clone());
        entry.metas.insert(place, meta);
        Ok(diff)
    }

    /// Changes the status (JSON text) of a channel's presence. The diff says that the old one left and a
    /// new one joined.
    ///
    /// # Errors
    /// If the channel is not tracked on this topic.
    pub(crate) fn update(
        &self,
        of: ChannelId,
        topic: &str,
        status: &str,
        how: PresenceUpdate,
    ) -> Result<Body, TrackError> {
        let mut topics = self.lock(topic);
        let Topic { metas, owners } = topics.get_mut(topic).ok_or(TrackError::NoPresence)?;
        let place = owners.get(&of).ok_or(TrackError::NoPresence)?;
        let meta = metas.get_mut(place).ok_or(TrackError::NoPresence)?;
        let now = Meta {
            reference: match how {
                PresenceUpdate::NewRef => self.reference(self.counter.fetch_add(1, Ordering::Relaxed)),
                PresenceUpdate::SameRef => meta.reference.clone(),
            },
            previous: Some(meta.reference.clone()),
            status: status.to_owned(),
        };
        let before = std::mem::replace(meta, now);
        Ok(diff(&[(&place.0, meta)], &[(&place.0, &before)]))
    }

    /// Takes out the presence of a channel that has ended; the diff, if it had one.
    pub(crate) fn untrack(&self, of: ChannelId, topic: &str) -> Option<Body> {
        let mut topics = self.lock(topic);
        let entry = topics.get_mut(topic)?;
        let place = entry.owners.remove(&of)?;
        let meta = entry.metas.remove(&place)?;
        if entry.owners.is_empty() {
            topics.remove(topic);
        }
        Some(diff(&[], &[(&place.0, &meta)]))
    }

    /// A diff in which all metas leave that a channel's user still has; none without one.
    pub(crate) fn all_leave(&self, topic: &str, key: &str) -> Option<Body> {
        let topics = self.lock(topic);
        let metas = &topics.get(topic)?.metas;
        let of_key: Vec<(&str, &Meta)> = metas
            .iter()
            .filter(|((name, _), _)| name == key)
            .map(|((name, _), meta)| (name.as_str(), meta))
            .collect();
        (!of_key.is_empty()).then(|| diff(&[], &of_key))
    }

    /// Those on a topic: the payload of `presence_state`.
    pub(crate) fn list(&self, topic: &str, listed: Listed) -> Body {
        let topics = self.lock(topic);
        let topic = topics.get(topic);
        let left_out = match listed {
            Listed::AllBut(channel) => topic.and_then(|topic| topic.owners.get(&channel)),
            Listed::All(_) | Listed::OneOfEachKey(_) => None,
        };
        let mut metas: Vec<(&str, &Meta)> = topic
            .into_iter()
            .flat_map(|topic| &topic.metas)
            .filter(|&(place, _)| Some(place) != left_out)
            .map(|((key, _), meta)| (key.as_str(), meta))
            .collect();
        if let Listed::All(Order::Reversed) | Listed::OneOfEachKey(Order::Reversed) = listed {
            let of_one_key = |a: &(&str, _), b: &(&str, _)| a.0 == b.0;
            metas.chunk_by_mut(of_one_key).for_each(<[_]>::reverse);
        }
        if let Listed::OneOfEachKey(_) = listed {
            metas.dedup_by_key(|(key, _)| *key);
        }
        let mut json = String::new();
        write_presences(&mut json, metas.into_iter());
        Body::Json(json.into())
    }

    /// Whether a key has more than one meta on a topic.
    pub(crate) fn has_a_key_with_many_metas(&self, topic: &str) -> bool {
        self.lock(topic).get(topic).is_some_and(|topic| {
            let keys = || topic.metas.keys().map(|(key, _)| key);
            keys().zip(keys().skip(1)).any(|(a, b)| a == b)
        })
    }

    fn lock(&self, topic: &str) -> MutexGuard<'_, Topics> {
        let group = self.hasher.hash_one(topic) % 16;
        let group = usize::try_from(group).unwrap_or_default();
        // A poisoned lock means that a test of another topic failed; the map itself is never left half-way.
        self.groups[group].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 64 bits of time, 16 of the process, 16 of a counter (`phoenix_tracker` `shard.ex`, `random_ref`).
    /// The time is that of the start plus the count: unique without a look at the clock.
    fn reference(&self, count: u64) -> String {
        const PROCESS: u16 = 0x4868;
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.started_nanos.wrapping_add(count).to_be_bytes());
        bytes[8..10].copy_from_slice(&PROCESS.to_be_bytes());
        bytes[10..].copy_from_slice(&count.to_be_bytes()[6..]);
        URL_SAFE.encode(bytes)
    }
}

/// The payload of `presence_diff`.
fn diff(joins: &[(&str, &Meta)], leaves: &[(&str, &Meta)]) -> Body {
    let mut json = String::from("{\"joins\":");
    write_presences(&mut json, joins.iter().copied());
    json.push_str(",\"leaves\":");
    write_presences(&mut json, leaves.iter().copied());
    json.push('}');
    Body::Json(json.into())
}

/// `{"key":{"metas":[…]},…}` of metas that come sorted by key.
fn write_presences<'m>(json: &mut String, metas: impl Iterator<Item = (&'m str, &'m Meta)>) {
    let mut last = None;
    json.push('{');
    for (key, meta) in metas {
        if last == Some(key) {
            json.push(',');
        } else {
            if last.is_some() {
                json.push_str("]},");
            }
            json.push_str(&quote(key));
            json.push_str(":{\"metas\":[");
        }
        last = Some(key);
        write_meta(json, meta);
    }
    if last.is_some() {
        json.push_str("]}");
    }
    json.push('}');
}

fn write_meta(
    json: &mut String,
    Meta {
        reference,
        previous,
        status,
    }: &Meta,
) {
    // Writing to a string cannot fail.
    let _ = write!(json, "{{\"phx_ref\":\"{reference}\"");
    if let Some(previous) = previous {
        let _ = write!(json, ",\"phx_ref_prev\":\"{previous}\"");
    }
    let _ = write!(json, ",\"status\":{status}}}");
}
