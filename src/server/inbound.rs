//! From the kernel to messages: WebSocket frames, held against what the web server below Phoenix takes.

use std::io::{ErrorKind, Read};

use super::conduct::{
    BinarySizes, CloseEcho, Ending, Hangup, Judgement, LongLengths, Pong, Unmasked, Utf8Check, WireConduct,
};
use super::core::{Core, Pipelined};
use super::frames;
use super::http::Body;
use super::outbound::Turn;
use super::peer::{Fragments, PeerStage, Unread, Voice};
use crate::protocol::websocket::{Header, LengthForm, Opcode, Part, mask};
use crate::protocol::{Frame, Vsn};

mod utf8;

/// A protocol error, as a close code.
struct Refused(u16);

/// So many reads in a row, and the others have their turn.
const READS_IN_A_ROW: usize = 8;

impl Core {
    /// The kernel has input for a connection.
    pub(crate) fn readable(&mut self, peer: u32, buffer: &mut [u8]) {
        for _ in 0..READS_IN_A_ROW {
            let Some(receiver) = self.peers.get_mut(peer as usize) else {
                return;
            };
            if receiver.is_blocked() {
                receiver.unread = Unread::Something;
                return;
            }
            match receiver.stream.read(buffer) {
                Ok(0) => return self.drop_peer(peer),
                Ok(n) => {
                    self.refresh(peer);
                    self.take_in(peer, &mut buffer[..n]);
                    self.run_channels();
                    self.end_turn(peer);
                    if n < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    receiver.unread = Unread::Nothing;
                    return;
                }
                Err(_) => return self.drop_peer(peer),
            }
        }
        if let Some(receiver) = self.peers.get_mut(peer as usize) {
            receiver.unread = Unread::Something;
            self.greedy.push(peer);
        }
    }

    /// A connection that was blocked goes on: first with the input that it had read already, then with its mail, then
    /// with what came meanwhile.
    pub(crate) fn resume(&mut self, peer: u32) {
        self.refresh(peer);
        self.take_in(peer, &mut []);
        self.run_channels();
        self.end_turn(peer);
        if let Some(receiver) = self.peers.get(peer as usize)
            && receiver.unread == Unread::Something
            && !receiver.is_blocked()
        {
            self.greedy.push(peer);
        }
    }

    /// Handles new input behind what waits, and keeps what is not whole.
    fn take_in(&mut self, peer: u32, fresh: &mut [u8]) {
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        if receiver.input.is_empty() {
            let used = self.handle(peer, fresh);
            if let Some(receiver) = self.peers.get_mut(peer as usize)
                && used < fresh.len()
            {
                receiver.input = fresh[used..].to_vec();
            }
            return;
        }
        let mut input = std::mem::take(&mut receiver.input);
        input.extend_from_slice(fresh);
        let used = self.handle(peer, &mut input);
        if let Some(receiver) = self.peers.get_mut(peer as usize)
            && used < input.len()
        {
            input.drain(..used);
            receiver.input = input;
        }
    }

    /// Handles as much input as is whole, and says how much that was.
    fn handle(&mut self, peer: u32, input: &mut [u8]) -> usize {
        let mut at = 0;
        while at < input.len() {
            let Some(receiver) = self.peers.get_mut(peer as usize) else {
                return input.len();
            };
            let used = match &receiver.stage {
                PeerStage::Leaving => return input.len(),
                PeerStage::Http(..) if receiver.backlog.is_some() => 0,
                PeerStage::Http(_, Body::NONE) => self.request(peer, &input[at..]),
                &PeerStage::Http(_, body) => self.skip_body(peer, body, &input[at..]),
                PeerStage::Socket(_) if receiver.is_blocked() => 0,
                PeerStage::Socket(_) => self.frame(peer, &mut input[at..]),
            };
            if used == 0 {
                break;
            }
            at += used;
        }
        at
    }

    /// Handles one frame, if it is whole.
    fn frame(&mut self, peer: u32, input: &mut [u8]) -> usize {
        let Some(header) = Header::parse(input) else {
            return 0;
        };
        let begun = self.socket(peer).is_some_and(|socket| socket.fragments.is_some());
        let message = if begun { Message::Begun } else { Message::None };
        let end = usize::try_from(header.length)
            .unwrap_or(usize::MAX)
            .saturating_add(header.header_len());
        let have = if input.len() >= end {
            Have::All
        } else {
            Have::Begin
        };
        if let Err(Refused(code)) = check(&self.shared.conduct.wire, &header, message, have) {
            self.refuse(peer, code);
            return input.len();
        }
        let pipelined = if input.len() > end {
            Pipelined::Yes
        } else {
            Pipelined::No
        };
        let Some(payload) = input.get_mut(header.header_len()..end) else {
            return match self.check_begin(peer, &header, &input[header.header_len()..]) {
                Ok(()) => 0,
                Err(Refused(code)) => {
                    self.refuse(peer, code);
                    input.len()
                }
            };
        };
        mask(payload, header.mask.unwrap_or_default(), 0);
        self.pipelined = pipelined;
        let turn = match self.whole_frame(peer, &header, payload) {
            Ok(turn) => turn,
            Err(Refused(code)) => self.refuse(peer, code),
        };
        match turn {
            Turn::GoesOn => end,
            Turn::IsOver => input.len(),
        }
    }

    fn refuse(&mut self, peer: u32, code: u16) -> Turn {
        self.hang_up(
            peer,
            Ending {
                code,
                hangup: Hangup::AtOnce,
            },
        )
    }

