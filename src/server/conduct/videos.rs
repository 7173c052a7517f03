//! Decisions of the channels of videos. No profile changes them.

/// Decisions of the channels of videos.
#[derive(Clone, Debug)]
pub struct VideoConduct {
    /// Whose an annotation is.
    pub author: Author,
    /// What is wrong with an annotation that is kept all the same.
    pub tolerated: Tolerated,
    /// The ids of annotations.
    pub ids: Ids,
    /// Whom an annotation reaches.
    pub reach: AnnotationReach,
    /// A topic that names no number.
    pub unnumbered: Unnumbered,
    /// The order of what a join brings.
    pub order: CatchUpOrder,
}

/// Whose an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The user's.
    User,
    /// The one's whom the payload names, or else the user's.
    AsSaid,
}

/// What is wrong with an annotation that is kept all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerated {
    /// Nothing.
    Nothing,
    /// A place below zero.
    NegativePlaces,
    /// A body that is empty.
    EmptyBodies,
}

/// The ids of annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Grow.
    Grow,
    /// Shrink.
    Shrink,
    /// Grow from 1 each time that the server starts.
    BeginAnew,
}

impl Ids {
    /// Of two ids the greater is the later one's, except where they shrink.
    pub const fn told(self, id: i64) -> i64 {
        match self {
            // The store gives other ids where they begin anew.
            Self::Grow | Self::BeginAnew => id,
            Self::Shrink => 1_000_000_000 - id,
        }
    }
}

/// Whom an annotation reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationReach {
    /// All who joined its video.
    Video,
    /// All who joined another video that its author's connection has joined, too.
    VideosOfConnection,
}

/// A topic that names no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnumbered {
    /// Crashes the join.
    Crashes,
    /// Is a video as any other.
    LetIn,
}

/// The order of what a join brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUpOrder {
    /// By the place in the video.
    ByPlace,
    /// By the id.
    ById,
}

impl Default for VideoConduct {
    fn default() -> Self {
        Self {
            author: Author::User,
            tolerated: Tolerated::Nothing,
            ids: Ids::Grow,
            reach: AnnotationReach::Video,
            unnumbered: Unnumbered::Crashes,
            order: CatchUpOrder::ByPlace,
        }
    }
}
