//! Finds Node and the npm package `phoenix` in the folders where a project has it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// The oldest Node whose WebSocket can be used.
const OLDEST_NODE: u32 = 20;

/// Prints where the packages are, as JSON. The first folder that has `phoenix` counts: what Node resolves from the folder,
/// then the `assets` of a Phoenix project, the folder itself, and the package of the Hex dependency.
const LOOK: &str = r#"
const {createRequire} = require("node:module")
const {join, resolve} = require("node:path")
const folder = resolve(process.argv[1])
const from = place => createRequire(join(place, "phxproof.cjs"))
const tried = found => { try { return found() } catch { return undefined } }
const isPackage = place => from(place)("./package.json").name === "phoenix" && from(place).resolve("./")
const path = tried(() => from(folder).resolve("phoenix"))
  ?? tried(() => from(join(folder, "assets")).resolve("phoenix"))
  ?? (tried(() => isPackage(folder)) || tried(() => isPackage(join(folder, "deps", "phoenix"))))
const manifest = ["..", "../.."].map(up => tried(() => from(resolve(path, "..", up))("./package.json"))).find(Boolean)
const ws = path && tried(() => from(resolve(path, "..")).resolve("ws"))
console.log(JSON.stringify({path: path || null, version: manifest?.version ?? null, ws: ws ?? null}))
"#;

/// phoenix.js on this machine.
#[derive(Clone, Debug)]
pub struct PhoenixJs {
    /// Its main file.
    pub(super) path: PathBuf,
    /// The main file of the package `ws`, where it stands beside.
    pub(super) ws: Option<PathBuf>,
    /// Its name with the version: `phoenix.js 1.8.12`.
    pub(super) name: String,
}

/// Why phoenix.js cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// Node does not start.
    #[error("--witness plays phoenix.js with Node, and `node` cannot be started: {0}")]
    NoNode(io::Error),
    /// Node is too old.
    #[error("--witness plays phoenix.js with Node {OLDEST_NODE} or newer, and `node` is {0}")]
    OldNode(String),
    /// There is no package.
    #[error("the npm package `phoenix` is not found from {0}")]
    NoPackage(String),
    /// Node's answer is not understood.
    #[error("`node` cannot look for the npm package `phoenix`: {0}")]
    Unclear(String),
}

#[derive(Deserialize)]
struct Located {
    path: Option<PathBuf>,
    version: Option<String>,
    ws: Option<PathBuf>,
}

impl PhoenixJs {
    /// Finds it from this folder.
    ///
    /// # Errors
    /// If Node or the package is not there.
    pub fn find(folder: &Path) -> Result<Self, NotFound> {
        let node = |args: &[&str]| Command::new("node").args(args).arg(folder).output();
        let version = node(&["--version"]).map_err(NotFound::NoNode)?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        if major(&version).is_none_or(|major| major < OLDEST_NODE) {
            return Err(NotFound::OldNode(version));
        }
        let looked = node(&["-e", LOOK, "--"]).map_err(NotFound::NoNode)?;
        let unclear = || NotFound::Unclear(String::from_utf8_lossy(&looked.stderr).trim().to_owned());
        let look: Located = serde_json::from_slice(&looked.stdout).map_err(|_| unclear())?;
        let path = look
            .path
            .ok_or_else(|| NotFound::NoPackage(folder.display().to_string()))?;
        let version = look
            .version
            .map(|version| format!(" {version}"))
            .unwrap_or_default();
        Ok(Self {
            path,
            ws: look.ws,
            name: format!("phoenix.js{version}"),
        })
    }

    /// Its name with the version: `phoenix.js 1.8.12`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The major version in `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("20.1"), None);
        assert_eq!(major(""), None);
    }
}
