//! The result of a run.

use std::collections::BTreeMap;

use super::corpus::CorpusResult;
use super::find::Find;
use super::generate::Offers;
use super::prediction::StepInState;
use crate::profile::Profile;

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct FuzzResult {
    pub(crate) profile: Option<Profile>,
    /// The version that the second server is like, if two are compared.
    pub(crate) other_profile: Option<Profile>,
    pub(crate) offers: Offers,
    pub(crate) conversations: u64,
    pub(crate) messages: u64,
    /// The failures of earlier runs, played again.
    pub(crate) corpus: CorpusResult,
    pub(crate) finds: Vec<Find>,
    /// Conversations that could not be judged, with a reason of one of them.
    pub(crate) undecided: u64,
    pub(crate) why_undecided: Option<String>,
    /// How often each kind of step was taken in each kind of state.
    pub(crate) covered: BTreeMap<StepInState, u64>,
    pub(crate) cut_short: bool,
    /// The reason why the server counts as gone, if it lets nobody in any more.
    pub(crate) gone: Option<String>,
}

impl FuzzResult {
    /// Whether a conversation failed, a new one or one of the corpus.
    pub(crate) fn has_failed(&self) -> bool {
        !self.finds.is_empty() || !self.corpus.failing.is_empty()
    }

    /// Adds a failure, and returns its number. One that touches the same rule in the same way counts with the earlier one. Names are not
    /// given twice.
    pub(super) fn add(&mut self, mut find: Find) -> usize {
        if let Some(number) = self.finds.iter().position(|it| it.is_like(&find)) {
            self.finds[number].times += find.times;
            return number;
        }
        if self.finds.iter().any(|it| it.name == find.name) {
            find.name.push_str(&format!("-{}", self.finds.len() + 1));
        }
        self.finds.push(find);
        self.finds.len() - 1
    }
}
