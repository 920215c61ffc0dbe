//! A library as a module: its top level run once, its functions made values that carry their environment.

use super::Fallible;
use crate::script::source::files::SourceFile;
use rhai::{
    AST, Array, Dynamic, Engine, FnAccess, FnPtr, GlobalRuntimeState, ImmutableString, Map, Module,
    NativeCallContext, Scope,
};
use std::cell::RefCell;
use std::rc::Rc;

/// Runs the top level of a main script; its environment is then kept with the file.
pub(in crate::script) fn run_top_level(engine: &Engine, file: &Rc<SourceFile>) -> Fallible<Module> {
    evaluate(engine, &engine.new_global_runtime_state(), file)
}

/// Runs the top level of a library.
pub(super) fn evaluate(
    engine: &Engine,
    caller: &GlobalRuntimeState,
    file: &Rc<SourceFile>,
) -> Fallible<Module> {
    let mut global = engine.new_global_runtime_state();
    global.tag = caller.tag.clone();
    global.level = caller.level;
    let (mut scope, ast, end) = with_end(engine, &file.ast);
    let mut module = Module::eval_ast_as_new_raw(engine, &mut scope, &mut global, &ast)?;
    let environment = end.take().unwrap_or_else(|| {
        // The top level returned early: its functions and imports are there, its constants are not.
        global.lib.push(Rc::clone(file.ast.shared_lib()));
        module.iter_sub_modules().for_each(|(name, inner)| global.push_import(name, Rc::clone(inner)));
        global.source = Some((&file.name).into());
        global
    });
    let environment = file.environment.get_or_init(|| Rc::new(environment));
    dress(&mut module, file, environment);
    module.build_index();
    Ok(module)
}

type End = Rc<RefCell<Option<GlobalRuntimeState>>>;

/// The name by which the end of a top level calls back.
const END: &str = "katydid_end_of_library";

/// `ast` with a last statement that keeps the environment as it then is.
fn with_end(engine: &Engine, ast: &AST) -> (Scope<'static>, AST, End) {
    let (end, kept) = (End::default(), End::default());
    let mut scope = Scope::new();
    let keep = Rc::clone(&end);
    #[expect(deprecated, reason = "Rhai marks what may change in a minor release so; the version is pinned")]
    let pointer = FnPtr::from_fn(END, move |context: NativeCallContext<'_>, _: &mut [&mut Dynamic]| {
        *keep.borrow_mut() = Some(context.global_runtime_state().clone());
        Ok(Dynamic::UNIT)
    });
    let statement = engine.compile(format!("{END}.call();"));
    let (Ok(pointer), Ok(statement)) = (pointer, statement) else { return (scope, ast.clone(), kept) };
    scope.push_constant(END, pointer);
    let name = ast.source().unwrap_or_default().to_owned();
    let mut ast = ast.merge(&statement);
    ast.set_source(name);
    (scope, ast, end)
}

/// What a function pointer of a library stands for, without the environment that it carries.
#[derive(Clone, Debug)]
pub(in crate::script) struct LibraryFn {
    /// Source name of the library.
    pub(in crate::script) library: ImmutableString,
    /// The pointer as the library itself has it.
    pub(in crate::script) pointer: FnPtr,
}

/// Where `pointer` comes from, if it is a function or an exported closure of a library.
pub(in crate::script) fn origin(pointer: &FnPtr) -> Option<LibraryFn> {
    let (first, added) = pointer.curry().split_first()?;
    let mut origin = first.read_lock::<LibraryFn>()?.clone();
    // What a script curried onto it afterwards follows what the library had curried itself.
    let own = origin.pointer.curry().len();
    added.iter().skip(own).for_each(|value| {
        origin.pointer.add_curry(value.clone());
    });
    Some(origin)
}

/// Makes functions values, and lets the function pointers among the exported values carry their environment.
fn dress(module: &mut Module, file: &Rc<SourceFile>, environment: &Rc<GlobalRuntimeState>) {
    let exported: Vec<_> = module.iter_var().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    for (name, value) in exported {
        let value = bound(&value, &name, file, environment);
        module.set_var(name, value);
    }
    for function in file.ast.iter_fn_def().filter(|function| function.access == FnAccess::Public) {
        if !function.name.starts_with("anon$")
            && !module.contains_var(&function.name)
            && let Some(pointer) =
                pointer(&function.name, &FnPtr::from(Rc::clone(function)), file, environment)
        {
            module.set_var(function.name.as_str(), pointer);
        }
    }
}

/// `value` with the function pointers in it bound; `name` is what a closure is called.
fn bound(
    value: &Dynamic,
    name: &str,
    file: &Rc<SourceFile>,
    environment: &Rc<GlobalRuntimeState>,
) -> Dynamic {
    // A shared value is a captured one: the library's closures must go on seeing what others see.
    if value.is_shared() {
        return value.clone();
    }
    if let Some(found) = value.read_lock::<FnPtr>() {
        // What another library handed out and this one passes on has its environment already.
        if origin(&found).is_some() {
            return value.clone();
        }
        let shown = if found.is_anonymous() { name } else { found.fn_name() };
        return pointer(shown, &found, file, environment).map_or_else(|| value.clone(), Dynamic::from);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(|item| bound(item, name, file, environment)).collect::<Array>().into();
    }
    if let Some(map) = value.read_lock::<Map>() {
        let bind =
            |(key, item): (&rhai::Identifier, &Dynamic)| (key.clone(), bound(item, key, file, environment));
        return map.iter().map(bind).collect::<Map>().into();
    }
    value.clone()
}

/// `plain`, a function or closure of `file`, as a pointer called `shown` that can be called from anywhere; `None` if
/// the file has no such function.
pub(in crate::script) fn pointer(
    shown: &str,
    plain: &FnPtr,
    file: &Rc<SourceFile>,
    environment: &Rc<GlobalRuntimeState>,
) -> Option<FnPtr> {
    let same = file.ast.iter_functions().filter(|known| known.name == plain.fn_name());
    let arities: Vec<usize> = same.map(|known| known.params.len()).collect();
    if arities.is_empty() {
        return None;
    }
    let (environment, name) = (Rc::clone(environment), plain.fn_name().to_owned());
    #[expect(deprecated, reason = "Rhai marks what may change in a minor release so; the version is pinned")]
    let pointer =
        FnPtr::from_fn(shown, move |context: NativeCallContext<'_>, arguments: &mut [&mut Dynamic]| {
            // The first one says where the pointer comes from.
            let arguments = arguments.get_mut(1..).unwrap_or_default();
            let fitting = arities.iter().copied().filter(|arity| *arity <= arguments.len()).max();
            let count = fitting.unwrap_or(arguments.len());
            call(&environment, &name, &context, &mut arguments[..count])
        });
    let mut pointer = pointer.ok()?;
    let origin = LibraryFn { library: (&file.name).into(), pointer: plain.clone() };
    pointer.set_curry(std::iter::once(Dynamic::from(origin)).chain(plain.curry().iter().cloned()));
    Some(pointer)
}

/// Calls a function in the environment of its library.
fn call(
    environment: &GlobalRuntimeState,
    name: &str,
    context: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Fallible<Dynamic> {
    let caller = context.global_runtime_state();
    let mut global = environment.clone();
    global.tag = caller.tag.clone();
    global.level = caller.level;
    global.num_operations = caller.num_operations;
    let source = global.source.clone();
    let source = source.as_deref();
    let inside = NativeCallContext::new_with_all_fields(
        context.engine(),
        name,
        source,
        &global,
        context.call_position(),
    );
    inside.call_fn_raw(name, false, false, arguments)
}
