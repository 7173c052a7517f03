//! Tests of the comparison with invented runs.

use super::super::made_up;
use super::super::{CheckJob, Json, Reporter};
use super::*;
use crate::conformance::{RunResult, Verdict};

/// The folder of a run, below `parent`.
fn written(parent: &Path, name: &str, run: &RunResult) -> PastCheck {
    let folder = parent.join(name);
    let mut json = Json::new(Folder::new(&folder));
    Reporter::<CheckJob>::finish(&mut json, &made_up::finished(run, &made_up::ABOUT)).unwrap();
    PastCheck::read(&folder).unwrap()
}

#[test]
fn differences_come_first_and_verdicts_are_links() {
    let parent = tempfile::tempdir().unwrap();
    let mut third = made_up::run();
    third.cases.retain(|case| &*case.id == "join/ok");
    third.cases[0].verdict = Verdict::Fail;
    let runs = [
        written(parent.path(), "one server", &made_up::good_run()),
        written(parent.path(), "another", &made_up::run()),
        written(parent.path(), "third", &third),
    ];
    let out = Folder::new(parent.path().join("compared"));
    out.make().unwrap();
    let matrix = CheckMatrix::new(&runs, out.path());
    assert_eq!(matrix.differ(), 1);
    matrix.write(&out).unwrap();
    let page = std::fs::read_to_string(out.path().join("report.html")).unwrap();
    insta::assert_snapshot!(&page[page.find("<main>").unwrap()..]);
    let json = std::fs::read_to_string(out.path().join("result.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["differences"], serde_json::json!(["join/ok"]));
    let row = json["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == "join/ok");
    assert_eq!(
        row.unwrap()["verdicts"],
        serde_json::json!(["pass", "pass", "fail"])
    );
    assert_eq!(json["runs"][2]["summary"], serde_json::json!({"fail": 1}));
}

#[test]
fn the_way_to_another_folder_is_relative() {
    let parent = tempfile::tempdir().unwrap();
    let (a, b) = (parent.path().join("a/b"), parent.path().join("c"));
    std::fs::create_dir_all(&a).unwrap();
    std::fs::create_dir_all(&b).unwrap();
    assert_eq!(way(&a, &b), Path::new("../../c"));
    assert_eq!(way(&b, &a), Path::new("../a/b"));
}
