//! Steps outside of any connection: HTTP requests and restarts of the server.

use std::sync::Arc;

use super::Play;
use super::failure::Wrong;
use super::recording::{Flooded, Noted, Who};
use super::wait::WaitKind;
use crate::clock::Time;
use crate::scenario::program::What;
use crate::scenario::shorten;
use crate::transport::{RequestError, Response};

impl Play {
    pub(super) fn handle_http(
        &mut self,
        answer: Result<Response, RequestError>,
        now: Time,
    ) -> Result<(), Flooded> {
        let program = Arc::clone(&self.program);
        let waiting = self
            .waits
            .iter()
            .position(|wait| matches!(wait.kind, WaitKind::Http) && wait.over.is_none());
        let noted = match &answer {
            Ok(response) => Noted::Answered(response.clone()),
            Err(error) => Noted::Failed(error.to_string()),
        };
        if let Some(index) = waiting {
            let act = self.waits[index].act;
            if let Some(What::Http(http)) = program.groups.get(self.group).map(|group| &group.acts[act].what)
            {
                match answer {
                    Err(error) => {
                        let wrong = Wrong::server(
                            "the request was not answered",
                            "an answer over HTTP",
                            error.to_string(),
                        );
                        self.fail(act, wrong);
                    }
                    Ok(response) if http.answer.is_some_and(|status| status != response.status) => {
                        let body = String::from_utf8_lossy(&response.body);
                        let actual = format!("{} {}", response.status, shorten(&body));
                        let expected = format!("status {}", http.answer.unwrap_or_default());
                        self.fail(
                            act,
                            Wrong::server("the request was answered otherwise", expected, actual),
                        );
                    }
                    Ok(response) => {
                        if let Some(name) = http.save {
                            self.values
                                .set(name, String::from_utf8_lossy(&response.body).into_owned().into());
                        }
                        if let Some(wait) = self.waits.get_mut(index) {
                            wait.over = Some(0);
                        }
                    }
                }
            }
        }
        self.recording.push(now, Who::Http, noted)
    }

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
