//! A video of the experiment: the annotations that were written to it, and those that were acknowledged. Each annotation that anybody
//! sees has to be one of them, always with the same id. Without I/O.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::clock::Time;

/// An annotation as the server shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) id: i64,
    at: u64,
    body: String,
    author: String,
}

/// An annotation that was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    at: u64,
    pub(super) sent: Time,
    /// When its reply came. Without a reply nobody knows whether it is stored.
    pub(super) acknowledged: Option<Time>,
    /// The id with which it was seen first.
    pub(super) id: Option<i64>,
    /// Whether a newcomer's list lacked it, which is told once.
    pub(super) is_lost: bool,
}

/// A video.
#[derive(Debug)]
pub(super) struct Video {
    pub(super) topic: Rc<str>,
    pub(super) written: Vec<Written>,
    author: Rc<str>,
    /// The annotation that has an id.
    by_id: HashMap<i64, usize>,
    /// Those that were acknowledged, in this order.
    acknowledged: Vec<usize>,
    /// The mistakes of the annotations that were seen, each told once.
    pub(super) wrong: Vec<String>,
    told: HashSet<String>,
}

impl Shown {
    /// Reads `{"id":…,"at":…,"body":…,"user":{"username":…}}`.
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: value["id"].as_i64()?,
            at: value["at"].as_u64()?,
            body: value["body"].as_str()?.to_owned(),
            author: value["user"]["username"].as_str()?.to_owned(),
        })
    }

    /// The order of a join reply.
    const fn place(&self) -> (u64, i64) {
        (self.at, self.id)
    }
}

impl Video {
    pub(super) fn new(topic: Rc<str>, author: Rc<str>) -> Self {
        Self {
            topic,
            written: Vec::new(),
            author,
            by_id: HashMap::new(),
            acknowledged: Vec::new(),
            wrong: Vec::new(),
            told: HashSet::new(),
        }
    }

    /// The next annotation, which is sent now; returns its number and the payload.
    pub(super) fn writes(&mut self, at: u64, now: Time) -> (usize, Value) {
        let number = self.written.len();
        self.written.push(Written {
            at,
            sent: now,
            acknowledged: None,
            id: None,
            is_lost: false,
        });
        (number, json!({ "body": self.body(number), "at": at }))
    }

    fn body(&self, number: usize) -> String {
        format!("{number} on {}", self.topic)
    }

    /// The reply to an annotation came.
    pub(super) fn acknowledges(&mut self, number: usize, now: Time) {
        if let Some(written) = self.written.get_mut(number) {
            written.acknowledged = Some(now);
            self.acknowledged.push(number);
        }
    }

    /// Takes an annotation that somebody sees; returns its number, if it was written to this video.
    pub(super) fn sees(&mut self, value: &Value) -> Option<(usize, i64)> {
        let Some(shown) = Shown::read(value) else {
            self.is_wrong(format!("this is no annotation: {value}"));
            return None;
        };
        let number = shown
            .body
            .split_once(" on ")
            .filter(|(_, topic)| *topic == &*self.topic)
            .and_then(|(number, _)| number.parse::<usize>().ok())
            .filter(|number| *number < self.written.len());
        let Some(number) = number else {
            self.is_wrong(format!("nobody wrote this annotation: {value}"));
            return None;
        };
        let at = self.written[number].at;
        if (shown.at, shown.author.as_str()) != (at, &*self.author) {
            let author = Rc::clone(&self.author);
            self.is_wrong(format!(
                "annotation {number} was by {author} at {at}, and is shown as {value}"
            ));
        }
        self.has_id(number, shown.id);
        Some((number, shown.id))
    }

    fn has_id(&mut self, number: usize, id: i64) {
        match self.written[number].id {
            None => self.written[number].id = Some(id),
            Some(first) if first != id => {
                self.is_wrong(format!(
                    "annotation {number} has the id {first}, and elsewhere {id}"
                ));
            }
            Some(_) => {}
        }
        let owner = *self.by_id.entry(id).or_insert(number);
        if owner != number {
            self.is_wrong(format!(
                "the annotations {owner} and {number} both have the id {id}"
            ));
        }
    }

    /// Takes the list of a join reply: each of its annotations stands there once, by `at` and then by id.
    pub(super) fn sees_list(&mut self, response: &Value) -> Vec<(usize, i64)> {
        let Some(list) = response["annotations"].as_array() else {
            self.is_wrong(format!(
                "a join was answered without a list of annotations: {response}"
            ));
            return Vec::new();
        };
        let places: Vec<_> = list.iter().filter_map(Shown::read).map(|it| it.place()).collect();
        if !places.is_sorted() {
            let pair = places.windows(2).find(|pair| pair[0] > pair[1]);
            let what = format!("a join reply is not sorted by at and then by id: {pair:?}");
            self.is_wrong(what);
        }
        if let Some(pair) = places.windows(2).find(|pair| pair[0] == pair[1]) {
            let what = format!(
                "a join reply holds the annotation with the id {} twice",
                pair[0].1
            );
            self.is_wrong(what);
        }
        list.iter().filter_map(|value| self.sees(value)).collect()
    }

    /// Notes something wrong, once.
    pub(super) fn is_wrong(&mut self, what: String) {
        if self.told.insert(what.clone()) {
            self.wrong.push(format!("{}: {what}", self.topic));
        }
    }

    /// Checks that the ids grow in the order in which annotations were acknowledged.
    pub(super) fn check_order(&mut self) {
        let ids: Vec<(usize, i64)> = self
            .acknowledged
            .iter()
            .filter_map(|number| Some((*number, self.written[*number].id?)))
            .collect();
        for pair in ids.windows(2) {
            let [(before, first), (after, second)] = [pair[0], pair[1]];
            if first >= second {
                self.is_wrong(format!(
                    "annotation {after} was acknowledged after {before}, but its id {second} is not above {first}"
                ));
            }
        }
    }

