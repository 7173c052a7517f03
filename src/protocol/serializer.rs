//! Chooses the decoder and the encoder for the version of a connection.

use super::{DecodeError, EncodeError, Frame, FrameKind, Message, Payload, Vsn, binary, v1, v2};

impl Vsn {
    /// Decodes a frame from a server. Brackets and strings are scanned, and the payload is not checked; use
    /// [`super::json::check`] for that.
    ///
    /// # Errors
    /// If the frame is not a message: not an array of five elements (2.0.0), not an object with topic, event
    /// and payload (1.0.0), or a binary frame that is not a push, a reply or a broadcast or has fields that
    /// are not UTF-8.
    pub fn decode_from_server(self, frame: Frame<'_>) -> Result<Message<'_>, DecodeError> {
        match (self, frame) {
            (Self::V1, Frame::Text(text)) => v1::decode_from_server(text),
            (Self::V1, Frame::Binary(_)) => Err(DecodeError::BinaryInV1),
            (Self::V2, Frame::Text(text)) => v2::decode_from_server(text),
            (Self::V2, Frame::Binary(bytes)) => binary::decode_from_server(bytes),
        }
    }

    /// Decodes a frame from a client, as Phoenix does: every byte is checked as Jason would, and any field
    /// may hold any JSON value. On an error Phoenix raises, and the connection closes with 1011.
    ///
    /// # Errors
    /// If Phoenix raises. In addition, the topic and the ref of a binary frame must be UTF-8, and so must the
    /// join_ref of a join or a leave.
    pub fn decode_from_client(self, frame: Frame<'_>) -> Result<Message<'_>, DecodeError> {
        match (self, frame) {
            (Self::V1, Frame::Text(text)) => v1::decode_from_client(text),
            // Phoenix's V1 serializer never looks at the opcode.
            (Self::V1, Frame::Binary(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => v1::decode_from_client(text),
                Err(error) => Err(DecodeError::NotUtf8 {
                    at: error.valid_up_to(),
                    field: "message",
                }),
            },
            (Self::V2, Frame::Text(text)) => v2::decode_from_client(text),
            (Self::V2, Frame::Binary(bytes)) => binary::decode_from_client(bytes),
        }
    }

    /// Appends the message as a client encodes it. V1 omits the join_ref. The payload is written unchanged.
    ///
    /// # Errors
    /// If the message has no frame; nothing is appended then.
    pub fn encode_from_client(
        self,
        message: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<FrameKind, EncodeError> {
        match (self, message.payload) {
            (_, Payload::BinaryReply { .. }) => return Err(EncodeError::ReplyFromClient),
            (Self::V1, Payload::Binary(_)) => return Err(EncodeError::BinaryInV1),
            (Self::V1, Payload::Json(payload)) => v1::encode_from_client(message, payload, out),
            (Self::V2, Payload::Json(payload)) => v2::encode(message, payload, out),
            (Self::V2, Payload::Binary(data)) => {
                return binary::encode_from_client(message, data, out).map(|()| FrameKind::Binary);
            }
        }
        Ok(FrameKind::Text)
    }

    /// Appends the message as a server encodes it. V1 omits the join_ref. The payload is written unchanged. A
    /// binary payload is sent as a push if there is a join_ref, otherwise as a broadcast; neither carries the
    /// ref.
    ///
    /// # Errors
    /// If Phoenix raises; nothing is appended then.
    pub fn encode_from_server(
        self,
        message: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<FrameKind, EncodeError> {
        match (self, message.payload) {
            (Self::V1, Payload::Json(payload)) => v1::encode_from_server(message, payload, out),
            (Self::V1, Payload::Binary(_) | Payload::BinaryReply { .. }) => {
                return Err(EncodeError::BinaryInV1);
            }
            (Self::V2, Payload::Json(payload)) => v2::encode(message, payload, out),
            (Self::V2, Payload::Binary(data)) => {
                return binary::encode_from_server(message, data, out).map(|()| FrameKind::Binary);
            }
            (Self::V2, Payload::BinaryReply { status, data }) => {
                return binary::encode_reply(message, status, data, out).map(|()| FrameKind::Binary);
            }
        }
        Ok(FrameKind::Text)
    }
}
