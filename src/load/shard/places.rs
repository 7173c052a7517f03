//! Assigns sockets to scenarios and shards: each scenario is divided into whole instances, which are dealt out among
//! the shards.

use super::super::actor::Actor;
use super::super::lane::Lane;
use super::super::pace::Stream;
use super::super::role::{CompiledScenarios, SendMode};
use super::super::settings::Model;
use super::super::shard_state::SocketPlace;
use super::Shard;

/// The sockets of a scenario in a shard, which have consecutive numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The end of the sockets that are wanted.
    pub(super) wanted: u32,
    /// The number of sockets in an instance.
    size: usize,
    /// The number, in the run, of the scenario's first socket.
    first_socket: usize,
    /// The number, in the shard, of the block's first instance.
    first_instance: usize,
    /// The part of the scenario's instances that belongs to the shard.
    stream: Stream,
    /// The part of the scenario's sends that belongs to the shard; `None` if no socket of the block can send.
    pub(super) sends: Option<Stream>,
}

impl Block {
    /// The number of instances.
    pub(super) fn instances(&self) -> usize {
        ((self.end - self.start) as usize).div_ceil(self.size)
    }

    /// Wants that part of `sockets` sockets of the scenario that belongs to the shard; returns the end of it.
    pub(super) fn want(&mut self, sockets: usize) -> u32 {
        let own = sockets_of(sockets, self.size, self.stream);
        self.wanted = self.end.min(self.start + u32::try_from(own).unwrap_or(u32::MAX));
        self.wanted
    }

    pub(super) const fn stream(&self) -> Stream {
        self.stream
    }
}

impl Shard<'_> {
    /// Assigns a role to each socket.
    pub(super) fn cast_actors(&mut self) {
        let cast = self.blue.cast;
        for (block, play) in self.blocks.iter().zip(&cast.plays) {
            let places = play.places.iter().cycle();
            for (_, role) in (block.start..block.end).zip(places) {
                let topics = cast.roles[usize::from(*role)].joins.len();
                self.actors.push(Actor::expected(*role, topics));
            }
        }
    }

    /// The send schedule of a scenario.
    pub(super) fn new_lane(&self, play: usize) -> Lane {
        let block = &self.blocks[play];
        let sends = |id: &u32| self.send_mode(&self.actors[*id as usize]) != SendMode::Listens;
        let pushers = (block.start..block.end).filter(sends).collect();
        let mut lane = Lane::new(pushers, self.blue.cast.sender_selection(play));
        let mut roles = self.blue.cast.roles_of(play);
        if self.state.model == Model::Open && roles.any(|role| role.send_mode == SendMode::Rounds) {
            lane.time_rounds(block.start..block.end);
        }
        lane
    }

    /// The place of a socket in its instance and in the run.
    pub(super) fn place(&self, id: u32) -> SocketPlace {
        let play = self.play(id);
        let block = &self.blocks[play];
        let within = (id - block.start) as usize;
        let local_instance = within / block.size;
        let instance = local_instance * block.stream.of + block.stream.number;
        let socket = block.first_socket + instance * block.size + within % block.size;
        SocketPlace {
            id,
            socket: u32::try_from(socket).unwrap_or(u32::MAX),
            instance: (instance * self.blocks.len() + play) as u64,
            local_instance: block.first_instance + local_instance,
        }
    }

    /// Whether all other sockets of its instance exist, too.
    pub(super) fn is_whole(&self, id: u32) -> bool {
        let block = &self.blocks[self.play(id)];
        let begin = block.start as usize + (id - block.start) as usize / block.size * block.size;
        begin + block.size <= block.wanted as usize
    }

    /// The scenario of a socket.
    pub(super) fn play(&self, id: u32) -> usize {
        let last = self.blocks.len() - 1;
        self.blocks[..last].partition_point(|block| block.end <= id)
    }
}

