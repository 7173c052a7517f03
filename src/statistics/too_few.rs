//! The measurements that a comparison lacks.

use super::blocks::Arm;
use super::rounded_up;

/// With fewer blocks of time than this nothing is said.
pub(super) const FEWEST_BLOCKS: usize = 20;
/// So many operations must lie above a quantile.
const FEWEST_ABOVE: f64 = 10.0;

/// The measurements are too few to say anything.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TooFew {
    /// The measurement was too short.
    #[error("{has} blocks of time were measured, and {needs} are needed")]
    Blocks {
        /// How many blocks have measurements in both arms.
        has: usize,
        /// How many are needed.
        needs: usize,
    },
    /// Too few operations to know this quantile.
    #[error("{has} {arm} operations were measured, and p{} needs {needs}", .quantile * 100.0)]
    Samples {
        /// The arm that has the fewest.
        arm: Arm,
        /// The quantile.
        quantile: f64,
        /// How many it has.
        has: u64,
        /// How many are needed.
        needs: u64,
    },
}

impl TooFew {
    /// How many times longer the measurement must be; infinite if nothing was measured.
    pub fn times_longer(&self) -> f64 {
        match *self {
            Self::Blocks { has, needs } => needs as f64 / has as f64,
            Self::Samples { has, needs, .. } => needs as f64 / has as f64,
        }
    }
}

/// How many operations a quantile needs: ten above it.
pub(super) fn needed(quantile: f64) -> u64 {
    rounded_up(FEWEST_ABOVE / (1.0 - quantile) - 1e-6) as u64
}
