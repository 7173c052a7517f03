//! The built-in load scenarios, as files that a user can run, copy and edit.

use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};

use crate::scenario::{Program, read};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios/load");

/// A built-in load scenario.
#[derive(Debug)]
pub struct BuiltIn {
    /// The name, for example `echo`.
    pub name: &'static str,
    /// The text of the scenario file.
    pub source: &'static str,
    /// The parsed scenario.
    pub program: Arc<Program>,
}

impl BuiltIn {
    /// What the scenario shows, in one sentence.
    pub fn about(&self) -> &str {
        &self.program.about
    }
}

/// All built-in load scenarios, sorted by name.
#[expect(
    clippy::panic,
    reason = "a test reads every built-in scenario, so that none can be damaged"
)]
pub fn built_in() -> &'static [BuiltIn] {
    static ALL: LazyLock<Vec<BuiltIn>> = LazyLock::new(|| {
        let mut all: Vec<BuiltIn> = FILES
            .files()
            .filter_map(|file| {
                let name = file.path().file_stem()?.to_str()?;
                let source = file.contents_utf8()?;
                let path = format!("scenarios/load/{name}.yaml");
                let program = read(&path, source).unwrap_or_else(|error| panic!("{error}"));
                Some(BuiltIn {
                    name,
                    source,
                    program: Arc::new(program),
                })
            })
            .collect();
        all.sort_by_key(|it| it.name);
        all
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Override, Share, role::CompiledScenarios};
    use crate::protocol::Vsn;

    #[test]
    fn every_scenario_can_be_played_by_a_swarm() {
        for it in built_in() {
            let shares = [Share::new(Arc::clone(&it.program))];
            let cast = CompiledScenarios::compile(&shares, &Override::default(), Vsn::V2, 1000);
            assert!(cast.is_ok(), "{}: {}", it.name, cast.unwrap_err());
        }
    }
}