/// The blocks of a shard; `divided` is the number of sockets of each scenario.
pub(super) fn blocks(cast: &CompiledScenarios, divided: &[u32], shard: Stream) -> Box<[Block]> {
    let mut blocks: Vec<Block> = Vec::new();
    for (index, (play, sockets)) in cast.plays.iter().zip(divided).enumerate() {
        let sockets = *sockets as usize;
        let size = play.places.len();
        // Each scenario starts at a different shard, so that small scenarios do not all end up in the first one.
        let of = shard.of;
        let stream = Stream {
            number: (shard.number + index) % of,
            of,
        };
        let (start, first_socket, first_instance) = blocks.last().map_or((0, 0, 0), |last| {
            (
                last.end,
                last.first_socket + divided[index - 1] as usize,
                last.first_instance + last.instances(),
            )
        });
        let count = sockets_of(sockets, size, stream);
        let end = start + u32::try_from(count).unwrap_or(u32::MAX - start);
        blocks.push(Block {
            start,
            end,
            wanted: end,
            size,
            first_socket,
            first_instance,
            stream,
            sends: sends(cast, index, sockets, stream),
        });
    }
    blocks.into()
}

/// The part of a scenario's sends that belongs to this shard, among the shards with a socket that can send.
fn sends(cast: &CompiledScenarios, play: usize, sockets: usize, own: Stream) -> Option<Stream> {
    let first = cast.first_sender(play)?;
    let size = cast.plays[play].places.len();
    let can = |number: &usize| {
        let stream = Stream {
            number: *number,
            of: own.of,
        };
        sockets_of(sockets, size, stream) > first
    };
    let numbers: Vec<usize> = (0..own.of).filter(can).collect();
    let number = numbers.iter().position(|number| *number == own.number)?;
    Some(Stream {
        number,
        of: numbers.len(),
    })
}

/// How many of the sockets belong to this stream. Whole instances are dealt out; the last one may be incomplete.
fn sockets_of(sockets: usize, size: usize, stream: Stream) -> usize {
    let (whole, rest) = (sockets / size, sockets % size);
    let own = whole / stream.of + usize::from(whole % stream.of > stream.number);
    own * size
        + if whole % stream.of == stream.number {
            rest
        } else {
            0
        }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::load::built_in;
    use crate::load::role::Override;
    use crate::load::share::{Share, divide};
    use crate::protocol::Vsn;

    #[test]
    fn all_sockets_are_some_shards() {
        for (sockets, size, shards) in [(1, 1, 1), (1000, 1, 3), (7, 3, 2), (2, 5, 4), (100, 10, 6)] {
            let all: usize = (0..shards)
                .map(|number| sockets_of(sockets, size, Stream { number, of: shards }))
                .sum();
            assert_eq!(all, sockets, "{sockets} by {size} over {shards}");
        }
    }

    fn cast(names: &[(&str, u32)]) -> CompiledScenarios {
        let share = |(name, weight): &(&str, u32)| {
            let it = built_in().iter().find(|it| it.name == *name).unwrap();
            Share {
                weight: *weight,
                ..Share::new(Arc::clone(&it.program))
            }
        };
        let shares: Vec<Share> = names.iter().map(share).collect();
        let compiled = CompiledScenarios::compile(&shares, &Override::default(), Vsn::V2, 0);
        compiled.unwrap().expect("roles")
    }

    #[test]
    fn several_scenarios_share_the_sockets_and_each_sends_where_it_can() {
        let cast = cast(&[("echo", 3), ("rumbl", 1), ("idle", 1)]);
        let divided = divide(50, &[3, 1, 1]);
        assert_eq!(divided, [30, 10, 10]);
        let shards: Vec<_> = (0..4)
            .map(|number| blocks(&cast, &divided, Stream { number, of: 4 }))
            .collect();
        for (play, sockets) in divided.iter().enumerate() {
            let here: u32 = shards.iter().map(|it| it[play].end - it[play].start).sum();
            assert_eq!(here, *sockets);
        }
        let senders = |play: usize| {
            let sends: BTreeSet<_> = shards
                .iter()
                .filter_map(|it| it[play].sends)
                .map(|it| (it.number, it.of))
                .collect();
            sends.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(senders(0), [(0, 4), (1, 4), (2, 4), (3, 4)]);
        // Its only instance is in one shard, and `idle` sends nothing.
        assert_eq!(senders(1), [(0, 1)]);
        assert_eq!(senders(2), []);
    }
}
