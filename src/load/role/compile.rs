//! From a program to roles: what a swarm can play, and in which words it says what it cannot.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Answer, Awaited, Cast, Content, Join, Override, Push, Role, Step, Tempo, TopicPlace};
use crate::load::text::{Line, Meaning};
use crate::scenario::{
    Act, Actor, Connect, Content as Expected, Data, JoinRef, LoadRole, Mount, Name, Offer, Opening, Outgoing,
    Part, Problem, Program, Receive, Reply, ScenarioError, Send, SendKind, Template, What,
};

/// The most channels and awaited messages of a role.
const MOST: usize = 200;
/// The most different messages that a role waits for: what came early is counted in four bytes.
pub(super) const MOST_AWAITED: usize = 4;

pub(super) fn compile(program: &Program, instead: &Override, first: u64) -> Result<Cast, ScenarioError> {
    let mut compiler = Compiler::new(program, instead, first);
    let roles: Vec<Role> = (0..program.actors.len())
        .map(|index| compiler.role(Actor(index)))
        .collect();
    let places = compiler.places(&roles);
    if !compiler.problems.is_empty() {
        return Err(ScenarioError::new(
            &program.path,
            &program.source,
            compiler.problems,
        ));
    }
    let own_names = program.fresh.len().max(1) as u64;
    Ok(Cast {
        roles: roles.into(),
        places,
        shared_topics: compiler.shared.into(),
        own_topics: u32::try_from(compiler.own.len()).unwrap_or(u32::MAX),
        own_names,
        meanings: compiler.meanings.into(),
    })
}

struct Compiler<'a> {
    program: &'a Program,
    instead: &'a Override,
    meanings: Vec<Meaning>,
    shared: Vec<Arc<str>>,
    own: Vec<Line>,
    problems: Vec<Problem>,
}

/// A role as far as it is known.
#[derive(Default)]
struct Draft {
    connected: bool,
    mount: Option<Box<str>>,
    params: Vec<(String, Option<String>)>,
    headers: Vec<(String, String)>,
    joins: Vec<Join>,
    steps: Vec<Step>,
    awaited: Vec<Awaited>,
}

impl<'a> Compiler<'a> {
    fn new(program: &'a Program, instead: &'a Override, first: u64) -> Self {
        let mut meanings = vec![Meaning::Unknown; program.names.len()];
        for (index, name) in (0..).zip(&program.fresh) {
            meanings[name.0] = Meaning::Own(index);
        }
        for (index, name) in (0..).zip(&program.fresh) {
            if program.shared.contains(name) {
                meanings[name.0] = Meaning::Fixed((first + index).to_string().into());
            }
        }
        for (offer, name) in &program.offered {
            let offered = instead.offers.iter().find(|(known, _)| known == offer);
            meanings[name.0] = match (offer, offered) {
                (Offer::Sender, _) => Meaning::Sender,
                (Offer::Seq, _) => Meaning::Seq,
                (Offer::Mark, _) => Meaning::Mark,
                (_, Some((_, value))) => Meaning::Fixed(value.clone()),
                (_, None) => Meaning::Unknown,
            };
        }
        Self {
            program,
            instead,
            meanings,
            shared: Vec::new(),
            own: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn problem(&mut self, act: &Act, title: &str, help: &str) {
        let problem = Problem::at(act.place.clone(), title).help(help.to_owned());
        // A repeated step says it once.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn role(&mut self, actor: Actor) -> Role {
        let mut draft = Draft::default();
        let program = self.program;
        for act in program.groups.iter().flat_map(|group| &group.acts) {
            match act.what.actor() {
                Some(whose) if whose == actor => self.act(act, &mut draft),
                // What is nobody's concerns all who are there.
                None if draft.connected => self.common(act, &mut draft),
                Some(_) | None => {}
            }
        }
        let name = program.actors[actor.0].as_str();
        let said = self.said_of(name);
        let hears_all = draft.awaited.iter().any(|it| it.channel.is_none());
        for (index, join) in (0..).zip(&mut draft.joins) {
            join.hears = hears_all || draft.awaited.iter().any(|it| it.channel == Some(index));
        }
        Role {
            name: name.into(),
            mount: draft.mount,
            params: draft.params,
            headers: draft.headers,
            joins: draft.joins.into(),
            tempo: tempo(&draft.steps),
            steps: draft.steps.into(),
            awaited: draft.awaited.into(),
            reads_every: said.reads_every,
        }
    }

    fn said_of(&self, name: &str) -> LoadRole {
        let roles = &self.program.load().roles;
        roles
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, role)| *role)
            .unwrap_or_default()
    }

