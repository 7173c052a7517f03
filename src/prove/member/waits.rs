//! The waits of a socket: for replies, for ends of channels, for the end of the connection, and until a moment.

use std::rc::Rc;
use std::time::Duration;

use super::super::account::Answer;
use super::{AwaitsEnd, Member, NoAnswer};
use crate::clock::Time;

impl Member {
    /// Waits until a channel has ended.
    pub(super) async fn ended(&mut self, topic: &Rc<str>) -> Result<(), NoAnswer> {
        let deadline = self.site.now() + self.site.timeout();
        while !self.account.is_over(topic) {
            if !self.is_open() {
                return Err(NoAnswer::Disconnected);
            }
            if self.step(deadline).await.is_over() {
                return Err(NoAnswer::InTime);
            }
        }
        Ok(())
    }

    /// Waits for the reply to a message.
    pub(in super::super) async fn answer(
        &mut self,
        topic: &str,
        reference: u64,
    ) -> Result<(Answer, Time), NoAnswer> {
        let deadline = self.site.now() + self.site.timeout();
        loop {
            if let Some(index) = self.answers.iter().position(|(of, ..)| *of == reference) {
                let (_, answer, at) = self.answers.swap_remove(index);
                return Ok((answer, at));
            }
            if !self.is_open() {
                return Err(NoAnswer::Disconnected);
            }
            if !self.account.is_due(reference) {
                return Err(if self.account.is_over(topic) {
                    NoAnswer::ChannelOver
                } else {
                    NoAnswer::InTime
                });
            }
            if self.step(deadline).await.is_over() {
                self.account.give_up(deadline - self.site.timeout());
                return Err(NoAnswer::InTime);
            }
        }
    }

    /// Takes what comes until this moment. Ends earlier if the connection does.
    pub(in super::super) async fn listen(&mut self, until: Time) {
        while self.is_open() && !self.step(until).await.is_over() {}
    }

    /// Takes what comes until this moment, and waits for it even if the connection ends earlier.
    pub(in super::super) async fn until(&mut self, at: Time) {
        while self.is_open() && !self.step(at).await.is_over() {}
        if !self.is_open() {
            self.site.until(at).await;
        }
    }

    /// Takes what comes until all replies are there, at most for the usual timeout.
    pub(in super::super) async fn settle(&mut self) {
        let deadline = self.site.now() + self.site.timeout();
        while self.is_open() && self.account.dues() > 0 {
            if self.step(deadline).await.is_over() {
                break;
            }
        }
        self.account.give_up(deadline);
    }

    /// Waits for the end of the connection, which the server is to bring about.
    pub(in super::super) async fn until_disconnected(&mut self, within: Duration) -> Result<(), NoAnswer> {
        self.awaits_end = AwaitsEnd::Yes;
        let deadline = self.site.now() + within;
        while self.is_open() {
            if self.step(deadline).await.is_over() {
                return Err(NoAnswer::InTime);
            }
        }
        Ok(())
    }
}
