//! Reads the actions of an actor, one function a verb.

use super::super::problem::{Problem, Span, nearest};
use super::super::program::{Act, Actor, JoinRef, Receive, ReplySaid, Send, SendKind, What};
use super::super::template::{Data, Template};
use super::super::verbs::{self, ACTIONS, Kind, STEPS, Verb};
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{ActorFacts, Connected, Reader, Reading, entry, keys_of};

/// A verb as written: its value (nothing for a bare verb) and its options.
pub(super) struct Written<'n> {
    verb: &'static Verb,
    pub(super) value: &'n Node,
    pub(super) entries: &'n [(YamlKey, Node)],
}

impl Reader {
    /// One step of one actor.
    pub(super) fn act(&mut self, name: &str, key: &Span, action: &Node) -> Option<Act> {
        let bare;
        let written = match &action.value {
            Yaml::Text(word) => {
                bare = Node {
                    place: action.place.clone(),
                    value: Yaml::Null,
                };
                Written {
                    verb: self.verb(word, &action.place)?,
                    value: &bare,
                    entries: &[],
                }
            }
            Yaml::Map(entries) => self.written(entries, action)?,
            _ => return self.wrong(action, "a step", "a verb, such as connect or { push: echo }"),
        };
        let actor = match written.verb.name {
            "connect" => self.connecting(name),
            "http" => self.user(name),
            _ => self.actor(name, key)?,
        };
        self.acting = Some(name.to_owned());
        let what = self.what(actor, &written);
        self.acting = None;
        let what = what?;
        Some(Act {
            place: action.place.clone(),
            what,
            rule: self.rule(written.entries)?,
        })
    }

