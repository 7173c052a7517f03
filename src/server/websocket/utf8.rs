//! Finds text that is not UTF-8 before the message is whole: Cowboy does not wait for its end.

use super::super::conduct::{Utf8Check, WireConduct};
use super::{Refused, WebSocket};
use crate::protocol::websocket::{Header, Opcode, mask};

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
        if conduct.utf8 != Utf8Check::EachFragment {
            return Ok(());
        }
        let fragments = self.fragments.as_ref();
        let fragments = fragments.filter(|fragments| fragments.opcode == Opcode::Text);
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
