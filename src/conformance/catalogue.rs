//! The cases: those built into the binary, and a user's own files. Each is a scenario and the fixtures that hold
//! what real servers said.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use globset::{GlobBuilder, GlobMatcher};
use include_dir::{Dir, include_dir};

use super::fixtures::{Fixture, FixturePlace, Fixtures};
use super::snapshot::SnapshotError;
use crate::profile::{Difference, Profile, Side};
use crate::protocol::Vsn;
use crate::scenario::{Level, Program, ScenarioError, nearest, read};

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A scenario and what real servers said to it.
#[derive(Debug)]
pub struct Case {
    /// `family/case`; of a user's own scenario its path.
    pub id: Arc<str>,
    /// The scenario, ready to be played.
    pub program: Arc<Program>,
    /// Its text.
    pub source: Arc<str>,
    /// Where its fixtures stand on disk, if they do.
    pub(crate) place: FixturePlace,
    pub(crate) fixtures: Fixtures,
}

impl Case {
    /// What it shows, in one sentence.
    pub fn about(&self) -> &str {
        &self.program.about
    }

    /// The ids of the rules that it checks.
    pub fn rules(&self) -> &[String] {
        &self.program.rules
    }

    /// What a server must offer.
    pub fn level(&self) -> Option<Level> {
        self.program.level
    }

    /// The serializer, if the case is about one.
    pub fn vsn(&self) -> Option<Vsn> {
        self.program.vsn
    }

    /// What the answers of Phoenix versions to it differ by.
    pub fn differs_by(&self) -> &[Difference] {
        &self.program.differs_by
    }

    /// The part of the id before the slash, such as `join`.
    pub fn family(&self) -> &str {
        self.id.split_once('/').map_or(&*self.id, |(family, _)| family)
    }

    /// Whether the server may answer it in more than one way.
    pub fn leaves_to_chance(&self) -> bool {
        !self.program.chance.is_empty()
    }

    /// Reads a user's own scenario, with the fixtures beside it.
    ///
    /// # Errors
    /// The file cannot be read or is no scenario; a fixture beside it is damaged.
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let shown = path.display().to_string();
        let size = std::fs::metadata(path)
            .map(|metadata| metadata.len())
            .unwrap_or_default();
        if size > LARGEST {
            return Err(CaseError::TooLarge {
                path: shown,
                bytes: size,
            });
        }
        let bytes = std::fs::read(path).map_err(|error| CaseError::Unreadable {
            path: shown.clone(),
            error,
        })?;
        let source = String::from_utf8(bytes).map_err(|error| CaseError::NotText {
            path: shown.clone(),
            at: error.utf8_error().valid_up_to(),
        })?;
        let program = read(&shown, &source)?;
        let place = FixturePlace::Beside(path.with_extension(""));
        let fixtures = Fixtures::beside(&place, &program)?;
        Ok(Self {
            id: shown.into(),
            program: Arc::new(program),
            source: source.into(),
            place,
            fixtures,
        })
    }
}

impl Case {
    /// Whether fixtures judge it, beside its steps.
    pub fn has_fixture(&self) -> bool {
        !self.fixtures.all.is_empty()
    }

    /// All fixtures, that of the default profile first.
    pub(crate) fn fixtures(&self) -> &[Fixture] {
        &self.fixtures.all
    }

    /// What the server of a profile says: its own fixture; or that of a server from which it differs by nothing that
    /// the answers of this case depend on.
    pub(crate) fn fixture_of(&self, profile: Profile) -> Option<&Fixture> {
        let own = self.fixtures.all.iter().find(|it| it.own == Some(profile));
        own.or_else(|| self.fixture_where(|difference| difference.side(profile)))
    }

    /// What a server says that is on these sides of all that the answers of this case depend on; where nothing like
    /// it was recorded, what the default profile says.
    pub(crate) fn fixture_where(&self, side: impl Fn(Difference) -> Side) -> Option<&Fixture> {
        let differs_by = &self.program.differs_by;
        let agrees = |it: &&Fixture| {
            differs_by
                .iter()
                .all(|difference| difference.side(it.said_by()) == side(*difference))
        };
        let base = || self.fixtures.all.iter().find(|it| it.own.is_none());
        self.fixtures.all.iter().find(agrees).or_else(base)
    }

    /// Where a fixture stands.
    pub(crate) fn fixture_path(&self, fixture: &Fixture) -> String {
        self.place.of(&self.id, fixture.own).display().to_string()
    }
}

/// Larger files are not even read.
const LARGEST: u64 = 64 << 20;

