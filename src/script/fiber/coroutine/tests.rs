//! Fibers under stress: thousands suspended, dropped, cut, panicking, too deep, too long.

use super::{Cut, Fiber, FiberEnd, Stopped, guard, wait};
use crate::script::context::current::{self, Actor};
use crate::script::context::world::World;
use crate::script::fiber::limits::FiberLimits;
use crate::script::fiber::stacks::{POOL, set_max_stacks};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const LIMITS: FiberLimits = FiberLimits { stack_size: 512 * 1024, max_operations: 60_000 };

fn actor(number: u64) -> Rc<Actor> {
    let world = World::new(std::path::PathBuf::new(), BTreeMap::new(), 1, jiff::Timestamp::UNIX_EPOCH);
    Rc::new(Actor::new(number, Arc::new(world)))
}

fn fiber<T: 'static>(number: u64, function: impl FnOnce() -> T + 'static) -> Fiber<T> {
    Fiber::new(actor(number), LIMITS, function).expect("a stack")
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(tokio::task::LocalSet::new().run_until(future))
}

fn returned<T>(end: FiberEnd<T>) -> T {
    match end {
        FiberEnd::Returned(value) => value,
        FiberEnd::Panicked(text) => panic!("{text}"),
    }
}

#[test]
fn thousands_wait_at_once_and_each_finds_its_own_actor() {
    run(async {
        let tasks: Vec<_> = (0..5000_u64)
            .map(|number| {
                tokio::task::spawn_local(fiber(number, move || {
                    for _ in 0..3 {
                        let pause = Duration::from_millis(1 + number % 7);
                        assert_eq!(wait(tokio::time::sleep(pause)), Ok(()));
                        assert_eq!(current::actor().number, number);
                    }
                    number
                }))
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(returned(task.await.expect("not aborted")), number as u64);
        }
    });
    POOL.with_borrow(|pool| assert_eq!(pool.idle.len(), pool.live, "every stack came back"));
}

#[test]
fn dropping_suspended_fibers_runs_their_destructors() {
    struct Guard(Rc<Cell<u32>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Rc::new(Cell::new(0));
    run(async {
        let tasks: Vec<_> = (0..1000)
            .map(|number| {
                let guard = Guard(dropped.clone());
                tokio::task::spawn_local(fiber(number, move || {
                    let _guard = guard;
                    let _ = wait(std::future::pending::<()>());
                }))
            })
            .collect();
        tokio::task::yield_now().await;
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        for task in tasks {
            assert!(task.await.is_err());
        }
    });
    assert_eq!(dropped.get(), 1000);
    POOL.with_borrow(|pool| assert_eq!(pool.idle.len(), pool.live, "every stack came back"));
}

#[test]
fn a_panicking_native_ends_its_own_fiber_only() {
    run(async {
        let bystander =
            tokio::task::spawn_local(fiber(1, || wait(tokio::time::sleep(Duration::from_secs(1)))));
        for number in 0..100 {
            let end = fiber(number, || -> u32 {
                let _ = wait(tokio::task::yield_now());
                panic!("native number 7 is broken")
            })
            .await;
            assert!(matches!(end, FiberEnd::Panicked(text) if text == "native number 7 is broken"));
        }
        assert_eq!(returned(bystander.await.expect("not aborted")), Ok(()));
    });
}

#[test]
fn a_cut_fiber_cannot_wait_any_more() {
    run(async {
        let mut fiber = fiber(1, || {
            let first = wait(std::future::pending::<()>());
            (first, wait(tokio::time::sleep(Duration::from_secs(1))))
        });
        assert!(futures_poll_once(&mut fiber).await.is_none());
        fiber.cut();
        assert_eq!(returned(fiber.await), (Err(Cut), Err(Cut)));
    });
}

/// Polls once and returns the output if it was ready.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[test]
fn deep_recursion_meets_the_guard_before_the_end_of_the_stack() {
    fn deeper(level: u64) -> Result<u64, Stopped> {
        guard()?;
        let padding = std::hint::black_box([level; 256]);
        Ok(deeper(level + 1)? + padding[0])
    }
    run(async {
        for _ in 0..50 {
            assert_eq!(returned(fiber(1, || deeper(0)).await), Err(Stopped::OutOfStack));
        }
    });
    POOL.with_borrow(|pool| assert!(pool.idle.is_empty(), "deeply used stacks go back to the system"));
}

#[test]
fn an_endless_loop_ends_and_starves_nobody() {
    run(async {
        let endless = tokio::task::spawn_local(fiber(1, || {
            let mut rounds = 0_u64;
            loop {
                rounds += 1;
                if rounds.is_multiple_of(64) {
                    std::thread::sleep(Duration::from_micros(100));
                }
                if let Err(stopped) = guard() {
                    return (stopped, rounds);
                }
            }
        }));
        let turns = Rc::new(Cell::new(0));
        let counted = turns.clone();
        let bystander = tokio::task::spawn_local(async move {
            loop {
                counted.set(counted.get() + 1);
                tokio::task::yield_now().await;
            }
        });
        let (stopped, rounds) = returned(endless.await.expect("not aborted"));
        bystander.abort();
        assert_eq!(stopped, Stopped::OutOfOperations);
        assert!(rounds >= LIMITS.max_operations, "{rounds}");
        assert!(turns.get() > 5, "others ran {} times", turns.get());
    });
}

#[test]
fn no_more_stacks_than_allowed() {
    std::thread::spawn(|| {
        set_max_stacks(2);
        let first = fiber(1, || ());
        let _second = fiber(2, || ());
        assert!(Fiber::new(actor(3), LIMITS, || ()).is_err());
        drop(first);
        assert!(Fiber::new(actor(3), LIMITS, || ()).is_ok());
    })
    .join()
    .expect("the thread's assertions hold");
}
