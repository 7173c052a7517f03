//! Decides how broadcasts are tracked to their receivers: by a mark in the scenario, by an added mark, or by number
//! if the server does not pass marks on. A probe before the run finds out what the server does with a push.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::send_mode::send_mode;
use super::{Awaited, CompiledScenarios, Content, Follow, Push, ReplySaid, Role, Step, TopicPlace};
use crate::load::text::{Line, MARK_KEY};
use crate::protocol::{CLOSE, ERROR, REPLY};

/// Whether marks are added to payloads that have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marks {
    /// Added to payloads that are maps.
    #[default]
    Added,
    /// Only the marks of the scenario.
    AsWritten,
}

/// How deliveries are tracked; the weakest kind of all pushes counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deliveries {
    /// The scenario waits for no broadcasts of its own.
    #[default]
    None,
    /// Every delivery is tracked, by its mark.
    ByMark,
    /// Only the number of deliveries to each receiver is checked.
    ByNumber,
    /// Some deliveries are not tracked.
    NotFollowed,
}

/// Which sockets receive a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receivers {
    All,
    /// All but the sender, as with `broadcast_from`.
    Others,
}

/// A push that is probed before the run.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) play: usize,
    /// Indices into [`CompiledScenarios::roles`] and [`Role::steps`].
    pub(crate) role: usize,
    pub(crate) step: usize,
    /// Whether a role waits for broadcasts on its topic.
    pub(crate) is_heard: bool,
    /// The payload with a mark, if one may be added.
    pub(crate) marked: Option<Line>,
}

/// How the server handled the push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PushFound {
    /// Whether it got a reply; `None` if that could not be found out.
    pub(crate) is_answered: Option<bool>,
    pub(crate) broadcast: BroadcastFound,
}

/// What the sockets that wait for broadcasts received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum BroadcastFound {
    /// Nothing came.
    #[default]
    No,
    /// The broadcast, with its mark.
    Marked(Receivers),
    /// This event, without a mark.
    Unmarked(Box<str>, Receivers),
    /// A broadcast reached some of the waiting sockets, but not all.
    ToSome(Box<str>),
}

impl Awaited {
    /// Whether it may be a broadcast on this channel.
    pub(crate) fn is_broadcast_on(&self, channel: usize) -> bool {
        ![CLOSE, ERROR, REPLY].contains(&&*self.event) && self.may_come_on(channel)
    }
}

impl Role {
    /// Whether it waits for broadcasts on a topic.
    pub(crate) fn hears_on(&self, place: TopicPlace) -> bool {
        let mut joins = self.joins.iter().enumerate();
        joins.any(|(channel, join)| {
            join.place == place && self.awaited.iter().any(|it| it.is_broadcast_on(channel))
        })
    }

    fn pushes(&self) -> impl Iterator<Item = (usize, &Push)> {
        self.steps
            .iter()
            .enumerate()
            .filter_map(|(number, step)| match step {
                Step::Push(push) => Some((number, push)),
                _ => None,
            })
    }

    fn pushes_mut(&mut self) -> impl Iterator<Item = &mut Push> {
        self.steps.iter_mut().filter_map(|step| match step {
            Step::Push(push) => Some(push),
            _ => None,
        })
    }

    fn place_of(&self, push: &Push) -> TopicPlace {
        self.joins[usize::from(push.channel)].place
    }
}

