//! The beginning of a scenario as a program of its own, which a load test tries once before it opens its sockets.
//!
//! There are two. A compiled role joins without the other actors, so `entrance` has one actor and accepts any reply. An
//! instance that is played step by step needs all actors, replies and saved values, so `opening` keeps them.

use serde_json::Value;

use super::program::{Actor, Answers, ExpectedReply, Group, OutgoingPayload, Program, SendKind, Sent, What};
use super::template::{Data, Template};

impl Program {
    /// The first actor's connect and the joins that follow, up to its first other step. Any reply is
    /// accepted. A topic and params from the command line replace those of the scenario.
    pub(crate) fn entrance(&self, topic: Option<&str>, params: Option<&Value>) -> Self {
        let own = self.groups.iter().flat_map(|group| &group.acts);
        let own = own.filter(|act| act.what.actor() == Some(Actor(0)));
        let mut groups = Vec::new();
        for act in own {
            let mut act = act.clone();
            match &mut act.what {
                What::Connect(..) if groups.is_empty() => {}
                What::Send(_, send) if matches!(send.kind, SendKind::Join) => {
                    send.reply = ExpectedReply::Any;
                    send.save.clear();
                    if let Some(topic) = topic {
                        send.topic = Template::text(topic);
                    }
                    if let Some(params) = params {
                        send.payload = OutgoingPayload::Json(Data::Value(params.clone()));
                    }
                }
                _ => break,
            }
            groups.push(Group {
                acts: vec![act],
                answers: Answers::InAnyOrder,
                sent: Sent::OneByOne,
                rule: None,
            });
            // All joins of a topic from the command line are the same, so one is enough.
            if topic.is_some() && groups.len() > 1 {
                break;
            }
        }
        Self {
            given: 0,
            groups,
            ..self.clone()
        }
    }

    /// Only the opening groups, with all actors and their expectations; see [`Program::opening_groups`].
    pub(crate) fn opening(&self) -> Self {
        let mut opening = self.clone();
        opening.groups.truncate(self.opening_groups());
        opening
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scenario::{Program, read};

    fn entrance(topic: Option<&str>) -> Program {
        let text = "about: A.\nfresh: [room]\nsteps:\n  - bea, ana: connect\n  - bea: { join: \"lab:{{room}}\", reply: error }\n  \
                    - ana: { join: \"lab:1\" }\n  - bea: { join: \"lab:2\" }\n  - bea: { push: echo, on: \"lab:2\" }\n  - bea: { join: \"lab:3\" }\n";
        read("a.yaml", text)
            .unwrap()
            .entrance(topic, Some(&json!({ "a": 1 })))
    }

    #[test]
    fn the_first_actor_connects_and_joins_until_it_does_something_else() {
        let own = format!("{:?}", entrance(None).groups);
        assert_eq!(entrance(None).groups.len(), 3, "{own}");
        assert_eq!(
            (own.matches("Join").count(), own.matches("reply: Any").count()),
            (2, 2),
            "{own}"
        );
    }

    #[test]
    fn a_topic_from_the_command_line_is_joined_once() {
        let groups = entrance(Some("room:lobby")).groups;
        let said = format!("{groups:?}");
        assert!(
            groups.len() == 2 && said.contains("room:lobby") && said.contains("\"a\""),
            "{said}"
        );
    }
}
