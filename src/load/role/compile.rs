//! Compiles a scenario to roles, and reports the parts that cannot be used for load.

use std::sync::Arc;

use super::send_mode::send_mode;
use super::{
    Awaited, ChannelStatus, CompiledScenarios, Deliveries, Entry, Join, Override, Play, PlayedBy, Role, Step,
};
use crate::load::share::{Share, Silence};
use crate::load::text::{Line, Meaning};
use crate::protocol::Vsn;
use crate::scenario::{
    Act, Actor, Answers, Data, Group, LoadRole, Name, Offer, Problem, Program, ScenarioError, SendKind, Sent,
    Template, What,
};
use crate::transport::ConnectRequest;

mod connects;
mod messages;

pub(super) fn compile(
    shares: &[Share],
    instead: &Override,
    vsn: Vsn,
    first: u64,
) -> Result<Option<CompiledScenarios>, ScenarioError> {
    let mut is_compiled = true;
    let own_names = shares.iter().map(|share| share.program.fresh.len().max(1)).max();
    let own_names = own_names.unwrap_or(1) as u64;
    let (mut roles, mut plays) = (Vec::new(), Vec::new());
    let (mut shared_topics, mut own_topics) = (Vec::new(), 0);
    for (number, share) in shares.iter().enumerate() {
        let first = first + number as u64 * own_names;
        let mut compiler = Compiler::new(&share.program, instead, first);
        // A case is not written to be repeated on the same connections.
        // What servers say of secrets is hidden by the interpreter.
        let is_stepped = share.program.is_case() || !share.program.secrets.is_empty();
        if is_stepped && !instead.replaces_steps() {
            compiler.played = PlayedBy::Interpreter;
        }
        compiler.silence = share.silence;
        compiler.vsn = vsn;
        compiler.shared = shared_topics;
        let own_roles = compiler.roles(number);
        let places = compiler.places(&own_roles, roles.len());
        is_compiled &= compiler.finish()? == PlayedBy::Roles;
        roles.extend(own_roles);
        plays.push(Play {
            places,
            meanings: compiler.meanings.into(),
            weight: share.weight,
        });
        shared_topics = compiler.shared;
        own_topics = own_topics.max(compiler.own.len());
    }
    Ok(is_compiled.then(|| CompiledScenarios {
        roles: roles.into(),
        plays: plays.into(),
        shared_topics: shared_topics.into(),
        own_topics: u32::try_from(own_topics).unwrap_or(u32::MAX),
        own_names,
        adds_marks: false,
        deliveries: Deliveries::None,
        left_out: Box::default(),
        silent: Box::default(),
    }))
}

/// The most steps of a role: the step counter of a socket has two bytes.
const MOST_STEPS: usize = 60_000;

struct Compiler<'a> {
    program: &'a Program,
    instead: &'a Override,
    vsn: Vsn,
    silence: Silence,
    meanings: Vec<Meaning>,
    shared: Vec<Arc<str>>,
    own: Vec<Line>,
    problems: Vec<Problem>,
    played: PlayedBy,
}

