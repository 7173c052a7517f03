//! `list`: what there is, as aligned columns or as a JSON array.

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{FormatArg, List, Listed};
use super::exit::{CliError, Exit};
use super::output;
use crate::conformance::{catalogue, rules};
use crate::load;
use crate::profile::{Adapter, Profile};
use crate::protocol::Vsn;
use crate::scenario::Level;
use crate::server::faults;

/// Prints the list.
pub(super) fn run(args: &List) -> Result<Exit, CliError> {
    let list = match args.what {
        Listed::Cases => case_list(),
        Listed::Rules => rule_list(),
        Listed::Faults => fault_list(),
        Listed::Profiles => profile_list(),
        Listed::Scenarios => scenario_list(),
    };
    match args.format.unwrap_or(FormatArg::Text) {
        FormatArg::Text => output::print(&columns(&list.rows))?,
        FormatArg::Json => output::print(&format_args!("{:#}\n", Value::Array(list.objects)))?,
    }
    Ok(Exit::Held)
}

/// The same things in both formats.
#[derive(Default)]
struct Things {
    rows: Vec<Vec<String>>,
    objects: Vec<Value>,
}

impl Things {
    fn add(&mut self, row: impl IntoIterator<Item = impl Into<String>>, object: impl Serialize) {
        self.rows.push(row.into_iter().map(Into::into).collect());
        self.objects.push(json!(object));
    }
}

fn case_list() -> Things {
    let mut things = Things::default();
    for case in catalogue::built_in() {
        let level = case.level().map_or("wire", Level::name);
        let vsn = case.vsn().map_or("any", Vsn::as_str);
        let object = json!({
            "id": &*case.id, "about": case.about(), "rules": case.rules(), "level": level,
            "transport": "websocket", "vsn": vsn,
        });
        things.add([&*case.id, level, case.about()], object);
    }
    things
}

fn fault_list() -> Things {
    let mut things = Things::default();
    for fault in faults::all() {
        let object = json!({ "id": fault.id, "about": fault.about, "rules": fault.rules });
        things.add([fault.id, fault.about], object);
    }
    things
}

fn scenario_list() -> Things {
    let mut things = Things::default();
    let cases = catalogue::built_in()
        .iter()
        .map(|case| (&*case.id, case.about(), "check"));
    let swarms = load::built_in().iter().map(|it| (it.name, it.about(), "load"));
    for (id, about, command) in cases.chain(swarms) {
        things.add(
            [id, about],
            json!({ "id": id, "about": about, "command": command }),
        );
    }
    things
}

fn rule_list() -> Things {
    let mut things = Things::default();
    for rule in rules::all() {
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
    for profile in Profile::ALL {
        let adapter = match profile.adapter() {
            Adapter::Bandit => "Bandit",
            Adapter::Cowboy => "Cowboy",
        };
        let version = profile.phoenix().to_string();
        let default = profile == Profile::DEFAULT;
        let about = format!(
            "Phoenix {version} on {adapter}{}",
            if default { ", the default" } else { "" }
        );
        let object = json!({
            "id": profile.name(), "about": about, "phoenix": version, "adapter": adapter, "default": default,
        });
        things.add([profile.name(), &about], object);
    }
    things
}

/// Rows below each other, each column as wide as its widest cell; the last one is left as it is.
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
