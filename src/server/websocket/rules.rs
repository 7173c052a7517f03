//! Which frames and texts the web server below Phoenix refuses, and what it answers to a close frame.

use super::super::conduct::{
    CloseEcho, ControlBetween, Interruption, Judgement, LongLengths, Overlooked, StrayContinuation, Unmasked,
    Utf8Check, WireConduct,
};
use super::{Refused, WebSocket};
use crate::wire::websocket::{Coding, Header, Opcode, Violation, mask};

/// Whether a fragment of a message has come that is not the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    No,
    Yes,
}

/// How much of a frame is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Have {
    Begin,
    All,
}

/// What both web servers refuse, with the code that they close with.
pub(super) fn check(
    conduct: &WireConduct,
    header: &Header,
    coding: Coding,
    begun: Begun,
    have: Have,
) -> Result<(), Refused> {
    let out_of_place = match header.opcode {
        Opcode::Text | Opcode::Binary => {
            begun == Begun::Yes && conduct.frames.interruption == Interruption::Refused
        }
        Opcode::Continuation => {
            begun == Begun::No && conduct.frames.stray_continuation == StrayContinuation::Refused
        }
        _ => begun == Begun::Yes && conduct.frames.control_between == ControlBetween::Refused,
    };
    let forbidden = match header.violation_with(coding) {
        None => false,
        // The length is judged last: nothing else is wrong.
        Some(Violation::LengthNotMinimal(_) | Violation::LengthTooBig(_)) => {
            conduct.long_lengths == LongLengths::Refused
        }
        Some(violation) => !is_overlooked(conduct.frames.overlooked, violation),
    };
    let unmasked = header.mask.is_none() && conduct.unmasked == Unmasked::Refused;
    let broken = forbidden || (header.opcode == Opcode::Close && header.length == 1) || out_of_place;
    let judged = have == Have::All || conduct.judgement == Judgement::AtHeader;
    if unmasked || (broken && judged) {
        Err(Refused(1002))
    } else if header.length > conduct.max_frame {
        Err(Refused(1009))
    } else {
        Ok(())
    }
}

/// Whether nobody looks for this mistake.
const fn is_overlooked(overlooked: Overlooked, violation: Violation) -> bool {
    matches!(
        (overlooked, violation),
        (Overlooked::ReservedOpcodes, Violation::ReservedOpcode(_))
            | (Overlooked::LongControl, Violation::LongControl(_))
            | (Overlooked::FragmentedControl, Violation::FragmentedControl)
    )
}

/// The code that a close frame is answered with.
pub(crate) fn close_reply(echo: CloseEcho, payload: &[u8]) -> Option<u16> {
    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
    let reason_is_text = payload
        .get(2..)
        .is_none_or(|reason| std::str::from_utf8(reason).is_ok());
    match (echo, code) {
        (CloseEcho::Normal, _) if !reason_is_text => Some(1002),
        // nil > 2999 holds in Erlang's order of terms.
        (CloseEcho::Normal, None | Some(1000..=1003 | 1007..=1011 | 3000..)) => Some(1000),
        (CloseEcho::Normal, Some(_)) => Some(1002),
        (CloseEcho::Same, None) | (CloseEcho::None, _) => None,
        (CloseEcho::Same, Some(1000..=1003 | 1007..=1011 | 3000..=4999)) if !reason_is_text => Some(1007),
        (CloseEcho::Same, Some(code @ (1000..=1003 | 1007..=1011 | 3000..=4999))) => Some(code),
        (CloseEcho::Same, Some(_)) => Some(1002),
    }
}

/// So many bytes of a frame that is not whole are looked at, each time that more has come.
const CHECKED_EARLY: usize = 4096;

