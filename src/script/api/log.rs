//! `log::`: messages of scripts, through `tracing` with the target `script`, secrets masked. The top level of a script
//! runs on every shard and is heard once.

use super::namespace::Namespace;
use super::readable::readable;
use crate::script::context::current::actor;
use rhai::{Dynamic, Engine, NativeCallContext};
use tracing::Level;

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    let levels =
        [("debug", Level::DEBUG), ("info", Level::INFO), ("warn", Level::WARN), ("error", Level::ERROR)];
    levels
        .into_iter()
        .fold(Namespace::new("log"), |namespace, (name, level)| {
            namespace.function(name, move |context: NativeCallContext<'_>, value: Dynamic| {
                write(level, &context, &value);
            })
        })
        .register(engine);
}

/// `log::info(value)`: writes any value as one message; maps and arrays as JSON.
fn write(level: Level, context: &NativeCallContext<'_>, value: &Dynamic) {
    let actor = actor();
    if actor.quiet {
        return;
    }
    // Nothing is formatted for a level that nobody listens to.
    match level {
        Level::DEBUG if tracing::enabled!(target: "script", Level::DEBUG) => {
            tracing::debug!(target: "script", "{}", actor.world.mask(&readable(context, value)));
        }
        Level::INFO if tracing::enabled!(target: "script", Level::INFO) => {
            tracing::info!(target: "script", "{}", actor.world.mask(&readable(context, value)));
        }
        Level::WARN if tracing::enabled!(target: "script", Level::WARN) => {
            tracing::warn!(target: "script", "{}", actor.world.mask(&readable(context, value)));
        }
        Level::ERROR if tracing::enabled!(target: "script", Level::ERROR) => {
            tracing::error!(target: "script", "{}", actor.world.mask(&readable(context, value)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::script::context::current::Actor;
    use crate::script::context::world::World;
    use crate::script::test_support::{Bench, world};
    use std::io;
    use std::path::PathBuf;
    use std::rc::Rc;
    use std::sync::{Arc, Mutex};

    /// What is written to it.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `bench` logs.
    fn logged(bench: &Bench, script: &str) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_max_level(tracing::Level::DEBUG)
            .without_time()
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || assert!(bench.value(script).is_unit()));
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_level_and_every_kind_of_value() {
        let script = r#"log::debug("a"); log::info(#{ b: [1, "x", ()] }); log::warn(1.0); log::error(Fn("buy")); log::info('c'); log::info(());"#;
        insta::assert_snapshot!(logged(&Bench::new(), script), @r#"
        DEBUG script: a
         INFO script: {"b":[1,"x",null]}
         WARN script: 1.0
        ERROR script: Fn(buy)
         INFO script: c
         INFO script: ()
        "#);
    }

    #[test]
    fn secrets_are_masked() {
        let environment = [("API_TOKEN".to_owned(), "s3cr3t".to_owned())].into();
        let world = Arc::new(World::new(PathBuf::new(), environment, 1, jiff::Timestamp::UNIX_EPOCH));
        let text =
            logged(&Bench::in_world(world), r#"log::info(#{ auth: "Bearer " + env::get("API_TOKEN") });"#);
        assert!(text.contains(r#"{"auth":"Bearer ***"}"#), "{text}");
    }

    #[test]
    fn the_top_level_of_other_shards_is_quiet() {
        let mut bench = Bench::in_world(world());
        assert!(logged(&bench, "log::info(1);").contains("script: 1"));
        bench.actor = Rc::new(Actor::new(0, world()).quiet());
        assert_eq!(logged(&bench, "log::info(1);"), "");
    }
}
