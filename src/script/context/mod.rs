//! Who runs, and in which world: the actor of the code that runs now, and what all users of a process share.

pub(super) mod current;
pub(super) mod given;
pub(super) mod secrets;
pub(super) mod world;
