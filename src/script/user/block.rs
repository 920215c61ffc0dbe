//! A block: a function that a script hands to a native function, which calls it before it returns.

use super::handle::User;
use crate::script::source::calls::{linked, parameters};
use crate::script::source::files::{Files, SourceFile};
use crate::script::value::convert::refuse;
use rhai::{Dynamic, EvalAltResult, FnPtr, GlobalRuntimeState, NativeCallContext};
use std::rc::Rc;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A block that can be called.
pub(super) struct Block {
    pointer: FnPtr,
    takes_user: bool,
    /// The file that it stands in, and what it sees there. None for a function of a library given by its name: that one
    /// knows both itself.
    home: Option<(Rc<SourceFile>, Rc<GlobalRuntimeState>)>,
}

impl Block {
    /// Finds the function that `pointer`, an argument of the call `context`, names.
    ///
    /// # Errors
    ///
    /// When it takes other parameters than none or `user`.
    pub(super) fn read(context: &NativeCallContext<'_>, files: &Files, pointer: &FnPtr) -> Result<Self> {
        let name = pointer.fn_name();
        let caller = context.call_source().and_then(|source| files.find(source));
        let file = caller.filter(|file| !parameters(file, name).is_empty());
        let file = file.or_else(|| pointer.is_anonymous().then(|| files.defining(name)).flatten());
        let home = file.and_then(|file| {
            let environment = file.environment.get()?.clone();
            Some((file, environment))
        });
        let Some((file, _)) = &home else {
            return Ok(Self { pointer: pointer.clone(), takes_user: true, home });
        };
        let (given, captured) = (parameters(file, name), pointer.curry().len());
        let takes = [1, 0].into_iter().find(|count| given.contains(&(count + captured)));
        let Some(takes) = takes else {
            let takes = given.iter().map(|count| count.saturating_sub(captured)).max().unwrap_or(0);
            return Err(refuse(format!(
                "the block takes {takes} parameters, but gets only `user`: write `|user| {{ .. }}`"
            )));
        };
        Ok(Self { pointer: linked(file, pointer, takes + captured), takes_user: takes == 1, home })
    }

    /// Calls it as `user`, in the environment of its own file.
    ///
    /// # Errors
    ///
    /// Whatever it throws.
    pub(super) fn call(&self, context: &NativeCallContext<'_>, user: &User) -> Result<Dynamic> {
        let user = Dynamic::from(user.clone());
        let Some((file, environment)) = &self.home else {
            return self.pointer.call_raw(context, None, [user]);
        };
        let mut global = (**environment).clone();
        let here = context.global_runtime_state();
        // Calls inside a block are nested in those around it, and limited with them.
        (global.level, global.tag) = (here.level, here.tag.clone());
        let inside = NativeCallContext::new_with_all_fields(
            context.engine(),
            self.pointer.fn_name(),
            Some(&file.name),
            &global,
            context.call_position(),
        );
        if self.takes_user {
            self.pointer.call_raw(&inside, None, [user])
        } else {
            self.pointer.call_raw(&inside, None, [])
        }
    }
}
