//! A small engine with every namespace, for the unit tests of this room.

use super::api;
use super::context::current::{self, Actor};
use super::context::world::World;
use rhai::{Dynamic, Engine, Token};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Half past five in the morning of 14 March 2026, UTC: when every test world starts.
const STARTED: &str = "2026-03-14T05:30:00.25Z";

/// A world without files or variables, of seed 1.
pub(super) fn world() -> Arc<World> {
    world_of(Path::new("."), &[], 1)
}

fn world_of(folder: &Path, variables: &[(&str, &str)], seed: u64) -> Arc<World> {
    let environment: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Arc::new(World::new(folder.to_owned(), environment, seed, STARTED.parse().unwrap()))
}

/// An engine and the actor that runs on it.
pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) actor: Rc<Actor>,
}

impl Bench {
    /// User 1 of a run with seed 1.
    pub(super) fn new() -> Self {
        Self::in_world(world()).user(1)
    }

    /// The top level of a script in `world`.
    pub(super) fn in_world(world: Arc<World>) -> Self {
        let mut engine = Engine::new();
        engine.set_max_strings_interned(0);
        #[expect(deprecated, reason = "the crate's way to mark a volatile interface")]
        engine.on_parse_token(|token, _, _| match token {
            Token::Reserved(word) if *word == "debug" => Token::Identifier(word),
            token => token,
        });
        api::register_all(&mut engine);
        Self { engine, actor: Rc::new(Actor::new(0, world)) }
    }

    /// User 1 in `folder`, with `variables` in the environment.
    pub(super) fn within(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::in_world(world_of(folder, variables, 1)).user(1)
    }

    pub(super) fn seed(self, seed: u64) -> Self {
        let number = self.actor.number;
        Self::in_world(world_of(Path::new("."), &[], seed)).user(number)
    }

    pub(super) fn user(self, number: u64) -> Self {
        let actor = Rc::new(Actor::new(number, self.actor.world.clone()));
        Self { actor, ..self }
    }

    /// Evaluates `script` on behalf of the actor; an exception is its text.
    pub(super) fn run(&self, script: &str) -> Result<Dynamic, String> {
        let before = current::replace(Some(self.actor.clone()));
        let result = self.engine.eval::<Dynamic>(script);
        current::replace(before);
        result.map_err(|error| error.to_string())
    }

    /// What `script` gives, which must not throw.
    pub(super) fn value(&self, script: &str) -> Dynamic {
        self.run(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What `script` throws, which it must.
    pub(super) fn error(&self, script: &str) -> String {
        self.run(script).expect_err(script)
    }
}

/// What `script` gives to user 1 of a run with seed 1.
pub(super) fn value(script: &str) -> Dynamic {
    Bench::new().value(script)
}

/// What `script` throws there.
pub(super) fn error(script: &str) -> String {
    Bench::new().error(script)
}
