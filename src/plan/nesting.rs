//! How task sets lie in each other: what can be reached, and that it ends somewhere.

use super::{Plan, SetId, Target, TaskSet};
use crate::util::{Diagnostic, Place};
use std::collections::HashSet;

/// Rules over nested sets are recursive; this keeps their stacks small.
const DEEPEST: usize = 64;

/// Places of tasks and sets over all paths. Sets that contain each other twice double it with every level.
const MOST_PLACES: usize = 1_000_000;

/// The sets that a task set enters, in the order of its tasks, those that are off included.
fn entered(set: &TaskSet) -> impl Iterator<Item = SetId> {
    set.tasks.iter().filter_map(|task| match task.target {
        Target::Enter(id) => Some(id),
        Target::Call(_) | Target::Stop => None,
    })
}

/// `root` and every set within it, each once, outer sets first.
pub(super) fn within(plan: &Plan, root: SetId) -> Vec<SetId> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            found.push(id);
            let inner: Vec<SetId> = entered(plan.set(id)).collect();
            open.extend(inner.into_iter().rev());
        }
    }
    found
}

/// Where `declared_at`, which is `file:line:column`, points; none for an empty one.
#[must_use]
pub fn place(declared_at: &str) -> Option<Place> {
    if declared_at.is_empty() {
        return None;
    }
    let mut parts = declared_at.rsplitn(3, ':');
    let column = parts.next().and_then(|text| text.parse().ok());
    let line = parts.next().and_then(|text| text.parse().ok());
    match (parts.next(), line, column) {
        (Some(file), Some(line), Some(column)) => Some(Place { line, column, ..Place::file(file) }),
        _ => Some(Place::file(declared_at)),
    }
}

/// The same diagnostic, at the place of a declaration.
pub(super) fn at(mut diagnostic: Diagnostic, declared_at: &str) -> Diagnostic {
    diagnostic.place = place(declared_at);
    diagnostic
}

/// What has been found out about a set.
#[derive(Clone, Copy)]
enum Mark {
    New,
    Open,
    Done(Extent),
}

/// How large the tree under a set is.
#[derive(Clone, Copy)]
struct Extent {
    depth: usize,
    places: usize,
}

/// Refuses sets that contain themselves, and trees too deep or too wide to walk.
///
/// # Errors
///
/// The first such set. Every rule that walks into nested sets must ask here before.
pub(super) fn ends(plan: &Plan) -> Result<(), Diagnostic> {
    let mut marks = vec![Mark::New; plan.sets.len()];
    for root in 0..plan.sets.len() {
        survey(plan, SetId(root), &mut marks)?;
    }
    Ok(())
}

/// Walks the sets under `root` with a stack of its own, since their depth is not known yet.
fn survey(plan: &Plan, root: SetId, marks: &mut [Mark]) -> Result<(), Diagnostic> {
    let mut path: Vec<(SetId, Vec<SetId>)> = Vec::new();
    let mut next = Some(root);
    loop {
        if let Some(id) = next.take() {
            match marks[id.0] {
                Mark::Done(_) => {}
                Mark::Open => return Err(contains_itself(plan, id, &path)),
                Mark::New => {
                    marks[id.0] = Mark::Open;
                    path.push((id, entered(plan.set(id)).collect()));
                }
            }
        }
        let Some((id, inner)) = path.last_mut() else { return Ok(()) };
        next = inner.pop();
        if next.is_none() {
            let id = *id;
            marks[id.0] = Mark::Done(extent(plan, id, marks)?);
            path.pop();
        }
    }
}

fn extent(plan: &Plan, id: SetId, marks: &[Mark]) -> Result<Extent, Diagnostic> {
    let set = plan.set(id);
    let mut extent = Extent { depth: 1, places: set.tasks.len() };
    for inner in entered(set) {
        if let Mark::Done(inner) = marks[inner.0] {
            extent.depth = extent.depth.max(inner.depth + 1);
            extent.places = extent.places.saturating_add(inner.places);
        }
    }
    let refuse = |what: String| Err(at(Diagnostic::error(what), &set.declared_at));
    if extent.depth > DEEPEST {
        return refuse(format!("task sets are nested more than {DEEPEST} deep in `{}`", set.name));
    }
    if extent.places > MOST_PLACES {
        return refuse(format!("task set `{}` has more than {MOST_PLACES} tasks within it", set.name));
    }
    Ok(extent)
}

fn contains_itself(plan: &Plan, id: SetId, path: &[(SetId, Vec<SetId>)]) -> Diagnostic {
    let name = |id: SetId| plan.set(id).name.as_str();
    let circle: Vec<&str> =
        path.iter().map(|(id, _)| *id).skip_while(|&step| step != id).chain([id]).map(name).collect();
    at(
        Diagnostic::error(format!("task set `{}` contains itself", name(id)))
            .note(circle.join(" -> "))
            .help("leave a task set with `.stop()` and let the one around it enter it again"),
        &plan.set(id).declared_at,
    )
}

#[cfg(test)]
mod tests {
    use super::{Plan, SetId, ends, place, within};
    use crate::plan::testing::{call, enter};

    #[test]
    fn finds_every_set_once_outer_ones_first() {
        let mut plan = Plan::default();
        let shared = plan.with_set("shared", &[], vec![call("t", 1.0, &[])]);
        let a = plan.with_set("a", &[], vec![enter("shared", 1.0, shared)]);
        plan.with_set("stranger", &[], vec![]);
        let root = plan.with_class("U", 1.0, vec![enter("a", 1.0, a), enter("shared", 1.0, shared)]);
        assert_eq!(within(&plan, root), [root, a, shared]);
        assert_eq!(ends(&plan), Ok(()));
    }

    #[test]
    fn a_circle_is_named() {
        let mut plan = Plan::default();
        let a = plan.with_set("a", &[], vec![]);
        let b = plan.with_set("b", &[], vec![enter("a", 1.0, a)]);
        plan.sets[a.0].tasks.push(enter("b", 1.0, b));
        insta::assert_snapshot!(ends(&plan).unwrap_err(), @r"
        error: task set `a` contains itself
         --> plan.rhai:1:1
          = note: a -> b -> a
          = help: leave a task set with `.stop()` and let the one around it enter it again
        ");
    }

    /// Every set enters the one before it `times` times.
    fn tower(depth: usize, times: usize) -> Plan {
        let mut plan = Plan::default();
        plan.with_set("0", &[], vec![call("t", 1.0, &[])]);
        for level in 1..depth {
            let tasks = vec![enter("below", 1.0, SetId(level - 1)); times];
            plan.with_set(&level.to_string(), &[], tasks);
        }
        plan
    }

    #[test]
    fn towers_are_refused_before_anything_walks_them() {
        assert_eq!(ends(&tower(64, 1)), Ok(()));
        let deep = ends(&tower(100_000, 1)).unwrap_err();
        assert_eq!(deep.message, "task sets are nested more than 64 deep in `64`");
        let wide = ends(&tower(60, 2)).unwrap_err();
        assert!(wide.message.ends_with("has more than 1000000 tasks within it"), "{wide}");
    }

    #[test]
    fn a_declaration_is_a_place() {
        let found = place("C:/a:b.rhai:12:3").expect("a place");
        assert_eq!((found.file.as_str(), found.line, found.column), ("C:/a:b.rhai", 12, 3));
        assert_eq!(place("a.rhai").map(|place| place.to_string()).as_deref(), Some("a.rhai"));
        assert_eq!(place(""), None);
    }
}