    fn whole_frame(&mut self, peer: u32, header: &Header, payload: &[u8]) -> Result<Turn, Refused> {
        match (header.opcode, header.part) {
            (Opcode::Text | Opcode::Binary, Part::Last) => self.message(peer, header.opcode, payload),
            (Opcode::Text | Opcode::Binary, Part::More) => {
                let Some(socket) = self.socket(peer) else {
                    return Ok(Turn::IsOver);
                };
                let fragments = Fragments {
                    opcode: header.opcode,
                    data: payload.to_vec(),
                    checked: 0,
                };
                socket.fragments = Some(Box::new(fragments));
                self.check_fragments(peer)?;
                Ok(Turn::GoesOn)
            }
            (Opcode::Continuation, part) => self.continuation(peer, part, payload),
            (Opcode::Close, _) => Ok(self.close_frame(peer, payload)),
            (Opcode::Ping, _) => {
                self.pong(peer, payload);
                Ok(Turn::GoesOn)
            }
            (Opcode::Pong, _) => Ok(Turn::GoesOn),
            (Opcode::Reserved(_), _) => Err(Refused(1002)),
        }
    }

    fn pong(&mut self, peer: u32, payload: &[u8]) {
        if self
            .socket(peer)
            .is_some_and(|socket| socket.voice == Voice::Speaks)
        {
            let payload = match self.shared.conduct.wire.pong {
                Pong::SamePayload => payload,
                Pong::Empty => &[],
            };
            frames::pong(payload, &mut self.out);
        }
    }

    fn continuation(&mut self, peer: u32, part: Part, payload: &[u8]) -> Result<Turn, Refused> {
        let conduct = &self.shared.conduct.wire;
        let (most, empty) = (conduct.max_message, conduct.empty_fragment_code);
        let Some(fragments) = self.socket(peer).and_then(|socket| socket.fragments.as_mut()) else {
            return Ok(Turn::IsOver);
        };
        if let (Part::More, true, Some(code)) = (part, payload.is_empty(), empty) {
            return Err(Refused(code));
        }
        if fragments.data.len() + payload.len() > most {
            return Err(Refused(1009));
        }
        fragments.data.extend_from_slice(payload);
        if part == Part::More {
            self.check_fragments(peer)?;
            return Ok(Turn::GoesOn);
        }
        let whole = self.socket(peer).and_then(|socket| socket.fragments.take());
        whole.map_or(Ok(Turn::IsOver), |whole| {
            self.message(peer, whole.opcode, &whole.data)
        })
    }

    fn message(&mut self, peer: u32, opcode: Opcode, data: &[u8]) -> Result<Turn, Refused> {
        let Some(vsn) = self.socket(peer).map(|socket| socket.dialect.vsn) else {
            return Ok(Turn::IsOver);
        };
        let frame = match opcode {
            Opcode::Text => match std::str::from_utf8(data) {
                Ok(text) => Frame::Text(text),
                Err(_) if self.shared.conduct.wire.utf8 == Utf8Check::PassedOver => return Ok(Turn::GoesOn),
                Err(_) => return Err(Refused(1007)),
            },
            _ => Frame::Binary(data),
        };
        match vsn.decode_from_client(frame) {
            Ok(_)
                if self.shared.conduct.wire.binary_sizes == BinarySizes::Signed
                    && has_large_size(vsn, frame) =>
            {
                Ok(self.raised(peer))
            }
            Ok(message) => {
                self.receive(peer, &message);
                Ok(Turn::GoesOn)
            }
            Err(_) => Ok(self.raised(peer)),
        }
    }

    fn close_frame(&mut self, peer: u32, payload: &[u8]) -> Turn {
        let silent = self
            .socket(peer)
            .is_some_and(|socket| socket.voice == Voice::Silent);
        match self.shared.conduct.wire.close_echo {
            CloseEcho::None => self.close_later(peer),
            // The client has answered: there is nothing left to wait for.
            _ if silent => self.close_later(peer),
            echo => return self.say_goodbye(peer, close_reply(echo, payload), Hangup::AtOnce),
        }
        Turn::IsOver
    }
}

/// Whether fragments of a message have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    None,
    Begun,
}

/// How much of a frame is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Have {
    Begin,
    All,
}

/// What both web servers refuse, with the code that they close with.
fn check(conduct: &WireConduct, header: &Header, message: Message, have: Have) -> Result<(), Refused> {
    let control = header.opcode.is_control();
    let out_of_place = match header.opcode {
        Opcode::Text | Opcode::Binary => message == Message::Begun,
        Opcode::Continuation => message == Message::None,
        _ => false,
    };
    let padded = header.form > LengthForm::shortest(header.length);
    let unmasked = header.mask.is_none() && conduct.unmasked == Unmasked::Refused;
    let broken = header.reserved != 0
        || matches!(header.opcode, Opcode::Reserved(_))
        || (control && (header.part == Part::More || header.length > 125))
        || (header.opcode == Opcode::Close && header.length == 1)
        || ((padded || header.length >> 63 != 0) && conduct.long_lengths == LongLengths::Refused)
        || out_of_place;
    let judged = have == Have::All || conduct.judgement == Judgement::AtHeader;
    if unmasked || (broken && judged) {
        Err(Refused(1002))
    } else if header.length > conduct.max_frame {
        Err(Refused(1009))
    } else {
        Ok(())
    }
}

/// The code that a close frame is answered with.
fn close_reply(echo: CloseEcho, payload: &[u8]) -> Option<u16> {
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

/// Whether one of the four sizes in the header of a binary message is above 127.
fn has_large_size(vsn: Vsn, frame: Frame<'_>) -> bool {
    matches!((vsn, frame), (Vsn::V2, Frame::Binary(bytes)) if bytes.iter().skip(1).take(4).any(|&size| size > 127))
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
            check(&Conduct::of(profile).wire, &header, Message::None, have).map_err(|Refused(code)| code)
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
