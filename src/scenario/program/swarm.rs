//! What a swarm needs to know about a scenario: which steps are repeated, what it sends, and what it saves.

use super::{ExpectedReply, Opening, Program, SendKind, What};
use crate::scenario::load::LoadSection;
use crate::scenario::template::Name;

impl Program {
    /// Whether it is a case of `check` that was not written for a swarm: it cites rules and has no `load:`
    /// section.
    pub(crate) fn is_case(&self) -> bool {
        !self.rules.is_empty() && self.load == LoadSection::default()
    }

    /// The number of actors, and so of the sockets of an instance if each actor has one.
    pub fn actor_count(&self) -> usize {
        self.actors.len()
    }

    /// The number of groups of steps.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Whether any step pushes something. A `raw` frame does not count, because it may be any message.
    pub(crate) fn pushes(&self) -> bool {
        self.acts().any(|act| match &act.what {
            What::Send(_, send) => matches!(send.kind, SendKind::Push(_)),
            _ => false,
        })
    }

    /// Whether any step waits for a message that is not an answer.
    pub(crate) fn receives(&self) -> bool {
        self.acts().any(|act| matches!(act.what, What::Receive(..)))
    }

    /// Whether a step saves something under this name.
    pub(crate) fn saves(&self, name: Name) -> bool {
        self.acts().any(|act| match &act.what {
            What::Send(_, send) => send.save.iter().any(|save| save.name == name),
            What::Receive(_, receive) => receive.save.iter().any(|save| save.name == name),
            What::Http(http) => http.save.iter().any(|save| save.name == name),
            _ => false,
        })
    }

    /// Whether each play takes this value from its user, or makes it up.
    pub(crate) fn fills(&self, name: Name) -> bool {
        let mut used = self.users.iter().flat_map(|users| &users.used);
        used.any(|column| column.name == name) || self.generated.iter().any(|it| it.name == name)
    }

    /// The number of groups before the first step that is not a successful connect or join. A swarm plays
    /// them once. Requests and sleeps before a connect are included.
    pub(crate) fn opening_groups(&self) -> usize {
        let opens = |what: &What| match what {
            What::Connect(_, connect) => connect.answer == Opening::Open,
            What::Send(_, send) => {
                let ok = match &send.reply {
                    ExpectedReply::Status(status, _) => status.as_fixed() == Some("ok"),
                    ExpectedReply::Any | ExpectedReply::None => false,
                };
                matches!(send.kind, SendKind::Join) && ok
            }
            _ => false,
        };
        let prepares = |what: &What| matches!(what, What::Http(_) | What::Sleep(_));
        let fits = |what: &What| opens(what) || prepares(what);
        let fitting = self
            .groups
            .iter()
            .take_while(|group| group.acts.iter().all(|act| fits(&act.what)))
            .count();
        let last = self.groups[..fitting]
            .iter()
            .rposition(|group| group.acts.iter().any(|act| opens(&act.what)));
        last.map_or(0, |last| last + 1)
    }
}
