//! The compression of one WebSocket at the server, as the handshake agreed on it.

use super::super::conduct::{
    BrokenDeflate, CompressConduct, CompressedFrames, IncomingContext, ServerContext, ServerWindow, StrayBit,
};
use super::Refused;
use crate::wire::websocket::{
    BeyondWindow, Coding, ContextTakeover, DeflateParams, Deflater, Header, InflateError, Inflater,
    MOST_BITS, Opcode, Part,
};

/// Compresses what the server says, and decompresses what the client says.
pub(crate) struct ServerCompression {
    incoming: Inflater,
    outgoing: Deflater,
    frames: CompressedFrames,
}

/// Erlang's zlib gives about so many bytes at once, and Bandit counts only between them.
const PIECE: usize = 16 << 10;

impl ServerCompression {
    /// As agreed, or as a fault has it.
    pub(crate) fn new(conduct: &CompressConduct, agreed: DeflateParams) -> Self {
        let (mut server, mut client) = (agreed.server, agreed.client);
        if conduct.client_context == IncomingContext::AlwaysDropped {
            client.context = ContextTakeover::Dropped;
        }
        if conduct.context == ServerContext::AlwaysKept {
            server.context = ContextTakeover::Kept;
        }
        if conduct.window == ServerWindow::AlwaysLargest {
            server.window_bits = MOST_BITS;
        }
        Self {
            incoming: Inflater::new(client, BeyondWindow::Read),
            outgoing: Deflater::new(server),
            frames: conduct.frames,
        }
    }

    /// Decompresses a message; none: it is passed over.
    pub(super) fn read(
        &mut self,
        conduct: &CompressConduct,
        message: &[u8],
        max_frame: u64,
    ) -> Result<Option<Vec<u8>>, Refused> {
        let limit = match conduct.most_growth {
            Some(times) => message.len() * times + PIECE,
            None => usize::try_from(max_frame).unwrap_or(usize::MAX),
        };
        match (self.incoming.read(message, limit), conduct.broken) {
            (Ok(message), _) => Ok(Some(message)),
            (Err(InflateError::TooLong(_)), _) => Err(Refused(1009)),
            (Err(_), BrokenDeflate::Ends(code)) => Err(Refused(code)),
            (Err(_), BrokenDeflate::PassedOver) => Ok(None),
        }
    }

    /// Appends a message.
    pub(super) fn write(&mut self, opcode: Opcode, message: &[u8], out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        self.outgoing.write(message, &mut payload);
        if self.frames == CompressedFrames::One {
            let header = Header {
                reserved: Header::COMPRESSED,
                ..Header::new(opcode, payload.len() as u64)
            };
            return header.write_with(&payload, out);
        }
        let (first, rest) = payload.split_at(payload.len() / 2);
        for (opcode, part, piece) in [
            (opcode, Part::More, first),
            (Opcode::Continuation, Part::Last, rest),
        ] {
            let header = Header {
                part,
                reserved: Header::COMPRESSED,
                ..Header::new(opcode, piece.len() as u64)
            };
            header.write_with(piece, out);
        }
    }
}

/// What becomes of a header that has the bit of compression and does not begin a message: the header to go on with. `begun` is the
/// coding of the message whose fragments are coming.
pub(super) fn stray_bit(
    conduct: &CompressConduct,
    header: Header,
    begun: Option<Coding>,
) -> Result<Header, Refused> {
    let is_taken =
        header.length == 0 || (header.opcode == Opcode::Continuation && begun == Some(Coding::Deflate));
    match conduct.stray_bit {
        StrayBit::Refused => Ok(header),
        StrayBit::Raises if !is_taken => Err(Refused::RAISED),
        StrayBit::Raises | StrayBit::PassedOver => Ok(Header {
            reserved: 0,
            ..header
        }),
    }
}
