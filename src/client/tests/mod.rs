//! The machine as a whole.

mod phoenix_js; // the same sessions with phoenix.js 1.8.16 itself
mod wire; // messages as text and back
