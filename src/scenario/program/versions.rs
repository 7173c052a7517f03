//! Which serializer version each connection of a scenario uses, and which the server must support.

use super::super::needs::Level;
use super::super::template::Template;
use super::{Act, Actor, Connect, OutgoingPayload, Program, What};
use crate::protocol::Vsn;
use crate::transport::TOKEN;

impl Connect {
    /// The serializer that its params name, if it is a known one.
    pub(crate) fn vsn(&self) -> Option<Vsn> {
        let (_, asked) = self.params.iter().find(|(key, _)| key == "vsn")?;
        let asked = asked.as_ref()?;
        [Vsn::V1, Vsn::V2]
            .into_iter()
            .find(|vsn| *asked == Template::text(vsn.as_str()))
    }
}

impl Program {
    /// The serializer of an actor's connection with this number (from 1): the one that its params name, or
    /// `otherwise`.
    pub(crate) fn vsn_of(&self, actor: Actor, number: u32, otherwise: Vsn) -> Vsn {
        let nth = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        let mut connects = self.acts().filter_map(|act| match &act.what {
            What::Connect(it, connect) if *it == actor => Some(connect),
            _ => None,
        });
        connects.nth(nth).and_then(Connect::vsn).unwrap_or(otherwise)
    }

    /// Whether it needs a server that supports 1.0.0.
    pub fn needs_v1(&self) -> bool {
        let asks = |act: &Act| matches!(&act.what, What::Connect(_, it) if it.vsn() == Some(Vsn::V1));
        self.vsn == Some(Vsn::V1) || self.acts().any(asks)
    }

    /// Whether it needs a server with the tokens of the target contract: it connects as a user, asks for a token, ends the
    /// connections of a user, or shows a token that must be refused. In a scenario without a level of the contract, and where
    /// users get their tokens from pages, the param `token` and the paths are those of the user's own application.
    pub fn wants_tokens(&self) -> bool {
        let has_users = self
            .acts()
            .any(|act| matches!(&act.what, What::Http(http) if http.by.is_some()));
        let of_contract = self.level >= Some(Level::Lab) && !has_users;
        self.acts().any(|act| match &act.what {
            What::Connect(_, it) => {
                it.user.is_some() || (of_contract && it.params.iter().any(|(key, _)| key == TOKEN))
            }
            What::Http(http) => {
                of_contract && ["/token/", "/disconnect/"].iter().any(|path| http.path.has(path))
            }
            _ => false,
        })
    }

    /// Whether it connects with a token that was signed some time ago.
    pub fn wants_old_tokens(&self) -> bool {
        self.acts()
            .any(|act| matches!(&act.what, What::Connect(_, it) if it.token_age.is_some()))
    }

    /// Whether it only makes sense with 2.0.0: it has binary payloads or hand-made messages.
    pub fn needs_v2(&self) -> bool {
        self.vsn.is_none()
            && self.acts().any(|act| match &act.what {
                What::Send(_, send) => matches!(send.payload, OutgoingPayload::Binary(_)),
                What::Raw(..) => true,
                _ => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use super::*;

    #[test]
    fn each_connection_speaks_what_its_params_say() {
        let source = "about: A.\nsteps:\n  - ana: connect\n  - ana: cut\n  \
                      - ana: { connect: socket, params: { vsn: 1.0.0 } }\n";
        let program = read("a.yaml", source).expect("a scenario");
        let speaks = |number| program.vsn_of(Actor(0), number, Vsn::V2);
        assert_eq!([speaks(1), speaks(2), speaks(3)], [Vsn::V2, Vsn::V1, Vsn::V2]);
        assert!(program.needs_v1());
    }

    #[test]
    fn only_the_contract_makes_tokens_and_their_pages_those_of_phxproof() {
        let wants = |head: &str, step: &str| {
            let source = format!("about: A.\n{head}fresh: [ana]\nsteps:\n  - {step}\n");
            read("a.yaml", &source).expect("a scenario").wants_tokens()
        };
        let own = "ana: { connect: socket, params: { token: abc } }";
        let page = "http: GET /token/{{ana}}";
        assert!(wants("", "ana: { connect: socket, as: ana }"));
        assert!(wants("level: lab\n", own) && wants("level: rumbl\n", page));
        assert!(!wants("", own) && !wants("level: room\n", page));
        assert!(!wants(
            "level: lab\n",
            "http: POST {{mount}}/longpoll?vsn=2.0.0&token=forged"
        ));
    }

    #[test]
    fn a_vsn_that_is_neither_version_changes_nothing() {
        let source = "about: A.\nsteps:\n  - ana: { connect: socket, params: { vsn: 2.0.5 } }\n";
        let program = read("a.yaml", source).expect("a scenario");
        assert_eq!(program.vsn_of(Actor(0), 1, Vsn::V2), Vsn::V2);
        assert!(!program.needs_v1());
    }
}
