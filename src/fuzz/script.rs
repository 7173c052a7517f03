//! A conversation that is to be played: its scenario, and the messages that it should bring.

use std::sync::Arc;

use super::conversation::MadeConversation;
use super::model;
use super::prediction::Prediction;
use super::written;
use crate::conformance::Log;
use crate::profile::Profile;
use crate::scenario::{Program, ScenarioError, read};

/// A conversation that is to be played.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) prediction: Prediction,
    /// The scenario.
    pub(super) text: String,
    pub(super) program: Arc<Program>,
    /// The predicted messages.
    pub(super) expected: Log,
    /// How many clients broadcast.
    pub(super) senders: usize,
}

/// The messages that a server should have sent, as another one has sent them.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// The name of the other server.
    pub(super) said_by: &'static str,
    pub(super) log: Log,
}

impl Reference {
    pub(super) const fn new(said_by: &'static str, log: Log) -> Self {
        Self { said_by, log }
    }
}

impl Script {
    /// Writes the scenario of a conversation; nothing if it has no step to play.
    ///
    /// # Errors
    /// If the scenario cannot be read, which is a mistake of this tool.
    pub(super) fn new(
        conversation: &MadeConversation,
        profile: Profile,
    ) -> Result<Option<Self>, ScenarioError> {
        let prediction = model::predict(conversation, profile);
        let text = written::scenario("A generated conversation.", &prediction);
        if written::steps_of(&text) == 0 {
            return Ok(None);
        }
        let program = Arc::new(read("generated.yaml", &text)?);
        let expected = written::log(&prediction, &program);
        Ok(Some(Self {
            senders: prediction.broadcasters.len(),
            prediction,
            text,
            program,
            expected,
        }))
    }

    /// A scenario of a file with its fixture. Nobody knows how many of its clients broadcast.
    pub(super) fn saved(text: String, program: Arc<Program>, expected: Log) -> Self {
        Self {
            prediction: Prediction::default(),
            text,
            program,
            expected,
            senders: usize::MAX,
        }
    }
}

/// Whether the messages of a channel are out of order, or the broadcasts of one sender. Between them there is no order: they come
/// from different processes.
pub(super) fn is_out_of_order(expected: &[String], actual: &[String], senders: usize) -> bool {
    let is_broadcast =
        |line: &&String| line.starts_with("[null,null,") || line.starts_with("binary broadcast");
    let differ = |of_broadcasts: bool| {
        let chosen = |line: &&String| is_broadcast(line) == of_broadcasts;
        expected.iter().filter(chosen).ne(actual.iter().filter(chosen))
    };
    differ(false) || (senders < 2 && differ(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_order_within_a_channel_and_of_one_sender_counts() {
        let lines = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let first = lines(r#"["1","2" [null,null,1 [null,null,2 ["1","3""#);
        let between = lines(r#"["1","2" ["1","3" [null,null,1 [null,null,2"#);
        let broadcasts = lines(r#"["1","2" [null,null,2 [null,null,1 ["1","3""#);
        let replies = lines(r#"["1","3" [null,null,1 [null,null,2 ["1","2""#);
        assert!(!is_out_of_order(&first, &between, 1));
        assert!(is_out_of_order(&first, &broadcasts, 1));
        assert!(!is_out_of_order(&first, &broadcasts, 2));
        assert!(is_out_of_order(&first, &replies, 2));
    }
}
