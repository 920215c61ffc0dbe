//! From what the top level declared to a plan: names become numbers.

use super::declaration::{ClassDraft, TargetDraft, TaskDraft, TaskSetHandle, WaitDraft};
use crate::plan::{ClassId, FnId, Plan, SetId, Target, Task, TaskSet, UserClass, Wait};
use crate::script::source::calls::{self, FunctionTable, ScriptFn};
use crate::util::Diagnostic;
use std::rc::Rc;

/// Turns drafts into plain data with numbers.
pub(super) struct Lowering<'a> {
    plan: Plan,
    /// Sets that have a number: a set that is used twice is one set.
    seen: Vec<(TaskSetHandle, SetId)>,
    functions: &'a mut FunctionTable,
}

impl<'a> Lowering<'a> {
    /// Into an empty plan.
    pub(super) fn new(functions: &'a mut FunctionTable) -> Self {
        Self { plan: Plan::default(), seen: Vec::new(), functions }
    }

    /// The plan, when everything is in it.
    pub(super) fn finish(self) -> Plan {
        self.plan
    }

    /// A user class, with everything in it.
    pub(super) fn class(&mut self, draft: &ClassDraft) -> Result<ClassId, Diagnostic> {
        let root = self.set(&draft.set)?;
        let set = &self.plan.sets[root.0];
        let class = UserClass {
            name: set.name.clone(),
            weight: draft.weight.get(),
            fixed_count: draft.fixed_count.get(),
            host: draft.host.borrow().clone(),
            root,
            http: draft.http.borrow().clone(),
            declared_at: set.declared_at.clone(),
        };
        self.plan.classes.push(class);
        Ok(ClassId(self.plan.classes.len() - 1))
    }

    fn set(&mut self, handle: &TaskSetHandle) -> Result<SetId, Diagnostic> {
        if let Some((_, id)) = self.seen.iter().find(|(seen, _)| Rc::ptr_eq(&seen.0, &handle.0)) {
            return Ok(*id);
        }
        let id = SetId(self.plan.sets.len());
        self.seen.push((handle.clone(), id));
        self.plan.sets.push(TaskSet::default());
        let draft = handle.0.borrow().clone();
        let tasks = draft.tasks.into_iter().map(|task| self.task(task)).collect::<Result<_, _>>()?;
        self.plan.sets[id.0] = TaskSet {
            name: draft.name,
            tasks,
            tags: draft.tags,
            wait: match draft.wait {
                Some(WaitDraft::Ready(wait)) => Some(wait),
                Some(WaitDraft::Call(function)) => Some(Wait::Function(self.function(&function)?)),
                None => None,
            },
            on_start: draft.on_start.map(|function| self.function(&function)).transpose()?,
            on_stop: draft.on_stop.map(|function| self.function(&function)).transpose()?,
            order: draft.order,
            declared_at: draft.declared_at,
        };
        Ok(id)
    }

    fn task(&mut self, draft: TaskDraft) -> Result<Task, Diagnostic> {
        let target = match draft.target {
            TargetDraft::Call(function) => Target::Call(self.function(&function)?),
            TargetDraft::Enter(set) => Target::Enter(self.set(&set)?),
            TargetDraft::Stop => Target::Stop,
        };
        Ok(Task { name: draft.name, weight: draft.weight, tags: draft.tags, target })
    }

    fn function(&mut self, function: &ScriptFn) -> Result<FnId, Diagnostic> {
        self.functions.add(function, calls::USER)
    }
}