    fn written<'n>(&mut self, entries: &'n [(YamlKey, Node)], action: &Node) -> Option<Written<'n>> {
        let found = entries
            .iter()
            .find_map(|(key, node)| Some((verbs::find(ACTIONS, &key.name)?, node)));
        let Some((verb, value)) = found else {
            match entries.first() {
                Some((key, _)) => {
                    self.verb(&key.name, &key.place);
                }
                None => {
                    let _: Option<()> =
                        self.wrong(action, "a step", "a verb, such as connect or { push: echo }");
                }
            }
            return None;
        };
        self.only(entries, verb.name, &keys_of(verb));
        if verb.kind == Kind::Nothing && !matches!(value.value, Yaml::Null) {
            return self.wrong(value, verb.name, "nothing: the verb stands alone");
        }
        Some(Written { verb, value, entries })
    }

    fn verb(&mut self, word: &str, place: &Span) -> Option<&'static Verb> {
        let found = verbs::find(ACTIONS, word);
        if found.is_none() {
            let known: Vec<&str> = ACTIONS.iter().map(|verb| verb.name).collect();
            let meant = nearest(word, known.iter().copied());
            let problem = Problem::at(place.clone(), format!("unknown verb `{word}`"));
            let alone = verbs::find(STEPS, word)
                .map(|verb| format!("`{0}` stands alone, without an actor: `- {0}: …`", verb.name));
            let help = alone.or_else(|| meant.map(|name| format!("did you mean `{name}`?")));
            self.problem(problem.expected(known.join(", ")).help(help));
        }
        found
    }

    fn connecting(&mut self, name: &str) -> Actor {
        let actor = self.user(name);
        let facts = &mut self.actors[actor.0];
        facts.connected = Connected::Yes;
        facts.topics.clear();
        actor
    }

    /// The actor of this name, who may not have appeared before.
    fn user(&mut self, name: &str) -> Actor {
        if let Some(index) = self.actors.iter().position(|actor| actor.name == name) {
            return Actor(index);
        }
        self.actors.push(ActorFacts {
            name: name.to_owned(),
            connected: Connected::NotYet,
            topics: Vec::new(),
        });
        Actor(self.actors.len() - 1)
    }

    fn what(&mut self, actor: Actor, it: &Written<'_>) -> Option<What> {
        let nothing = matches!(it.value.value, Yaml::Null);
        Some(match it.verb.name {
            "connect" => What::Connect(actor, self.connect(it)?),
            "http" => What::Http(self.http(Some(actor), it.value, it.entries)?),
            "join" => What::Send(actor, self.join(actor, it)?),
            "push" => What::Send(actor, self.push(actor, it)?),
            "leave" => What::Send(actor, self.leave(actor, it)?),
            "heartbeat" => What::Send(actor, self.heartbeat(it)?),
            "receive" => What::Receive(actor, self.receive(it)?),
            "receive-nothing" => What::ReceiveNothing(actor, self.duration(it.value, "receive-nothing")?),
            "pong" => What::Pong(actor, self.template(it.value, "pong")?),
            "close" if nothing => What::Close(actor, 1000),
            "close" => What::Close(actor, self.code(it.value)?),
            "cut" => What::Cut(actor),
            "closed" if nothing => What::Closed(actor, None),
            "closed" => What::Closed(actor, Some(self.code(it.value)?)),
            "closed-or-alive" => What::ClosedOrAlive(actor),
            _ => What::Raw(actor, self.raw(it.value)?),
        })
    }

    fn code(&mut self, node: &Node) -> Option<u16> {
        let code: u16 = self.number(node, "code", "a close code from 1000 to 4999")?;
        if (1000..5000).contains(&code) {
            return Some(code);
        }
        let problem = Problem::at(node.place.clone(), format!("{code} is no close code"));
        self.problem(problem.expected("a code from 1000 to 4999"));
        None
    }

    pub(super) fn headers(&mut self, node: Option<&Node>) -> Option<Vec<(String, Template)>> {
        let Some(node) = node else { return Some(Vec::new()) };
        let entries = self.map(node, "headers", "a map of headers")?;
        entries
            .iter()
            .map(|(key, value)| Some((key.name.clone(), self.template(value, &key.name)?)))
            .collect()
    }

    fn join(&mut self, actor: Actor, it: &Written<'_>) -> Option<Send> {
        let topic = self.template(it.value, "join")?;
        let joined = &mut self.actors[actor.0].topics;
        joined.retain(|known| *known != topic);
        joined.push(topic.clone());
        self.send(it, SendKind::Join, topic)
    }

    fn push(&mut self, actor: Actor, it: &Written<'_>) -> Option<Send> {
        let event = self.template(it.value, "push")?;
        let topic = match entry(it.entries, "on") {
            Some(node) => self.template(node, "on")?,
            None => self.only_topic(actor, it)?,
        };
        self.send(it, SendKind::Push(event), topic)
    }

    fn leave(&mut self, actor: Actor, it: &Written<'_>) -> Option<Send> {
        let topic = match it.value.value {
            Yaml::Null => self.only_topic(actor, it)?,
            _ => self.template(it.value, "leave")?,
        };
        let send = self.send(it, SendKind::Leave, topic)?;
        // A topic that was just left still counts, as in a push after a leave.
        if self.actors[actor.0].topics.len() > 1 {
            self.actors[actor.0].topics.retain(|known| *known != send.topic);
        }
        Some(send)
    }

    /// The topic that is used when a step names none.
    fn only_topic(&mut self, actor: Actor, it: &Written<'_>) -> Option<Template> {
        let facts = &self.actors[actor.0];
        let problem = match facts.topics.as_slice() {
            [topic] => return Some(topic.clone()),
            [] => format!(
                "{} has joined no topic, so it must be said which one is meant",
                facts.name
            ),
            more => format!(
                "{} has joined {} topics, so it must be said which one is meant",
                facts.name,
                more.len()
            ),
        };
        let wanted = if it.verb.name == "leave" {
            "leave: TOPIC"
        } else {
            "on: TOPIC beside the verb"
        };
        self.problem(Problem::at(it.value.place.clone(), problem).expected(wanted));
        None
    }

    fn heartbeat(&mut self, it: &Written<'_>) -> Option<Send> {
        let reference = match it.value.value {
            Yaml::Null => None,
            _ => Some(self.template(it.value, "heartbeat")?),
        };
        let send = self.send(
            it,
            SendKind::Heartbeat,
            Template::text(crate::protocol::PHOENIX_TOPIC),
        )?;
        Some(Send {
            reference,
            join_ref: JoinRef::Null,
            ..send
        })
    }

    fn send(&mut self, it: &Written<'_>, kind: SendKind, topic: Template) -> Option<Send> {
        let join_ref = match entry(it.entries, "join_ref") {
            None => JoinRef::Current,
            Some(Node {
                value: Yaml::Null, ..
            }) => JoinRef::Null,
            Some(node) => JoinRef::This(self.template(node, "join_ref")?),
        };
        let payload = match &kind {
            SendKind::Push(_) => Reading::Pushed,
            SendKind::Join | SendKind::Leave | SendKind::Heartbeat => Reading::Other,
        };
        let reply = entry(it.entries, "reply");
        Some(Send {
            kind,
            topic,
            payload: self.reading(payload, |reader| reader.outgoing(it.entries))?,
            reference: self.optional(it, "ref")?,
            join_ref,
            reply: self.reading(Reading::Expected, |reader| reader.reply(reply))?,
            reply_said: match reply {
                Some(_) => ReplySaid::Written,
                None => ReplySaid::LeftOut,
            },
            save: self.save(entry(it.entries, "save"))?,
        })
    }

    fn receive(&mut self, it: &Written<'_>) -> Option<Receive> {
        let event = self.template(it.value, "receive")?;
        self.receiving(event, it.entries)
    }

    /// The expectations of a `receive`, which `maybe` uses, too.
    pub(super) fn receiving(&mut self, event: Template, entries: &[(YamlKey, Node)]) -> Option<Receive> {
        let field = |reader: &mut Self, name: &str| -> Option<Option<Data>> {
            match entry(entries, name) {
                None => Some(None),
                Some(node) => Some(Some(reader.data(node)?)),
            }
        };
        Some(Receive {
            event,
            topic: match entry(entries, "on") {
                Some(node) => Some(self.template(node, "on")?),
                None => None,
            },
            reference: field(self, "ref")?,
            join_ref: field(self, "join_ref")?,
            content: self.reading(Reading::Expected, |reader| reader.content(entries))?,
            within: match entry(entries, "within") {
                Some(node) => Some(self.duration(node, "within")?),
                None => None,
            },
            save: self.save(entry(entries, "save"))?,
        })
    }

    pub(super) fn optional(&mut self, it: &Written<'_>, name: &str) -> Option<Option<Template>> {
        match entry(it.entries, name) {
            None => Some(None),
            Some(node) => Some(Some(self.template(node, name)?)),
        }
    }
}
