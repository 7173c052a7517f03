//! `list`: prints scenarios, cases, faults, rules, figures or profiles as aligned columns or as a JSON array.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{FormatArg, List, Listed};
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance::{self, rules, rules::Party};
use crate::load::{self, FigureGroup};
use crate::profile::Profile;
use crate::protocol::Vsn;
use crate::scenario::Level;
use crate::server::faults::{self, Needs};
use crate::transport::Transport;

/// Prints the list.
pub(super) fn run(args: &List) -> Result<Exit, CliError> {
    let list = match args.what {
        Listed::Cases => case_list(),
        Listed::Rules => rule_list(Party::Server),
        Listed::ClientRules => rule_list(Party::Client),
        Listed::Faults => fault_list(),
        Listed::Profiles => profile_list(),
        Listed::Scenarios => scenario_list(),
        Listed::Figures => figure_list(),
    };
    match args.format.unwrap_or(FormatArg::Text) {
        FormatArg::Text => output::print(&list.text())?,
        FormatArg::Json => output::print(&format_args!("{:#}\n", Value::Array(list.objects)))?,
    }
    Ok(Exit::Held)
}

/// A list for both formats.
#[derive(Default)]
struct Things {
    groups: Vec<Group>,
    objects: Vec<Value>,
}

/// Rows with an optional heading.
#[derive(Default)]
struct Group {
    heading: String,
    rows: Vec<Vec<String>>,
}

impl Things {
    /// Adds an item and its row in the current group.
    fn add(&mut self, row: impl IntoIterator<Item = impl Into<String>>, object: impl Serialize) {
        self.row(row);
        self.objects.push(json!(object));
    }

    /// Adds a row that only the text has.
    fn row(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let row = row.into_iter().map(Into::into).collect();
        if let Some(group) = self.groups.last_mut() {
            group.rows.push(row);
        }
    }

    /// Starts a group.
    fn group(&mut self, heading: &str) {
        self.groups.push(Group {
            heading: heading.to_owned(),
            rows: Vec::new(),
        });
    }

    fn text(&self) -> String {
        let groups = self.groups.iter().map(|group| {
            if group.heading.is_empty() {
                return columns(&group.rows);
            }
            format!("{}:\n{}", group.heading, indented(&columns(&group.rows)))
        });
        groups.collect::<Vec<_>>().join("\n")
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn case_list() -> Things {
    let mut things = Things::default();
    for case in conformance::built_in() {
        let level = case.level().map_or("wire", Level::name);
        let vsn = case.vsn().map_or("any", Vsn::as_str);
        let object = json!({
            "id": &*case.id, "about": case.about(), "rules": case.rules(), "level": level,
            "transports": case.transports().map(Transport::name).collect::<Vec<_>>(), "vsn": vsn,
        });
        things.add([&*case.id, level, case.about()], object);
    }
    things
}

fn fault_list() -> Things {
    let mut things = Things::default();
    for fault in faults::all() {
        let object = json!({
            "id": fault.id,
            "about": fault.about,
            "rules": fault.rules,
            "shown_by": fault.shown_by().iter().map(|it| it.name()).collect::<Vec<_>>(),
            "needs": fault.needs.map(Needs::name),
            "value": fault.value.map(|it| it.about),
        });
        things.add([fault.id, fault.about], object);
    }
    things
}

/// The scenarios with their descriptions. Of the cases only the number in each family, because `list cases`
/// lists them.
fn scenario_list() -> Things {
    let mut things = Things::default();
    things.group("Can be loaded (phxproof load NAME, phxproof show NAME)");
    for it in load::built_in() {
        let object = json!({ "id": it.name, "about": it.about(), "command": "load" });
        things.add([it.name, it.about()], object);
    }
    let cases = conformance::built_in();
    let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in cases {
        let (family, name) = case.id.split_once('/').unwrap_or((&case.id, ""));
        families.entry(family).or_default().push(name);
        let object = json!({ "id": &*case.id, "about": case.about(), "command": "check" });
        things.objects.push(object);
    }
    let heading = format!(
        "{} cases of check, by family (phxproof list cases, phxproof show FAMILY/CASE)",
        cases.len()
    );
    things.group(&heading);
    for (family, names) in families {
        let first = format!("{family}/{}, …", names.first().copied().unwrap_or_default());
        things.row([format!("{family}/*"), format!("{:>3}", names.len()), first]);
    }
    things
}

/// Each latency once with the possible suffixes; in JSON every name in full.
fn figure_list() -> Things {
    let mut things = Things::default();
    let groups = [
        (
            FigureGroup::Times,
            "Times, each with .min, .mean, .max and any percentile: reply.p99<50ms, join.p99.9<1s",
        ),
        (
            FigureGroup::Counts,
            "Counts, some also in percent: sockets.lost<=0, missing<0.1%",
        ),
    ];
    let all = load::figures();
    for (group, heading) in groups {
        things.group(heading);
        for it in all.iter().filter(|it| it.group == group) {
            things.row([&it.id, &it.about]);
        }
    }
    let named = all.iter().filter(|it| it.group != FigureGroup::Times);
    things.objects = named
        .map(|it| json!({ "id": it.id, "about": it.about }))
        .collect();
    things
}

fn rule_list(party: Party) -> Things {
    let mut things = Things::default();
    for rule in rules::about(party) {
        let since = rule
            .since()
            .map(|version| format!("since {version}"))
            .unwrap_or_default();
        things.add([rule.id, &since, rule.about], rule);
    }
    things
}

fn profile_list() -> Things {
    let mut things = Things::default();
    for profile in Profile::candidates() {
        let (version, adapter) = (profile.phoenix().to_string(), profile.adapter().name());
        let default = profile == Profile::DEFAULT;
        let recorded = Profile::RECORDED.contains(&profile);
        let about = format!(
            "Phoenix {} on {adapter}{}{}",
            profile.versions(),
            if recorded { ", recorded" } else { "" },
            if default { ", the default" } else { "" }
        );
        let object = json!({
            "id": profile.name(), "about": about, "phoenix": version, "versions": profile.versions(),
            "adapter": adapter, "recorded": recorded, "default": default,
        });
        things.add([profile.name(), &about], object);
    }
    things
}

/// Aligned rows: each column is as wide as its widest cell, except the last one.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..).map_while(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}"));
            line.push_str(if width == 0 { "" } else { "  " });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "", "long words"], ["bcd", "", "x"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "a    long words\nbcd  x\n");
    }
}