    /// The annotations that were acknowledged before a list was asked for, and that the list lacks. Each is told once.
    pub(super) fn missing_in(&mut self, list: &[(usize, i64)], asked: Time) -> Vec<usize> {
        let there: HashSet<usize> = list.iter().map(|(number, _)| *number).collect();
        let mut missing = Vec::new();
        for (number, written) in self.written.iter_mut().enumerate() {
            let is_due = written.acknowledged.is_some_and(|at| at <= asked);
            if is_due && !there.contains(&number) && !written.is_lost {
                written.is_lost = true;
                missing.push(number);
            }
        }
        missing
    }

    /// The highest id of those that were acknowledged, as far as ids are known.
    pub(super) fn latest_id(&self) -> i64 {
        let ids = self
            .acknowledged
            .iter()
            .filter_map(|number| self.written[*number].id);
        ids.max().unwrap_or_default()
    }

    /// How many annotations were acknowledged before this moment.
    pub(super) fn count_acknowledged(&self, until: Time) -> usize {
        let all = self.written.iter();
        all.filter(|it| it.acknowledged.is_some_and(|at| at <= until))
            .count()
    }

    /// How many of the annotations that were sent between these moments have no answer.
    pub(super) fn count_unanswered(&self, from: Time, until: Time) -> usize {
        let of_time = self
            .written
            .iter()
            .filter(|it| it.sent >= from && it.sent <= until);
        of_time.filter(|it| it.acknowledged.is_none()).count()
    }

    /// How many annotations have no answer.
    pub(super) fn count_unknown(&self) -> usize {
        self.acknowledged.len().abs_diff(self.written.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1_000)
    }

    fn video() -> Video {
        Video::new("videos:7".into(), "ana".into())
    }

    fn shown(id: i64, at: u64, number: usize) -> Value {
        json!({ "id": id, "at": at, "body": format!("{number} on videos:7"), "user": { "username": "ana" } })
    }

    #[test]
    fn an_annotation_is_known_by_its_body_and_keeps_its_id_place_and_author() {
        let mut video = video();
        video.writes(5, at(0));
        video.writes(5, at(1));
        assert_eq!(video.sees(&shown(3, 5, 0)), Some((0, 3)));
        assert_eq!(video.sees(&shown(3, 5, 0)), Some((0, 3)));
        assert!(video.wrong.is_empty());
        video.sees(&shown(4, 5, 0));
        video.sees(&shown(3, 5, 1));
        video.sees(&shown(9, 6, 1));
        assert_eq!(video.sees(&shown(10, 5, 2)), None);
        let mut by_other = shown(3, 5, 0);
        by_other["user"]["username"] = "bea".into();
        video.sees(&by_other);
        let expected = [
            "elsewhere 4",
            "both have the id 3",
            "is shown as",
            "elsewhere 9",
            "nobody wrote",
            "bea",
        ];
        for (what, wrong) in expected.iter().zip(&video.wrong) {
            assert!(wrong.contains(what), "{wrong} without {what}");
        }
        assert_eq!(video.wrong.len(), expected.len(), "{:?}", video.wrong);
    }

    #[test]
    fn a_list_is_sorted_by_place_and_then_by_id_and_holds_nothing_twice() {
        let list = |all: &[(i64, u64, usize)]| {
            let mut video = video();
            (0..3).for_each(|_| drop(video.writes(5, at(0))));
            let shown: Vec<Value> = all
                .iter()
                .map(|(id, at, number)| shown(*id, *at, *number))
                .collect();
            video.sees_list(&json!({ "annotations": shown }));
            video.wrong
        };
        assert!(list(&[(1, 5, 0), (2, 5, 1), (3, 5, 2)]).is_empty());
        assert!(list(&[(2, 5, 1), (1, 5, 0)])[0].contains("not sorted"));
        assert!(list(&[(1, 5, 0), (1, 5, 0)])[0].contains("twice"));
    }

    #[test]
    fn ids_grow_in_the_order_of_acknowledgement() {
        let mut video = video();
        for number in 0..3 {
            video.writes(5, at(number));
        }
        for (number, id) in [(0, 1), (2, 2), (1, 3)] {
            video.sees(&shown(id, 5, number));
            video.acknowledges(number, at(10));
        }
        video.check_order();
        assert!(video.wrong.is_empty());
        video.writes(5, at(11));
        video.sees(&shown(0, 5, 3));
        video.acknowledges(3, at(12));
        video.check_order();
        assert!(
            video.wrong[0].contains("its id 0 is not above 3"),
            "{:?}",
            video.wrong
        );
    }

    #[test]
    fn only_what_was_acknowledged_before_has_to_be_in_a_list() {
        let mut video = video();
        for number in 0..3 {
            video.writes(5, at(number));
        }
        video.acknowledges(0, at(10));
        video.acknowledges(1, at(20));
        assert_eq!(video.missing_in(&[], at(15)), [0]);
        assert_eq!(video.missing_in(&[], at(15)), [0; 0], "it is told once");
        assert_eq!(video.missing_in(&[(1, 2)], at(25)), [0; 0]);
        assert_eq!(video.missing_in(&[], at(25)), [1]);
        assert_eq!((video.count_acknowledged(at(15)), video.count_unknown()), (1, 1));
        assert_eq!(video.count_unanswered(at(0), at(1)), 0);
        assert_eq!(video.count_unanswered(at(2), at(30)), 1);
    }
}
