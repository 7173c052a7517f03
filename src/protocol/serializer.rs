//! The two versions behind one door: which decoder reads a frame, which encoder writes a message.

use super::{DecodeError, EncodeError, Frame, FrameKind, Message, Payload, Vsn, binary, v1, v2};

impl Vsn {
    /// Reads what a server sent. Brackets and strings are walked, the payload is left as it is: whoever wants to
    /// know that it is well-formed asks [`super::json::check`].
    ///
    /// # Errors
    /// What is no message: another shape than five elements (2.0.0) or an object with topic, event and payload
    /// (1.0.0), a binary frame that is none of push, reply and broadcast, or whose fields are not UTF-8.
    pub fn decode_from_server(self, frame: Frame<'_>) -> Result<Message<'_>, DecodeError> {
        match (self, frame) {
            (Self::V1, Frame::Text(text)) => v1::decode_from_server(text),
            (Self::V1, Frame::Binary(_)) => Err(DecodeError::BinaryInV1),
            (Self::V2, Frame::Text(text)) => v2::decode_from_server(text),
            (Self::V2, Frame::Binary(bytes)) => binary::decode_from_server(bytes),
        }
    }

    /// Reads what a client sent, as Phoenix does: every byte is checked as Jason would, any JSON value may stand in
    /// any field. Where this fails Phoenix raises, and the connection closes with 1011.
    ///
    /// # Errors
    /// What Phoenix raises for. One thing more: the topic and the ref of a binary frame must be UTF-8, and the join_ref
    /// of a join or a leave.
    pub fn decode_from_client(self, frame: Frame<'_>) -> Result<Message<'_>, DecodeError> {
        match (self, frame) {
            (Self::V1, Frame::Text(text)) => v1::decode_from_client(text),
            // Phoenix's V1 serializer never asks for the opcode.
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

    /// Appends the message as a client says it. V1 leaves the join_ref out. The payload is written as it is.
    ///
    /// # Errors
    /// What has no frame; nothing was appended then.
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

    /// Appends the message as a server says it. V1 leaves the join_ref out. The payload is written as it is. Bytes go
    /// out as a push if there is a join_ref, else as a broadcast; neither carries the ref.
    ///
    /// # Errors
    /// What Phoenix raises for; nothing was appended then.
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
