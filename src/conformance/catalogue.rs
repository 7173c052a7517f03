//! The cases that are built into the binary, and the user's own scenario files. Each is a scenario with
//! fixtures that contain the answers of real servers.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use globset::{GlobBuilder, GlobMatcher};
use include_dir::{Dir, include_dir};

use super::fixtures::{Fixture, FixturePlace, Fixtures};
use super::outcome::play_name;
use super::snapshot::SnapshotError;
use crate::profile::{Difference, Profile, Side};
use crate::protocol::Vsn;
use crate::scenario::{Level, Program, ScenarioError, Variables, nearest, read, read_with};
use crate::transport::Transport;

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A scenario with the recorded answers of real servers.
#[derive(Debug)]
pub struct Case {
    /// `family/case`, or the path of a user's own scenario.
    pub id: Arc<str>,
    /// The compiled scenario.
    pub program: Arc<Program>,
    /// Its text.
    pub source: Arc<str>,
    /// Where its fixtures are on disk.
    pub(crate) place: FixturePlace,
    /// The transport over which it is played.
    pub transport: Transport,
    pub(crate) fixtures: Fixtures,
}

impl Case {
    /// The name of a play of this case: the id, and the transport unless it is WebSocket.
    pub fn name(&self) -> Arc<str> {
        play_name(&self.id, self.transport)
    }

    /// What it shows, in one sentence.
    pub fn about(&self) -> &str {
        &self.program.about
    }

    /// The ids of the rules that it checks.
    pub fn rules(&self) -> &[String] {
        &self.program.rules
    }

    /// The level that the server must offer, if the case needs one.
    pub fn level(&self) -> Option<Level> {
        self.program.level
    }

    /// The serializer, if the case is about a certain one.
    pub fn vsn(&self) -> Option<Vsn> {
        self.program.vsn
    }

    /// How the replies of different Phoenix versions may differ.
    pub fn differs_by(&self) -> &[Difference] {
        &self.program.differs_by
    }

    /// The part of the id before the slash, such as `join`.
    pub fn family(&self) -> &str {
        self.id.split_once('/').map_or(&*self.id, |(family, _)| family)
    }

    /// Whether the server may answer in more than one way.
    pub fn leaves_to_chance(&self) -> bool {
        !self.program.chance.is_empty()
    }

    /// The transports over which it can be played, in the order of [`Transport::ALL`].
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        let bound = self.program.bound_to();
        let carries = move |transport: &Transport| {
            bound.is_none_or(|bound| bound == *transport) && self.program.not_carried_by(*transport).is_none()
        };
        Transport::ALL.into_iter().filter(carries)
    }

    /// The plays of this case over these transports: one over each that can carry it. If a single transport is asked for, the
    /// case is played over it, or skipped with the reason.
    ///
    /// # Errors
    /// If a fixture is damaged.
    pub fn over_all(self: &Arc<Self>, transports: &[Transport]) -> Result<Vec<Arc<Self>>, SnapshotError> {
        let chosen: Vec<Transport> = match (self.program.bound_to(), transports) {
            (Some(bound), _) => vec![bound],
            (None, [only]) => vec![*only],
            // The case opens both transports itself, or its users open no socket, so one play is enough.
            (None, [first, ..]) if self.program.is_same_over_all() => vec![*first],
            (None, several) => self.transports().filter(|it| several.contains(it)).collect(),
        };
        let play = |transport: Transport| match self.transport == transport {
            true => Ok(Arc::clone(self)),
            false => self.over(transport).map(Arc::new),
        };
        chosen.into_iter().map(play).collect()
    }

    /// The same case, played over this transport and held against its fixtures.
    ///
    /// # Errors
    /// If a fixture is damaged.
    pub fn over(&self, transport: Transport) -> Result<Self, SnapshotError> {
        let fixtures = match &self.place {
            FixturePlace::BuiltIn => Fixtures::built_in(&self.id, &self.program, transport),
            FixturePlace::Beside(_) => Fixtures::beside(&self.place, &self.program, transport),
        };
        Ok(Self {
            id: Arc::clone(&self.id),
            program: Arc::clone(&self.program),
            source: Arc::clone(&self.source),
            place: self.place.clone(),
            transport,
            fixtures: fixtures?,
        })
    }

    /// Reads a user's own scenario, with the values of its variables, and the fixtures beside it.
    ///
    /// # Errors
    /// If the file cannot be read or is not a scenario, or if a fixture is damaged.
    pub fn read(path: &Path, values: &Variables) -> Result<Self, CaseError> {
        let shown = path.display().to_string();
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
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
        let program = read_with(&shown, &source, values)?;
        let place = FixturePlace::Beside(path.with_extension(""));
        let transport = program.bound_to().unwrap_or_default();
        let fixtures = Fixtures::beside(&place, &program, transport)?;
        Ok(Self {
            id: shown.into(),
            program: Arc::new(program),
            source: source.into(),
            place,
            transport,
            fixtures,
        })
    }
}