impl WebSocket {
    /// Looks at what came since the last fragment.
    pub(super) fn check_fragments(&mut self, conduct: &WireConduct) -> Result<(), Refused> {
        if conduct.utf8 != Utf8Check::EachFragment {
            return Ok(());
        }
        if let Some(fragments) = &mut self.fragments
            && fragments.opcode == Opcode::Text
            && fragments.coding == Coding::Plain
        {
            fragments.checked += match std::str::from_utf8(&fragments.data[fragments.checked..]) {
                Ok(text) => text.len(),
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => return Err(Refused(1007)),
            };
        }
        Ok(())
    }

    /// Looks at the begin of a frame whose end has not come.
    pub(super) fn check_begin(
        &self,
        conduct: &WireConduct,
        header: &Header,
        begin: &[u8],
    ) -> Result<(), Refused> {
        if conduct.utf8 != Utf8Check::EachFragment || header.reserved != 0 {
            return Ok(());
        }
        let fragments = self.fragments.as_ref();
        let fragments = fragments
            .filter(|fragments| fragments.opcode == Opcode::Text && fragments.coding == Coding::Plain);
        let mut text = match (header.opcode, fragments) {
            (Opcode::Text, _) => Vec::new(),
            (Opcode::Continuation, Some(fragments)) => fragments.data[fragments.checked..].to_vec(),
            _ => return Ok(()),
        };
        let checked = text.len();
        text.extend_from_slice(&begin[..begin.len().min(CHECKED_EARLY)]);
        mask(&mut text[checked..], header.mask.unwrap_or_default(), 0);
        match std::str::from_utf8(&text) {
            Err(error) if error.error_len().is_some() => Err(Refused(1007)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::server::conduct::Conduct;

    fn replies(code: u16) -> (Option<u16>, Option<u16>) {
        let payload = code.to_be_bytes();
        (
            close_reply(CloseEcho::Normal, &payload),
            close_reply(CloseEcho::Same, &payload),
        )
    }

    #[test]
    fn bandit_waits_for_the_end_of_a_broken_frame_and_cowboy_does_not() {
        let judge = |profile, bytes: &[u8], have| {
            let header = Header::parse(bytes).expect("a whole header");
            check(
                &Conduct::of(profile).wire,
                &header,
                Coding::Plain,
                Begun::No,
                have,
            )
            .map_err(|Refused(code)| code)
        };
        let (bandit, cowboy) = (Profile::BANDIT_1_8_12, Profile::COWBOY_1_8_12);
        let (reserved, unmasked) = (&b"\xf1\x85\0\0\0\0"[..], &b"\x81\x05"[..]);
        assert_eq!(judge(bandit, reserved, Have::Begin), Ok(()));
        assert_eq!(judge(bandit, reserved, Have::All), Err(1002));
        assert_eq!(judge(cowboy, reserved, Have::Begin), Err(1002));
        assert_eq!(judge(bandit, unmasked, Have::Begin), Err(1002));
        let huge = b"\xf1\xff\x01\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(judge(bandit, huge, Have::Begin), Err(1009));
    }

    #[test]
    fn bandit_answers_1000_and_cowboy_the_same_code() {
        assert_eq!(replies(1000), (Some(1000), Some(1000)));
        assert_eq!(replies(4001), (Some(1000), Some(4001)));
        assert_eq!(replies(1005), (Some(1002), Some(1002)));
        assert_eq!(replies(5000), (Some(1000), Some(1002)));
        assert_eq!(replies(2000), (Some(1002), Some(1002)));
    }

    #[test]
    fn a_close_frame_without_a_code_is_answered() {
        assert_eq!(close_reply(CloseEcho::Normal, &[]), Some(1000));
        assert_eq!(close_reply(CloseEcho::Same, &[]), None);
    }

    #[test]
    fn the_reason_must_be_text() {
        let payload = [0x03, 0xe8, 0xff];
        assert_eq!(close_reply(CloseEcho::Normal, &payload), Some(1002));
        assert_eq!(close_reply(CloseEcho::Same, &payload), Some(1007));
    }
}