/// A scenario file that cannot be used: the user's to mend.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It cannot be read.
    #[error("cannot read the scenario {path}: {error}")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is far too large.
    #[error("the scenario {path} has {bytes} bytes; no scenario is that large")]
    TooLarge {
        /// The path as given.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// It is no text.
    #[error("the scenario {path} is not UTF-8 text: byte {at} cannot be read")]
    NotText {
        /// The path as given.
        path: String,
        /// Offset of the first bad byte.
        at: usize,
    },
    /// It is no scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A fixture beside it is damaged.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// All cases that are inside the binary, by id.
pub fn built_in() -> &'static [Arc<Case>] {
    static CASES: LazyLock<Vec<Arc<Case>>> = LazyLock::new(|| {
        let mut files = Vec::new();
        collect(&SCENARIOS, &mut files);
        let mut cases: Vec<_> = files
            .into_iter()
            .map(|(id, text)| Arc::new(built_in_case(&id, text)))
            .collect();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        cases
    });
    &CASES
}

fn collect(dir: &Dir<'static>, files: &mut Vec<(String, &'static str)>) {
    for file in dir.files() {
        let id = file.path().to_str().and_then(|path| path.strip_suffix(".yaml"));
        // Scenarios of a swarm are no cases: they judge by what they measure.
        let id = id.filter(|id| !id.starts_with("load/"));
        if let (Some(id), Some(text)) = (id, file.contents_utf8()) {
            files.push((id.to_owned(), text));
        }
    }
    for dir in dir.dirs() {
        collect(dir, files);
    }
}

#[expect(
    clippy::panic,
    reason = "a test reads every built-in scenario and fixture, so that none can be damaged"
)]
fn built_in_case(id: &str, source: &'static str) -> Case {
    let program = read(&format!("scenarios/{id}.yaml"), source).unwrap_or_else(|error| panic!("{error}"));
    let fixtures = Fixtures::built_in(id, &program).unwrap_or_else(|error| panic!("{error}"));
    Case {
        id: id.into(),
        program: Arc::new(program),
        source: source.into(),
        place: FixturePlace::BuiltIn,
        fixtures,
    }
}

/// No case is meant by what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A glob that matches nothing.
    #[error("no case matches `{pattern}`{}", meant(.nearest.as_deref()))]
    NoMatch {
        /// As given.
        pattern: String,
        /// The id that is nearest to it.
        nearest: Option<String>,
    },
    /// A directory in place of the files in it.
    #[error("`{path}` is a directory; name the scenario files in it, as {path}/*.yaml")]
    Directory {
        /// As given, without a slash at its end.
        path: String,
    },
    /// A glob that is none.
    #[error("`{pattern}` is no pattern: {why}")]
    NoGlob {
        /// As given.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// All that matched was excluded.
    #[error("every case that matches is excluded, so nothing would be judged")]
    AllExcluded,
    /// A file that cannot be used.
    #[error(transparent)]
    Case(#[from] CaseError),
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `phxproof list cases` shows all".to_owned(),
        |id| format!("; did you mean `{id}`?"),
    )
}

/// The cases that globs of ids and paths of files mean, all built-in ones if there are none, without what is excluded.
///
/// # Errors
/// Something that matches nothing, and files that are no scenarios.
pub fn select(wanted: &[String], exclude: &[String]) -> Result<Vec<Arc<Case>>, SelectError> {
    let mut chosen: Vec<Arc<Case>> = Vec::new();
    for pattern in wanted {
        if is_file(pattern) {
            chosen.push(Arc::new(Case::read(Path::new(pattern))?));
            continue;
        }
        let glob = matcher(pattern)?;
        let before = chosen.len();
        chosen.extend(
            built_in()
                .iter()
                .filter(|case| matches(&glob, pattern, &case.id))
                .cloned(),
        );
        if chosen.len() == before && Path::new(pattern).is_dir() {
            let path = pattern.trim_end_matches('/').to_owned();
            return Err(SelectError::Directory { path });
        }
        if chosen.len() == before {
            let ids = built_in().iter().map(|case| &*case.id);
            return Err(SelectError::NoMatch {
                pattern: pattern.clone(),
                nearest: nearest(pattern, ids).map(str::to_owned),
            });
        }
    }
    if wanted.is_empty() {
        chosen.extend(built_in().iter().cloned());
    }
    let mut seen = std::collections::HashSet::new();
    chosen.retain(|case| seen.insert(Arc::clone(&case.id)));
    for pattern in exclude {
        let glob = matcher(pattern)?;
        chosen.retain(|case| !matches(&glob, pattern, &case.id));
    }
    if chosen.is_empty() {
        Err(SelectError::AllExcluded)
    } else {
        Ok(chosen)
    }
}

/// A path is meant where one stands, or where it ends like one.
fn is_file(pattern: &str) -> bool {
    let yaml = Path::new(pattern)
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("yaml") || it == "yml");
    yaml || Path::new(pattern).is_file()
}

fn matcher(pattern: &str) -> Result<GlobMatcher, SelectError> {
    let glob = GlobBuilder::new(pattern).literal_separator(false).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| SelectError::NoGlob {
            pattern: pattern.to_owned(),
            why: error.kind().to_string(),
        })
}

/// A family's name means all of it.
fn matches(glob: &GlobMatcher, pattern: &str, id: &str) -> bool {
    glob.is_match(id)
        || id
            .strip_prefix(pattern.trim_end_matches('/'))
            .is_some_and(|rest| rest.starts_with('/'))
}