impl Case {
    /// Whether fixtures judge it, in addition to its steps.
    pub fn has_fixture(&self) -> bool {
        !self.fixtures.all.is_empty()
    }

    /// All fixtures, starting with that of the default profile.
    pub(crate) fn fixtures(&self) -> &[Fixture] {
        &self.fixtures.all
    }

    /// The fixture for a profile: its own, or that of a server with the same behaviour in everything that
    /// affects this case.
    pub(crate) fn fixture_of(&self, profile: Profile) -> Option<&Fixture> {
        let own = self.fixtures.all.iter().find(|it| it.own == Some(profile));
        own.or_else(|| self.fixture_where(|difference| difference.side(profile)))
    }

    /// The fixture of a server with these sides in everything that affects this case, or that of the default
    /// profile if there is none.
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

    /// The path of a fixture.
    pub(crate) fn fixture_path(&self, fixture: &Fixture) -> String {
        self.place
            .of(&self.id, fixture.own, fixture.over)
            .display()
            .to_string()
    }
}

/// Larger files are not read.
const LARGEST: u64 = 64 << 20;

/// A scenario file that cannot be used; the user has to correct it.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It cannot be read.
    #[error("cannot read the scenario {path}: {error}")]
    Unreadable {
        /// The path as given.
        path: String,
        /// The error of the system.
        error: std::io::Error,
    },
    /// It is too large.
    #[error("the scenario {path} has {bytes} bytes; no scenario is that large")]
    TooLarge {
        /// The path as given.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// It is not text.
    #[error("the scenario {path} is not UTF-8 text: byte {at} cannot be read")]
    NotText {
        /// The path as given.
        path: String,
        /// The offset of the first invalid byte.
        at: usize,
    },
    /// It is not a scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A fixture beside it is damaged.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// All built-in cases, by id.
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
        // Scenarios for swarms are not cases, because they judge by measurements.
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
    let transport = program.bound_to().unwrap_or_default();
    let fixtures = Fixtures::built_in(id, &program, transport).unwrap_or_else(|error| panic!("{error}"));
    Case {
        id: id.into(),
        program: Arc::new(program),
        source: source.into(),
        place: FixturePlace::BuiltIn,
        transport,
        fixtures,
    }
}

/// The request matches no case.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A glob that matches nothing.
    #[error("no case matches `{pattern}`{}", meant(.nearest.as_deref()))]
    NoMatch {
        /// The glob as given.
        pattern: String,
        /// The most similar id.
        nearest: Option<String>,
    },
    /// A directory instead of scenario files.
    #[error("`{path}` is a directory; name the scenario files in it, as {path}/*.yaml")]
    Directory {
        /// The path as given, without a trailing slash.
        path: String,
    },
    /// An invalid glob.
    #[error("`{pattern}` is no pattern: {why}")]
    NoGlob {
        /// The glob as given.
        pattern: String,
        /// The error in it.
        why: String,
    },
    /// All matching cases were excluded.
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

/// The cases for globs of ids and paths of files, or all built-in cases if there are none, without the
/// excluded ones. The files are read with the values of these variables.
///
/// # Errors
/// If a pattern matches nothing, or if a file is not a scenario.
pub fn select(
    wanted: &[String],
    exclude: &[String],
    values: &Variables,
) -> Result<Vec<Arc<Case>>, SelectError> {
    let mut chosen: Vec<Arc<Case>> = Vec::new();
    for pattern in wanted {
        if is_file(pattern) {
            chosen.push(Arc::new(Case::read(Path::new(pattern), values)?));
            continue;
        }
        let glob = matcher(pattern)?;
        let before = chosen.len();
        let matching = built_in().iter().filter(|case| matches(&glob, pattern, &case.id));
        chosen.extend(matching.cloned());
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

/// Whether a pattern is a path: a file of that name exists, or it ends like one.
fn is_file(pattern: &str) -> bool {
    let yaml = Path::new(pattern)
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("yaml") || it == "yml");
    yaml || Path::new(pattern).is_file()
}

pub(super) fn matcher(pattern: &str) -> Result<GlobMatcher, SelectError> {
    let glob = GlobBuilder::new(pattern).literal_separator(false).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| SelectError::NoGlob {
            pattern: pattern.to_owned(),
            why: error.kind().to_string(),
        })
}

/// The name of a family matches all its cases.
pub(super) fn matches(glob: &GlobMatcher, pattern: &str, id: &str) -> bool {
    glob.is_match(id)
        || id
            .strip_prefix(pattern.trim_end_matches('/'))
            .is_some_and(|rest| rest.starts_with('/'))
}
