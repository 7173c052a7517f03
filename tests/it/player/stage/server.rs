//! What the recorded server said and did, said and done again to the client that plays.

use std::collections::VecDeque;

use tokio::io::AsyncWriteExt;

use super::super::transcript::{Line, Said};
use super::super::wire::{self, BINARY, CLOSE, Frame, PONG, TEXT};
use super::{Conversation, News, Open, Stage, send};

impl Stage {
    pub(super) async fn open(&mut self, actor: &str) {
        let Some(at) = self.asked.iter().position(|it| it.0 == actor) else {
            return;
        };
        let (actor, request, mut tcp) = self.asked.remove(at);
        send(&mut tcp, request.switching().as_bytes()).await;
        let (mut read, write) = tcp.into_split();
        let index = self.conversations.len();
        let desk = self.desk.clone();
        tokio::spawn(async move {
            while let Some(frame) = Frame::read(&mut read).await {
                let _ = desk.send(News::Frame(index, frame));
            }
            let _ = desk.send(News::Gone(index));
        });
        let said = VecDeque::new();
        self.conversations.push(Conversation {
            actor,
            write,
            said,
            line: Open::Yes,
            long: String::new(),
        });
    }

    pub(super) async fn reply(&mut self, actor: &str, status: u16, content_type: Option<&str>, body: &str) {
        if let Some(at) = self.asked.iter().position(|it| it.0 == actor) {
            let (.., mut tcp) = self.asked.remove(at);
            send(&mut tcp, wire::answer(status, content_type, body).as_bytes()).await;
        }
    }

    pub(super) async fn say(&mut self, line: &Line, said: &Said) {
        let Some(index) = self.conversation(&line.actor) else {
            return;
        };
        let bytes = match said {
            Said::Text(text) => wire::frame(TEXT, self.names.text(text).as_bytes()),
            Said::LongText { head, bytes } => {
                let begin = self.names.text(head);
                let answer = echo(&self.conversations[index].long, &begin);
                if !answer.starts_with(&begin) || answer.len() != bytes + begin.len() - head.len() {
                    self.complain(line, &format!("{begin}… ({bytes} bytes)"), &answer);
                }
                wire::frame(TEXT, answer.as_bytes())
            }
            Said::Binary(bytes) => wire::frame(BINARY, &self.names.binary_from_server(bytes)),
            Said::Pong(payload) => wire::frame(PONG, payload),
            Said::Frame { opcode, payload, .. } => wire::frame(*opcode, payload),
        };
        send(&mut self.conversations[index].write, &bytes).await;
    }

    pub(super) async fn close(&mut self, actor: &str, code: u16) {
        if let Some(index) = self.conversation(actor) {
            let frame = wire::frame(CLOSE, &code.to_be_bytes());
            send(&mut self.conversations[index].write, &frame).await;
            self.end(actor).await;
        }
    }

    pub(super) async fn end(&mut self, actor: &str) {
        if let Some(index) = self.conversation(actor) {
            let conversation = &mut self.conversations[index];
            let _ = conversation.write.shutdown().await;
            if conversation.line == Open::Yes {
                conversation.line = Open::Closed;
            }
        }
    }
}

/// The answer to a long text: its payload comes back, as these cases ask for it.
fn echo(asked: &str, begin: &str) -> String {
    let Some((head, _)) = begin.split_once(r#"{"response":"#) else {
        return String::new();
    };
    // What stands before the payload is as long in the question, but for the event's name.
    let payload = asked
        .match_indices(",{")
        .next()
        .map_or("", |(at, _)| &asked[at + 1..]);
    let payload = payload.strip_suffix(']').unwrap_or(payload);
    if begin.contains(r#"{"response":{"params":"#) {
        return format!(r#"{head}{{"response":{{"params":{payload}}},"status":"ok"}}]"#);
    }
    format!(r#"{head}{{"response":{payload},"status":"ok"}}]"#)
}
