//! Every built-in case against the recording it is called after: the scenario says exactly what the recorded client
//! said, and the fixture is what the recorded server answered. `PHXPROOF_WRITE_FIXTURES=1 cargo test recordings`
//! writes pending fixtures from the recordings: first those of the default profile, after a rebuild what differs.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phxproof::Target;
use phxproof::conformance::internal::{
    Case, CheckSettings, Lent, Pending, Update, accept, built_in, judge_one,
};
use phxproof::conformance::{HeldTo, Verdict};
use phxproof::profile::Profile;
use phxproof::scenario::internal::Restart;

use crate::player::Player;

fn recording(profile: Profile, case: &Case) -> Option<PathBuf> {
    let server = profile.name().trim_start_matches("phoenix-");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/transcripts/{server}/{}.jsonl", case.id));
    path.exists().then_some(path)
}

/// A player that a case may restart.
struct Stage {
    player: Rc<Player>,
    target: Target,
}

impl Lent for Stage {
    fn target(&self) -> Target {
        self.target.clone()
    }

    fn restart(&mut self, _how: Restart) -> Pending<'_, Result<(), String>> {
        Box::pin(async {
            self.player.restart().await;
            Ok(())
        })
    }
}

/// Plays one case against its recording; what is wrong, if anything.
async fn play(profile: Profile, case: Arc<Case>, path: PathBuf, update: Update) -> Option<String> {
    let player = Rc::new(Player::start(&path).await);
    let target = Target::parse(&format!("ws://{}/socket", player.address)).unwrap();
    let settings = CheckSettings {
        update,
        timeout: Duration::from_secs(30),
        ..CheckSettings::new(target.clone(), vec![Arc::clone(&case)])
    };
    let stage = Stage {
        player: Rc::clone(&player),
        target,
    };
    let lent: Option<Box<dyn Lent>> = Some(Box::new(stage));
    let result = judge_one(&case, settings, HeldTo::Profile(profile), lent).await;
    let Ok(player) = Rc::try_unwrap(player) else {
        return Some(format!("{}: still on stage", case.id));
    };
    let said = player.finish().await.err().unwrap_or_default();
    let held = result.verdict == Verdict::Pass && result.close_verdict == Verdict::Pass;
    if held && said.is_empty() && case.has_fixture() {
        return None;
    }
    let finding = result.finding.as_ref().or(result.close_finding.as_ref());
    Some(format!(
        "{profile} {}: {:?} {finding:?} {:?} {}",
        case.id,
        result.verdict,
        result.note,
        said.join("; ")
    ))
}

/// Most of a play is waiting.
const SIDE_BY_SIDE: usize = 16;

fn hold(profile: Profile) {
    let write = std::env::var_os("PHXPROOF_WRITE_FIXTURES").is_some();
    let update = if write { Update::All } else { Update::No };
    let recorded: Vec<_> = built_in()
        .iter()
        .filter_map(|case| Some((Arc::clone(case), recording(profile, case)?)))
        .collect();
    let played = recorded.len();
    let queue = Mutex::new(recorded);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                loop {
                    let next = queue.lock().unwrap().pop();
                    let Some((case, path)) = next else { return };
                    let found = runtime.block_on(play(profile, case, path, update));
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    if write {
        accept(built_in()).unwrap();
    }
    assert!(played > 90, "only {played} recordings were found");
    assert!(
        wrong.is_empty(),
        "{} of {played}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_case_holds_on_1_8_12_bandit() {
    hold(Profile::BANDIT_1_8_12);
}

#[test]
fn every_case_holds_on_1_8_12_cowboy() {
    hold(Profile::COWBOY_1_8_12);
}

#[test]
fn every_case_holds_on_1_8_9_bandit() {
    hold(Profile::BANDIT_1_8_9);
}

#[test]
fn every_case_holds_on_1_7_21_cowboy() {
    hold(Profile::COWBOY_1_7_21);
}