    /// Which role each socket of an instance plays.
    fn places(&mut self, roles: &[Role]) -> Box<[u8]> {
        let mut places = Vec::new();
        for (index, role) in (0..=u8::MAX).zip(roles) {
            let share = self.said_of(&role.name).share as usize;
            places.extend(std::iter::repeat_n(index, share));
        }
        if roles.len() > usize::from(u8::MAX) || places.is_empty() {
            let title = format!("{} actors; a swarm has from 1 to 255", roles.len());
            self.problems.push(Problem::at(0..0, title));
        }
        places.into()
    }

    fn common(&mut self, act: &Act, draft: &mut Draft) {
        match &act.what {
            What::Sleep(wait) => draft.steps.push(Step::Sleep(*wait)),
            What::Http(_) => self.problem(act, "a swarm sends no requests", "leave `http` out"),
            _ => self.problem(
                act,
                "a swarm restarts no server",
                "leave `restart` out, or use `prove recovery`",
            ),
        }
    }

    fn act(&mut self, act: &Act, draft: &mut Draft) {
        match &act.what {
            What::Connect(_, connect) => self.connect(act, connect, draft),
            What::Send(_, send) => self.send(act, send, draft),
            What::Receive(_, receive) => self.receive(act, receive, draft),
            What::Cut(_) => draft.steps.push(Step::Cut),
            What::Close(_, code) => draft.steps.push(Step::Close(code.unwrap_or(1000))),
            What::Raw(..) => self.problem(act, "a swarm sends no hand-made frames", "leave `raw` out"),
            What::ReceiveNothing(..) | What::Pong(..) | What::Closed(..) | What::ClosedOrAlive(_) => {
                let help =
                    "connect, join, push, receive, leave, sleep, cut and close can be repeated by many";
                self.problem(act, "a swarm cannot wait for this", help);
            }
            What::Sleep(_) | What::Http(_) | What::Restart(_) => self.common(act, draft),
        }
    }

    /// The first one says how; after a cut the client comes back by itself, and another `connect` says only that.
    fn connect(&mut self, act: &Act, connect: &Connect, draft: &mut Draft) {
        if connect.user.is_some() {
            self.problem(
                act,
                "a swarm fetches no tokens",
                "leave `as` out, or give a token by --param token=…",
            );
        }
        if connect.answer != Opening::Open {
            self.problem(act, "a swarm wants to be let in", "leave `answer` out");
        }
        if std::mem::replace(&mut draft.connected, true) {
            return;
        }
        if let Mount::Instead(name) = &connect.mount {
            draft.mount = Some(name.as_str().into());
        }
        for (key, value) in &connect.params {
            let value = value.as_ref().map(|value| self.fixed(act, value));
            draft.params.push((key.clone(), value));
        }
        for (key, value) in &connect.headers {
            let value = self.fixed(act, value);
            draft.headers.push((key.clone(), value));
        }
    }

    /// A text that is the same for all.
    fn fixed(&mut self, act: &Act, template: &Template) -> String {
        let line = self.text(act, template).unwrap_or_default();
        let fixed = line.as_fixed().map(str::to_owned);
        fixed.unwrap_or_else(|| {
            self.problem(
                act,
                "a swarm connects with one request for all",
                "use no fresh name in params and headers",
            );
            String::new()
        })
    }

    fn send(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        if send.reference.is_some() || !matches!(send.join_ref, JoinRef::Current) {
            self.problem(
                act,
                "the clients of a swarm choose their refs themselves",
                "leave `ref` and `join_ref` out",
            );
        }
        if !send.save.is_empty() {
            self.problem(act, "a swarm keeps nothing of what it hears", "leave `save` out");
        }
        match &send.kind {
            SendKind::Join => self.join(act, send, draft),
            SendKind::Leave => {
                if let Some(channel) = self.channel(act, &send.topic, draft) {
                    draft.steps.push(Step::Leave(channel));
                }
            }
            SendKind::Heartbeat => {
                self.problem(
                    act,
                    "the clients of a swarm send heartbeats by themselves",
                    "leave `heartbeat` out",
                );
            }
            SendKind::Push(event) => self.push(act, send, event, draft),
        }
    }