/// A role while it is being compiled.
#[derive(Default)]
struct Draft {
    /// The connect request, once the actor has connected.
    connect: Option<ConnectRequest<Line>>,
    joins: Vec<Join>,
    /// The status of each channel after the steps so far.
    standings: Vec<ChannelStatus>,
    /// As [`Role::entries`]: first the one for each of the joins, then the others in the order of the steps.
    entries: Vec<Entry>,
    steps: Vec<Step>,
    /// Set while the pushes of a group are compiled.
    together: Option<Answers>,
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
            vsn: Vsn::default(),
            silence: Silence::MayBeMeant,
            meanings,
            shared: Vec::new(),
            own: Vec::new(),
            problems: Vec::new(),
            played: PlayedBy::Roles,
        }
    }

    fn problem(&mut self, act: &Act, title: &str, help: &str) {
        let problem = Problem::at(act.place.clone(), title).help(help.to_owned());
        // A repeated step is reported once.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Handles a step that only the interpreter can play; `what` is the reason, as part of a sentence.
    fn stepped(&mut self, act: &Act, what: &str) {
        if self.instead.replaces_steps() {
            let title = format!(
                "--topic, --join-params and --push cannot replace a part of a scenario in which {what}"
            );
            return self.problem(
                act,
                &title,
                "leave them out, or change the scenario itself (`phxproof show` prints it)",
            );
        }
        self.played = PlayedBy::Interpreter;
    }

    fn roles(&mut self, play: usize) -> Vec<Role> {
        let actors = (0..self.program.actors.len()).map(Actor);
        actors.map(|actor| self.role(actor, play)).collect()
    }

    /// Decides how the scenario is played.
    ///
    /// # Errors
    /// The problems of the scenario, if there are any.
    fn finish(&mut self) -> Result<PlayedBy, ScenarioError> {
        let roles = &self.program.load().roles;
        let is_shared = roles
            .iter()
            .any(|(_, role)| role.share != 1 || role.reads_every.is_some());
        if self.played == PlayedBy::Interpreter && is_shared {
            let title = "a role of a scenario that is played step by step has one socket in each instance, and reads at once";
            self.problems
                .push(Problem::at(0..0, title).help("leave `share` and `reads-every` out".to_owned()));
        }
        let problems = std::mem::take(&mut self.problems);
        if problems.is_empty() {
            return Ok(self.played);
        }
        Err(ScenarioError::new(
            &self.program.path,
            &self.program.source,
            problems,
        ))
    }

    fn role(&mut self, actor: Actor, play: usize) -> Role {
        let mut draft = Draft::default();
        let program = self.program;
        for group in &program.groups {
            self.group(group, actor, &mut draft);
        }
        let name = program.actors[actor.0].as_str();
        let said = self.said_of(name);
        let hears_all = draft.awaited.iter().any(|it| it.channel.is_none());
        for (index, join) in (0..).zip(&mut draft.joins) {
            join.hears = hears_all || draft.awaited.iter().any(|it| it.channel == Some(index));
        }
        let send_mode = send_mode(&draft.steps, &draft.awaited);
        Role {
            play,
            send_mode,
            name: name.into(),
            connect: draft.connect.unwrap_or_default(),
            joins: draft.joins.into(),
            entries: draft.entries.into(),
            steps: draft.steps.into(),
            awaited: draft.awaited.into(),
            reads_every: said.reads_every,
        }
    }

    /// Compiles what an actor does in a group. Two or more pushes are sent together.
    fn group(&mut self, group: &Group, actor: Actor, draft: &mut Draft) {
        let own = |act: &&Act| act.what.actor() == Some(actor);
        let is_push =
            |act: &&Act| matches!(&act.what, What::Send(_, send) if matches!(send.kind, SendKind::Push(_)));
        let pushes = group.acts.iter().filter(own).filter(is_push).count();
        draft.together = (pushes > 1).then_some(group.answers);
        let before = draft.steps.len();
        for act in &group.acts {
            if own(&act) && group.sent == Sent::InOneSegment {
                self.stepped(act, "messages are sent in one segment");
            }
            if own(&act) && group.answers == Answers::InOrder && !is_push(&act) {
                self.stepped(act, "the answers to other steps than pushes come in order");
            }
            match act.what.actor() {
                Some(whose) if whose == actor => self.act(act, draft),
                // A step without an actor applies to all connected actors.
                None if draft.connect.is_some() => self.common(act, draft),
                // An HTTP request may be needed before the connect.
                None if matches!(act.what, What::Http(_)) => self.common(act, draft),
                Some(_) | None => {}
            }
        }
        if draft.together.take().is_some() {
            draft.steps.push(Step::Gather);
        }
        if let Some(act) = group.acts.first()
            && before <= MOST_STEPS
            && draft.steps.len() > MOST_STEPS
        {
            let help = "repeat at most 60,000 steps; a swarm repeats all of them anyway";
            self.problem(act, "more steps than a round of a swarm can have", help);
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

    /// The role of each socket of an instance; `before` is the number of roles of the scenarios before this one.
    fn places(&mut self, roles: &[Role], before: usize) -> Box<[u8]> {
        let mut places = Vec::new();
        for (index, role) in (before..).zip(roles) {
            let share = self.said_of(&role.name).share as usize;
            places.extend(std::iter::repeat_n(u8::try_from(index).unwrap_or(u8::MAX), share));
        }
        let count = before + roles.len();
        if count > usize::from(u8::MAX) || places.is_empty() {
            let title = format!("{count} actors; a swarm has from 1 to 255");
            self.problems.push(Problem::at(0..0, title));
        }
        places.into()
    }

    fn common(&mut self, act: &Act, draft: &mut Draft) {
        match &act.what {
            What::Sleep(wait) => draft.steps.push(Step::Sleep(*wait)),
            What::Http(_) => self.stepped(act, "`http` stands"),
            _ => self.problem(act, "a swarm restarts no server", "leave `restart` out"),
        }
    }

    fn act(&mut self, act: &Act, draft: &mut Draft) {
        match &act.what {
            What::Connect(_, connect) => self.connect(act, connect, draft),
            What::Send(_, send) => self.send(act, send, draft),
            What::Receive(_, receive) => self.receive(act, receive, draft),
            What::Cut(_) => draft.end(Step::Cut),
            What::Close(_, code) => draft.end(Step::Close(*code)),
            What::Raw(..) => self.stepped(act, "`raw` stands"),
            What::ReceiveNothing(..) => self.stepped(act, "`receive-nothing` stands"),
            What::Pong(..) => self.stepped(act, "`pong` stands"),
            What::Closed(..) | What::ClosedOrAlive(_) => {
                self.stepped(act, "the end of a connection is awaited");
            }
            What::Sleep(_) | What::Http(_) | What::Restart(_) => self.common(act, draft),
        }
    }

    /// The channel of a topic, even if it was left.
    fn channel(&mut self, act: &Act, topic: &Template, draft: &Draft) -> Option<u8> {
        self.channel_if(act, topic, draft, |_| true)
    }

    /// The channel of a topic, unless it was left or closed.
    fn joined_channel(&mut self, act: &Act, topic: &Template, draft: &Draft) -> Option<u8> {
        self.channel_if(act, topic, draft, |status| status != ChannelStatus::Over)
    }

    fn channel_if(
        &mut self,
        act: &Act,
        topic: &Template,
        draft: &Draft,
        is_right: impl Fn(ChannelStatus) -> bool,
    ) -> Option<u8> {
        let topic = self.topic(act, topic)?;
        let found = draft.joins.iter().position(|join| join.topic == topic);
        let found = found.filter(|index| is_right(draft.standings[*index]));
        if found.is_none() {
            self.stepped(act, "something is sent on a topic that is not joined");
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
        if self.program.saves(name) {
            return self.stepped(act, "a saved value is used");
        }
        if self.program.fills(name) {
            return self.stepped(act, "a value of its user, or a generated one, is used");
        }
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

impl Draft {
    /// Ends the connection; the client reconnects by itself.
    fn end(&mut self, step: Step) {
        self.steps.push(step);
        for status in &mut self.standings {
            if *status == ChannelStatus::Joined {
                *status = ChannelStatus::Lost;
            }
        }
    }
}
