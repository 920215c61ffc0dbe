//! The terminal: the only place that prints, what is drawn in place, and what `katydid list` draws.

mod canvas;
pub(super) mod live;
pub(super) mod plot;
pub(super) mod screen;
pub(super) mod show;
pub(super) mod tree;