    /// A join before all other steps is done once; one after them is done in each round, if there is something to join.
    fn join(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        let Some(topic) = self.topic(act, &send.topic) else {
            return;
        };
        let known = draft.joins.iter().position(|join| join.topic == topic);
        if let Some(channel) = known.and_then(|index| u8::try_from(index).ok()) {
            draft.steps.push(Step::Join(channel));
            return;
        }
        if !draft.steps.is_empty() {
            let help = "join it before the first other step; after a `leave` it can be joined again";
            return self.problem(
                act,
                "a swarm joins a topic for the first time in the middle of a round",
                help,
            );
        }
        if draft.joins.len() >= MOST {
            return self.problem(
                act,
                "more topics than a socket of a swarm can have",
                "join at most 200",
            );
        }
        let params = match (&self.instead.join_params, &send.payload) {
            (Some(params), _) => Some(Line::fixed(&params.to_string())),
            (None, Outgoing::Json(data)) => self.json(act, data),
            (None, Outgoing::Binary(_)) => None,
        };
        let Some(params) = params else {
            return self.problem(
                act,
                "a swarm joins with JSON",
                "write `with` in place of `binary`",
            );
        };
        let place = self.place(&topic);
        let common_params = params.as_fixed().map(Arc::from);
        draft.joins.push(Join {
            topic,
            params,
            common_params,
            place,
            hears: false,
        });
    }

    fn place(&mut self, topic: &Line) -> TopicPlace {
        match topic.as_fixed() {
            Some(text) => {
                let known = self
                    .shared
                    .iter()
                    .position(|known| &**known == text)
                    .unwrap_or_else(|| {
                        self.shared.push(text.into());
                        self.shared.len() - 1
                    });
                TopicPlace::Shared(u32::try_from(known).unwrap_or(u32::MAX))
            }
            None => {
                let known = self
                    .own
                    .iter()
                    .position(|known| known == topic)
                    .unwrap_or_else(|| {
                        self.own.push(topic.clone());
                        self.own.len() - 1
                    });
                TopicPlace::Own(u32::try_from(known).unwrap_or(u32::MAX))
            }
        }
    }

    fn push(&mut self, act: &Act, send: &Send, event: &Template, draft: &mut Draft) {
        let Some(channel) = self.channel(act, &send.topic, draft) else {
            return;
        };
        let (event, payload) = match &self.instead.push {
            Some((event, payload)) => (
                Line::fixed(event),
                Some(Content::Json(holes_of_command_line(payload))),
            ),
            None => {
                let Some(event) = self.text(act, event) else {
                    return;
                };
                let payload = match &send.payload {
                    Outgoing::Json(data) => self.json(act, data).map(Content::Json),
                    Outgoing::Binary(bytes) => Some(Content::Binary(bytes.as_slice().into())),
                };
                (event, payload)
            }
        };
        let (Some(payload), Some(event)) = (payload, event.as_fixed()) else {
            return self.problem(
                act,
                "an event is the same for all of a swarm",
                "use no fresh name in it",
            );
        };
        let Some(answer) = self.answer(act, &send.reply) else {
            return;
        };
        draft.steps.push(Step::Push(Push {
            channel,
            event: event.into(),
            payload,
            answer,
        }));
    }

    fn answer(&mut self, act: &Act, reply: &Reply) -> Option<Answer> {
        let (status, content) = match reply {
            Reply::None => return Some(Answer::None),
            Reply::Any => return Some(Answer::Any),
            Reply::Status(status, content) => (self.text(act, status)?, content),
        };
        let content = match content {
            _ if self.instead.push.is_some() => None,
            Expected::Json(pattern) => Some(pattern.clone()),
            Expected::Unjudged => None,
            Expected::Binary(_) => {
                self.problem(act, "a swarm does not compare bytes", "wait for { reply: ok }");
                return None;
            }
        };
        Some(Answer::Status(
            status.as_fixed().unwrap_or_default().into(),
            content,
        ))
    }

