//! Restarts of the server.

use super::Play;
use super::failure::Wrong;
use super::recording::{Flooded, Noted, Who};
use super::wait::WaitKind;
use crate::clock::Time;

impl Play {
    pub(super) fn handle_restarted(&mut self, result: Result<(), String>, now: Time) -> Result<(), Flooded> {
        let waiting = self
            .waits
            .iter()
            .position(|wait| matches!(wait.kind, WaitKind::Restarted));
        if let Some(index) = waiting {
            match &result {
                Ok(()) => self.waits[index].over = Some(0),
                Err(why) => {
                    let act = self.waits[index].act;
                    self.fail(
                        act,
                        Wrong::server("the server did not come back", "a server that answers", why),
                    );
                }
            }
        }
        self.recording
            .push(now, Who::Server, Noted::Server("started again"))
    }
}
