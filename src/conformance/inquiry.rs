//! Plays a small scenario at a target, to find out one thing about it before the cases run.

use std::rc::Rc;
use std::sync::Arc;

use super::context::RunContext;
use super::offered::setting;
use crate::scenario::{Play, PlayStatus, read};

/// The play of a scenario with these numbers for its fresh names; `None` if its source cannot be read.
pub(super) async fn played(context: &Rc<RunContext>, source: &str, first_fresh: u64) -> Option<Play> {
    let program = read("probe", source).ok()?;
    let mut play = Play::new(Arc::new(program), setting(context, Vec::new(), first_fresh));
    context.play(&mut play).await;
    Some(play)
}

/// Whether all its steps hold.
pub(super) async fn holds(context: &Rc<RunContext>, source: &str, first_fresh: u64) -> bool {
    let play = played(context, source, first_fresh).await;
    play.is_some_and(|play| matches!(play.progress(), PlayStatus::Over))
}
