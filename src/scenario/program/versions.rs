//! Which serializer version each connection of a scenario uses, and which the server must support.

use super::super::template::Template;
use super::{Act, Actor, Connect, OutgoingPayload, Program, What};
use crate::protocol::Vsn;

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
    fn a_vsn_that_is_neither_version_changes_nothing() {
        let source = "about: A.\nsteps:\n  - ana: { connect: socket, params: { vsn: 2.0.5 } }\n";
        let program = read("a.yaml", source).expect("a scenario");
        assert_eq!(program.vsn_of(Actor(0), 1, Vsn::V2), Vsn::V2);
        assert!(!program.needs_v1());
    }
}
