//! The dimensions of a search: the load that grows from trial to trial, with its unit, scenario and default objectives.

use crate::load::{BuiltIn, Timing, built_in};

/// The load that grows from trial to trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Sockets that have joined a topic and push now and then.
    Sockets,
    /// Sockets that connect and join, a second.
    Joins,
    /// Pushes with a reply, a second.
    Rate,
    /// Subscribers of one topic, each of which gets every broadcast.
    Fanout,
}

impl Dimension {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sockets => "sockets",
            Self::Joins => "joins",
            Self::Rate => "rate",
            Self::Fanout => "fanout",
        }
    }

    /// The unit of a load.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Sockets => "sockets",
            Self::Joins => "joins a second",
            Self::Rate => "messages a second",
            Self::Fanout => "subscribers of a topic",
        }
    }

    /// The objectives if none are asked for.
    pub const fn usual_objectives(self) -> &'static [&'static str] {
        match self {
            Self::Sockets | Self::Rate => &["reply.p99<100ms", "errors<0.1%"],
            Self::Joins => &["connect.p99<100ms", "join.p99<100ms", "errors<0.1%"],
            Self::Fanout => &["broadcast.p99<100ms", "errors<0.1%"],
        }
    }

    /// The time that tells how well a load is served.
    pub const fn timing(self) -> Timing {
        match self {
            Self::Sockets | Self::Rate => Timing::Reply,
            Self::Joins => Timing::Join,
            Self::Fanout => Timing::Broadcast,
        }
    }

    /// The scenario that the sockets play.
    pub fn scenario(self) -> &'static BuiltIn {
        let name = match self {
            Self::Sockets | Self::Rate => "echo",
            Self::Joins => "idle",
            Self::Fanout => "fanout",
        };
        let found = built_in().iter().find(|it| it.name == name);
        found.expect("a test finds the scenario of each dimension")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Objective;

    #[test]
    fn each_dimension_has_a_scenario_and_objectives_that_can_be_read() {
        for it in [
            Dimension::Sockets,
            Dimension::Joins,
            Dimension::Rate,
            Dimension::Fanout,
        ] {
            assert!(!it.scenario().name.is_empty());
            for text in it.usual_objectives() {
                assert!(text.parse::<Objective>().is_ok(), "{text}");
            }
        }
    }
}
