//! Reads a client's message with the serializer of its session.

use super::conduct::{BinarySizes, WireConduct};
use crate::protocol::{Frame, Message, Vsn};

/// The message; none: the serializer cannot read it.
pub(crate) fn decode<'f>(conduct: &WireConduct, vsn: Vsn, frame: Frame<'f>) -> Option<Message<'f>> {
    let signed = conduct.binary_sizes == BinarySizes::Signed;
    let message = vsn.decode_from_client(frame).ok()?;
    (!(signed && has_large_size(vsn, frame))).then_some(message)
}

/// Whether one of the four sizes in the header of a binary message is above 127.
fn has_large_size(vsn: Vsn, frame: Frame<'_>) -> bool {
    matches!((vsn, frame), (Vsn::V2, Frame::Binary(bytes)) if bytes.iter().skip(1).take(4).any(|&size| size > 127))
}