/// Removes an added mark from a payload, wherever the server put it.
pub(crate) fn take_marks_out(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, value| {
                let is_mark = key == MARK_KEY && value.as_str().is_some_and(|it| it.starts_with('~'));
                !is_mark
            });
            members.values_mut().for_each(take_marks_out);
        }
        Value::Array(items) => items.iter_mut().for_each(take_marks_out),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl CompiledScenarios {
    /// The pushes to probe before the run: each event of each channel of each role once.
    pub(crate) fn questions(&self, marks: Marks) -> Vec<Question> {
        let mut questions = Vec::new();
        let mut asked = BTreeSet::new();
        for (number, role) in self.roles.iter().enumerate() {
            for (step, push) in role.pushes() {
                let place = role.place_of(push);
                let is_heard = push.follow == Follow::No && self.is_heard(role.play, place);
                if !(is_heard || push.reply_said == ReplySaid::LeftOut)
                    || !asked.insert((number, push.channel, push.event.clone()))
                {
                    continue;
                }
                let marked = match (&push.payload, marks) {
                    (Content::Json(line), Marks::Added) if is_heard => line.with_mark(),
                    _ => None,
                };
                questions.push(Question {
                    play: role.play,
                    role: number,
                    step,
                    is_heard,
                    marked,
                });
            }
        }
        questions
    }

    fn is_heard(&self, play: usize, place: TopicPlace) -> bool {
        let mut roles = self.roles.iter().filter(|role| role.play == play);
        roles.any(|role| role.hears_on(place))
    }

    /// Configures the run according to the findings; returns notes for the user.
    pub(crate) fn arrange(&mut self, found: &[(Question, PushFound)]) -> Vec<String> {
        let mut numbered = Numbered::default();
        for (question, finding) in found {
            let role = &mut self.roles[question.role];
            let Some(Step::Push(asked)) = role.steps.get(question.step) else {
                continue;
            };
            let (channel, event, place) = (asked.channel, asked.event.clone(), role.place_of(asked));
            let same = |push: &Push| push.channel == channel && push.event == event;
            match &finding.broadcast {
                _ if !question.is_heard => {}
                BroadcastFound::Marked(audience) => {
                    for push in role.pushes_mut().filter(|push| same(push)) {
                        push.add_mark(*audience);
                    }
                }
                BroadcastFound::Unmarked(heard, audience) => {
                    numbered.add((question.play, place), heard);
                    for push in role.pushes_mut().filter(|push| same(push)) {
                        push.follow = Follow::ByNumber(*audience);
                    }
                }
                BroadcastFound::ToSome(heard) => numbered.not(question.play, heard),
                BroadcastFound::No => {}
            }
        }
        numbered.arrange(self);
        self.count_answers(found);
        for role in &mut self.roles {
            role.send_mode = send_mode(&role.steps, &role.awaited);
        }
        let notes = self.note_deliveries(&numbered);
        self.adds_marks = self
            .roles
            .iter()
            .flat_map(Role::pushes)
            .any(|(_, push)| matches!(push.follow, Follow::ByAddedMark(_)));
        notes
    }

    /// Numbers the events without a declared reply.
    fn count_answers(&mut self, found: &[(Question, PushFound)]) {
        let mut silent = BTreeSet::new();
        for (question, finding) in found {
            if let (Some(Step::Push(push)), Some(false)) = (
                self.roles[question.role].steps.get(question.step),
                finding.is_answered,
            ) {
                silent.insert((question.play, push.event.clone()));
            }
        }
        let mut known: Vec<(usize, Box<str>)> = Vec::new();
        for role in &mut self.roles {
            let play = role.play;
            for push in role.pushes_mut().filter(|it| it.reply_said == ReplySaid::LeftOut) {
                let key = (play, push.event.clone());
                let index = known.iter().position(|it| *it == key).unwrap_or_else(|| {
                    known.push(key);
                    known.len() - 1
                });
                push.left_out = u16::try_from(index).ok();
            }
        }
        self.silent = known.iter().map(|it| silent.contains(it)).collect();
        self.left_out = known.into_iter().map(|(_, event)| event).collect();
    }

    /// Sets how deliveries are tracked, and returns notes about those that are not.
    fn note_deliveries(&mut self, numbered: &Numbered) -> Vec<String> {
        let mut notes = numbered.notes();
        let mut worst = match notes.is_empty() {
            true => Deliveries::None,
            false => Deliveries::NotFollowed,
        };
        for event in numbered.by_place.values().flatten() {
            worst = worst.max(Deliveries::ByNumber);
            notes.push(format!(
                "deliveries of `{event}` are counted by number only, and not timed: it comes without a mark"
            ));
        }
        for play in 0..self.plays.len() {
            let roles = || self.roles.iter().filter(move |role| role.play == play);
            let heard = roles().flat_map(|role| role.pushes().map(move |(_, push)| (role, push)));
            let mut heard = heard
                .filter(|(role, push)| self.is_heard(play, role.place_of(push)))
                .peekable();
            if heard.peek().is_none() {
                continue;
            }
            match heard.any(|(_, push)| push.follow != Follow::No) {
                true => worst = worst.max(Deliveries::ByMark),
                false if numbered.concerns(play) => {}
                false => {
                    worst = Deliveries::NotFollowed;
                    let events: BTreeSet<&str> = roles()
                        .flat_map(|role| &role.awaited)
                        .filter(|it| ![CLOSE, ERROR, REPLY].contains(&&*it.event))
                        .map(|it| &*it.event)
                        .collect();
                    let events: Vec<String> = events.into_iter().map(|it| format!("`{it}`")).collect();
                    notes.push(format!(
                        "deliveries of {} are NOT followed: before the run no push of the scenario led to one",
                        events.join(", ")
                    ));
                }
            }
        }
        self.deliveries = worst;
        notes
    }
}