    fn receive(&mut self, act: &Act, receive: &Receive, draft: &mut Draft) {
        if receive.reference.is_some() || receive.join_ref.is_some() || !receive.save.is_empty() {
            let help = "leave `ref`, `join_ref` and `save` out";
            self.problem(act, "a swarm looks at event, topic and payload only", help);
        }
        let Some(event) = self.text(act, &receive.event) else {
            return;
        };
        let channel = match &receive.topic {
            Some(topic) => match self.channel(act, topic, draft) {
                Some(channel) => Some(channel),
                None => return,
            },
            None => None,
        };
        let content = match &receive.content {
            Expected::Json(pattern) => Some(pattern.clone()),
            Expected::Unjudged => None,
            Expected::Binary(_) => {
                return self.problem(act, "a swarm does not compare bytes", "leave `binary` out");
            }
        };
        let event: Box<str> = event.as_fixed().unwrap_or_default().into();
        let known = draft
            .awaited
            .iter()
            .position(|it| it.event == event && it.channel == channel);
        let index = known.unwrap_or_else(|| {
            draft.awaited.push(Awaited {
                event,
                channel,
                content,
            });
            draft.awaited.len() - 1
        });
        if index >= MOST_AWAITED {
            return self.problem(
                act,
                "a role waits for at most four different messages",
                "split it into two actors",
            );
        }
        let within: Option<Duration> = receive.within;
        draft.steps.push(Step::Receive {
            awaited: u8::try_from(index).unwrap_or(u8::MAX),
            within,
        });
    }

    fn channel(&mut self, act: &Act, topic: &Template, draft: &Draft) -> Option<u8> {
        let topic = self.topic(act, topic)?;
        let found = draft.joins.iter().position(|join| join.topic == topic);
        if found.is_none() {
            self.problem(
                act,
                "a swarm speaks on topics that it has joined",
                "join it before the first other step",
            );
        }
        found.and_then(|index| u8::try_from(index).ok())
    }

    fn topic(&mut self, act: &Act, template: &Template) -> Option<Line> {
        match &self.instead.topic {
            Some(topic) => Some(Line::fixed(topic)),
            None => self.text(act, template),
        }
    }

    fn text(&mut self, act: &Act, template: &Template) -> Option<Line> {
        Line::text(template, &self.meanings)
            .map_err(|name| self.unknown(act, name))
            .ok()
    }

    fn json(&mut self, act: &Act, data: &Data) -> Option<Line> {
        Line::json(data, &self.meanings)
            .map_err(|name| self.unknown(act, name))
            .ok()
    }

    fn unknown(&mut self, act: &Act, name: Name) {
        let title = format!(
            "a swarm knows nothing that `{}` could stand for here",
            self.program.names[name.0]
        );
        self.problem(
            act,
            &title,
            "use fresh and shared names, {{sender}}, {{seq}} and {{mark}}, or --topic and --push",
        );
    }
}

fn tempo(steps: &[Step]) -> Tempo {
    let pushes = steps.iter().filter(|step| matches!(step, Step::Push(_))).count();
    let more = steps
        .iter()
        .any(|step| !matches!(step, Step::Push(_) | Step::Receive { .. }));
    match (pushes, more) {
        (0, _) => Tempo::Listens,
        (1, false) => Tempo::Pushes,
        _ => Tempo::Rounds,
    }
}

/// The holes in a payload from the command line; what is in no hole stays as it is.
fn holes_of_command_line(payload: &Value) -> Line {
    let meanings = [Meaning::Sender, Meaning::Seq, Meaning::Mark];
    let named = [
        ("{{sender}}", Name(0)),
        ("{{seq}}", Name(1)),
        ("{{mark}}", Name(2)),
    ];
    Line::json(&with_holes(payload, &named), &meanings).unwrap_or_default()
}

fn with_holes(value: &Value, named: &[(&str, Name)]) -> Data {
    match value {
        Value::String(text) => {
            let template = split_at_holes(text, named);
            template
                .only_hole()
                .map_or_else(|| Data::Text(template.clone()), Data::Hole)
        }
        Value::Array(items) => Data::List(items.iter().map(|item| with_holes(item, named)).collect()),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| (Template::text(key), with_holes(value, named)));
            Data::Map(members.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Data::Value(value.clone()),
    }
}

fn split_at_holes(text: &str, named: &[(&str, Name)]) -> Template {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((at, (hole, name))) = named
        .iter()
        .filter_map(|it| Some((rest.find(it.0)?, it)))
        .min_by_key(|(at, _)| *at)
    {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        }
        parts.push(Part::Hole(*name, crate::scenario::Filter::AsItIs));
        rest = &rest[at + hole.len()..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Template(parts)
}
