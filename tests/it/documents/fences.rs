//! Finds the fenced blocks of a document, and reads the lines of its `sh` fences.

/// A fenced block: what stands behind its backticks, and what is in it.
pub(super) struct Fence {
    pub(super) info: String,
    pub(super) text: String,
}

pub(super) fn fences(page: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            fences.push(Fence {
                info: info.to_owned(),
                text: text.join("\n"),
            });
        }
    }
    fences
}

/// A line of a shell without its comment, and the exit code that it should have.
pub(super) fn command(line: &str) -> (&str, i32) {
    let (command, comment) = line.split_once("  #").unwrap_or((line, ""));
    let code = comment
        .trim()
        .strip_prefix("exits ")
        .map_or(0, |code| code.parse().expect("a number"));
    (command.trim(), code)
}

#[test]
fn a_command_says_how_it_should_end() {
    assert_eq!(
        command("phxproof check x.yaml    # exits 64"),
        ("phxproof check x.yaml", 64)
    );
    assert_eq!(
        command("phxproof check      # the main job"),
        ("phxproof check", 0)
    );
}

#[test]
fn a_fence_begins_and_ends() {
    let found = fences("a\n```yaml b.yaml\nc: d\n```\ne\n```sh\nf\ng\n```\n");
    let found: Vec<_> = found.iter().map(|it| (&*it.info, &*it.text)).collect();
    assert_eq!(found, [("yaml b.yaml", "c: d"), ("sh", "f\ng")]);
}
