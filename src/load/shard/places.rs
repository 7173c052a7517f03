//! Which sockets are whose: whole instances go round among the shards.

use super::super::desk::Place;
use super::super::pace::Stream;
use super::Shard;

impl Shard<'_> {
    /// Who a socket is.
    pub(super) fn place(&self, id: u32) -> Place {
        let size = self.blue.cast.places.len();
        let local_instance = id as usize / size;
        let instance = local_instance * self.stream.of + self.stream.number;
        let socket = instance * size + id as usize % size;
        Place {
            id,
            socket: u32::try_from(socket).unwrap_or(u32::MAX),
            instance: instance as u64,
            local_instance,
        }
    }
}

/// How many of the sockets are this shard's: whole instances go round, the last one may be cut short.
pub(super) fn sockets_of(sockets: usize, size: usize, stream: Stream) -> usize {
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
    use super::*;

    #[test]
    fn all_sockets_are_some_shards() {
        for (sockets, size, shards) in [(1, 1, 1), (1000, 1, 3), (7, 3, 2), (2, 5, 4), (100, 10, 6)] {
            let all: usize = (0..shards)
                .map(|number| sockets_of(sockets, size, Stream { number, of: shards }))
                .sum();
            assert_eq!(all, sockets, "{sockets} by {size} over {shards}");
        }
    }
}
