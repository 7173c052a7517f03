//! Text that is known to be none before it is whole: Cowboy does not wait for the end.

use super::super::conduct::Utf8Check;
use super::super::core::Core;
use super::Refused;
use crate::protocol::websocket::{Header, Opcode, mask};

/// So many bytes of a frame that is not whole are looked at, each time that more has come.
const CHECKED_EARLY: usize = 4096;

impl Core {
    /// Looks at what came since the last fragment.
    pub(super) fn check_fragments(&mut self, peer: u32) -> Result<(), Refused> {
        if self.shared.conduct.wire.utf8 != Utf8Check::EachFragment {
            return Ok(());
        }
        let Some(fragments) = self.socket(peer).and_then(|socket| socket.fragments.as_mut()) else {
            return Ok(());
        };
        if fragments.opcode == Opcode::Text {
            fragments.checked += match std::str::from_utf8(&fragments.data[fragments.checked..]) {
                Ok(text) => text.len(),
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => return Err(Refused(1007)),
            };
        }
        Ok(())
    }

    /// Looks at the begin of a frame whose end has not come.
    pub(super) fn check_begin(&mut self, peer: u32, header: &Header, begin: &[u8]) -> Result<(), Refused> {
        if self.shared.conduct.wire.utf8 != Utf8Check::EachFragment {
            return Ok(());
        }
        let fragments = self
            .socket(peer)
            .and_then(|socket| socket.fragments.as_ref())
            .filter(|fragments| fragments.opcode == Opcode::Text);
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
