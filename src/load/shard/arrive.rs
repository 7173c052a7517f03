//! How sockets come: as fast as both ends can, or at their times.

use super::super::actor::ConnectionStage;
use super::super::control::Phase;
use super::super::pace::{Dues, Stream};
use super::super::settings::Settings;
use super::Shard;
use super::places::Block;
use crate::clock::Time;

/// So many may be on their way in a shard at a time; more only fill the server's backlog.
const AT_A_TIME: usize = 256;
/// When they come at their times, so many may be late.
const AT_A_TIME_SCHEDULED: usize = 4096;

/// Who is still to come.
pub(super) struct Arrivals {
    dues: Option<Dues>,
    /// How many of each scenario came.
    came: Box<[u32]>,
    left: bool,
    /// Sockets that began to come and have not joined yet.
    pub(super) under_way: usize,
}

impl Arrivals {
    pub(super) fn new(settings: &Settings, now: Time, stream: Stream) -> Self {
        let dues = settings
            .arrival_stage()
            .map(|(stage, pacing)| Dues::new(now, vec![stage], pacing, stream, settings.seed ^ 0xa55));
        Self {
            dues,
            came: vec![0; settings.shares.len()].into(),
            left: true,
            under_way: 0,
        }
    }

    /// When the next one comes, if that is known.
    pub(super) fn next(&self) -> Option<Time> {
        self.dues
            .as_ref()
            .filter(|_| self.left && self.under_way < AT_A_TIME_SCHEDULED)?
            .next()
    }

    /// Whether more could come at once.
    pub(super) fn is_hungry(&self) -> bool {
        self.left && self.dues.is_none() && self.under_way < AT_A_TIME
    }

    /// Whether nobody is to come any more.
    pub(super) fn is_over(&self) -> bool {
        !self.left
    }
}

impl Shard<'_> {
    /// The scenario of which the smallest part has come, so that they come together.
    fn next_to_come(&self) -> Option<usize> {
        let coming = self.blocks.iter().zip(&self.arrivals.came).enumerate();
        let coming = coming.filter(|(_, (block, came))| block.start + **came < block.end);
        let part = |block: &Block, came: u32| f64::from(came) / f64::from(block.end - block.start);
        coming
            .min_by(|(_, one), (_, other)| part(one.0, *one.1).total_cmp(&part(other.0, *other.1)))
            .map(|(play, _)| play)
    }

    /// Lets those come whose time it is.
    pub(super) fn arrive(&mut self) {
        if self.phase > Phase::Running {
            self.arrivals.left = false;
        }
        while self.arrivals.left {
            let Some(play) = self.next_to_come() else {
                self.arrivals.left = false;
                break;
            };
            let intended = match &mut self.arrivals.dues {
                None if self.arrivals.under_way < AT_A_TIME => self.state.now,
                Some(dues) if self.arrivals.under_way < AT_A_TIME_SCHEDULED => {
                    match dues.take(self.state.now) {
                        Some(due) => due,
                        None => break,
                    }
                }
                None | Some(_) => break,
            };
            let id = self.blocks[play].start + self.arrivals.came[play];
            self.arrivals.came[play] += 1;
            self.arrivals.under_way += 1;
            let life = &mut self.actors[id as usize].life;
            life.since = intended;
            life.stage = ConnectionStage::Away;
            self.call(id, |socket, context| socket.connect(context));
            self.arm(id);
        }
    }
}