impl Push {
    fn add_mark(&mut self, audience: Receivers) {
        if let Content::Json(line) = &mut self.payload
            && let Some(marked) = line.with_mark()
        {
            *line = marked;
            self.follow = Follow::ByAddedMark(audience);
        }
    }
}

/// Broadcasts that arrived without a mark.
#[derive(Debug, Default)]
struct Numbered {
    /// The event that is counted, by scenario and topic; `None` if there are several events.
    by_place: BTreeMap<(usize, TopicPlace), Option<Box<str>>>,
    /// Broadcasts that cannot be counted.
    lost: BTreeSet<(usize, Box<str>)>,
}

impl Numbered {
    fn add(&mut self, place: (usize, TopicPlace), event: &str) {
        let known = self.by_place.entry(place).or_insert_with(|| Some(event.into()));
        if known.as_deref() != Some(event) {
            let before = known.take();
            let both = before.into_iter().chain([event.into()]);
            self.lost.extend(both.map(|it| (place.0, it)));
        }
    }

    fn not(&mut self, play: usize, event: &str) {
        self.lost.insert((play, event.into()));
    }

    fn concerns(&self, play: usize) -> bool {
        self.lost.iter().any(|(of, _)| *of == play)
    }

    /// Counts broadcasts by number only where nothing else is tracked: the numbers of a topic can track only one kind
    /// of broadcast.
    fn arrange(&mut self, cast: &mut CompiledScenarios) {
        for ((play, place), counted) in &mut self.by_place {
            let others = cast.roles.iter().any(|role| {
                let joins = role.joins.iter().any(|join| join.place == *place);
                let by_mark = role.pushes().any(|(_, push)| {
                    role.place_of(push) == *place
                        && matches!(push.follow, Follow::ByMark | Follow::ByAddedMark(_))
                });
                by_mark || (role.play != *play && joins && matches!(place, TopicPlace::Shared(_)))
            });
            if others && let Some(event) = counted.take() {
                self.lost.insert((*play, event));
            }
            for role in cast.roles.iter_mut().filter(|role| role.play == *play) {
                for join in role.joins.iter_mut().filter(|join| join.place == *place) {
                    join.numbered.clone_from(counted);
                }
                let channels: Vec<bool> = role.joins.iter().map(|join| join.place == *place).collect();
                for push in role.pushes_mut() {
                    let is_numbered = matches!(push.follow, Follow::ByNumber(_));
                    if channels[usize::from(push.channel)] && is_numbered && counted.is_none() {
                        push.follow = Follow::No;
                    }
                }
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let note = |(_, event): &(usize, Box<str>)| {
            format!(
                "deliveries of `{event}` are NOT followed: it comes without a mark, or not to everybody who waits for it; \
                 put {{{{mark}}}} into what is pushed, where the server passes it on"
            )
        };
        self.lost.iter().map(note).collect()
    }
}
