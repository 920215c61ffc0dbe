//! Every script file that was read: its text, its syntax tree, and the environment its functions run in.

use super::functions::Functions;
use crate::script::error;
use crate::util::{Diagnostic, Place, read_text};
use rhai::{AST, Engine, GlobalRuntimeState, ImmutableString, Position};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// One file of script: a main script, a library, or a module of the standard library.
pub(in crate::script) struct SourceFile {
    /// As shown to the user, and as the source of [`SourceFile::ast`]; unique within [`Files`].
    pub(in crate::script) name: String,
    /// Where it was read; `None` for the standard library and for text that never was a file.
    pub(super) path: Option<PathBuf>,
    /// What it says.
    pub(in crate::script) text: ImmutableString,
    /// What it means; its source is [`SourceFile::name`].
    pub(in crate::script) ast: AST,
    /// When the top level has ended: functions, imports and constants as they were then.
    /// A function pointer carries none of these, so that whoever calls one into this file needs them.
    pub(in crate::script) environment: OnceCell<Rc<GlobalRuntimeState>>,
    /// Names that [`super::homonyms`] gave to functions, with their own ones.
    pub(in crate::script) aliases: BTreeMap<String, String>,
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile")
            .field("name", &self.name)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// All files of one engine, in the order in which they were read. A handle: clones share the registry.
#[derive(Clone, Debug, Default)]
pub(in crate::script) struct Files(Rc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    files: RefCell<Vec<Rc<SourceFile>>>,
    /// Which file an import led to: (importing file, path as written) to library.
    links: RefCell<BTreeMap<(String, String), String>>,
    functions: OnceCell<Functions>,
    /// A call may mean one function in this file and another one in that.
    ambiguous: Cell<bool>,
    /// How many files were there when functions of the same name were told apart.
    told_apart: Cell<usize>,
}

impl Files {
    /// Compiles `text` and keeps it under `name`; the way in for main scripts and libraries alike.
    ///
    /// # Errors
    ///
    /// The syntax error, with its line.
    pub(in crate::script) fn compile(
        &self,
        engine: &Engine,
        name: &str,
        path: Option<PathBuf>,
        text: &str,
    ) -> Result<Rc<SourceFile>, Diagnostic> {
        let ast = parse(engine, name, text, text)?;
        Ok(self.add(SourceFile {
            name: name.to_owned(),
            path,
            text: text.into(),
            ast,
            environment: OnceCell::new(),
            aliases: BTreeMap::new(),
        }))
    }

    /// Reads and compiles the main script at `path`, which is its name too.
    ///
    /// # Errors
    ///
    /// When it cannot be read, and when its syntax is wrong.
    pub(in crate::script) fn read(&self, engine: &Engine, path: &Path) -> Result<Rc<SourceFile>, Diagnostic> {
        let name = path.display().to_string();
        let text = read_text(path, &name, |failure| {
            Diagnostic::error(format!("cannot read the script: {failure}"))
                .at(Place::file(&name))
                .help("give the path of a script file, from the working folder")
        })?;
        self.compile(engine, &name, Some(path.to_owned()), &text)
    }

    /// Keeps `file`; one of the same name is replaced.
    pub(super) fn add(&self, file: SourceFile) -> Rc<SourceFile> {
        let file = Rc::new(file);
        let mut files = self.0.files.borrow_mut();
        match files.iter_mut().find(|known| known.name == file.name) {
            Some(known) => *known = Rc::clone(&file),
            None => files.push(Rc::clone(&file)),
        }
        file
    }

    /// The file whose name is `name`.
    pub(in crate::script) fn find(&self, name: &str) -> Option<Rc<SourceFile>> {
        self.0.files.borrow().iter().find(|file| file.name == name).cloned()
    }

    /// The file that was read first: the main script.
    pub(in crate::script) fn first(&self) -> Option<Rc<SourceFile>> {
        self.0.files.borrow().first().cloned()
    }

    /// All files, in the order in which they were read.
    pub(in crate::script) fn all(&self) -> Vec<Rc<SourceFile>> {
        self.0.files.borrow().clone()
    }

    /// The file that defines the function or closure `name`; for a closure (`anon$..`) the answer is unique but for
    /// closures of the same text, and those are the same function.
    pub(in crate::script) fn defining(&self, name: &str) -> Option<Rc<SourceFile>> {
        let files = self.0.files.borrow();
        files.iter().find(|file| file.ast.iter_fn_def().any(|function| function.name == name)).cloned()
    }

    /// A function as its author called it.
    pub(in crate::script) fn function_name(&self, name: &str) -> String {
        let files = self.0.files.borrow();
        files.iter().find_map(|file| file.aliases.get(name)).map_or(name, String::as_str).to_owned()
    }

    /// The place at `position` of the file `name`, with its line; only the file where it has no position.
    pub(in crate::script) fn place(&self, name: &str, position: Position) -> Place {
        match (self.find(name), position.line()) {
            (Some(file), Some(line)) => file.place(line, position.position().unwrap_or(0)),
            (None, Some(line)) => {
                let column = position.position().unwrap_or(0);
                Place { line, column, ..Place::file(name) }
            }
            (_, None) => Place::file(name),
        }
    }

    /// Remembers that `request` in the file `importer` means `library`.
    pub(super) fn link(&self, importer: &str, request: &str, library: &str) {
        let key = (importer.to_owned(), request.to_owned());
        self.0.links.borrow_mut().insert(key, library.to_owned());
    }

    /// The library that `request` in the file `importer` led to.
    pub(in crate::script) fn linked(&self, importer: &str, request: &str) -> Option<Rc<SourceFile>> {
        let key = (importer.to_owned(), request.to_owned());
        let library = self.0.links.borrow().get(&key).cloned()?;
        self.find(&library)
    }

    /// Remembers that a call may mean different functions.
    pub(super) fn note_ambiguity(&self) {
        self.0.ambiguous.set(true);
    }

    /// Remembers that functions of the same name have been told apart in all files that there are.
    pub(super) fn are_told_apart(&self) {
        self.0.told_apart.set(self.0.files.borrow().len());
    }

    /// Whether a call means the same function wherever it is done, in whichever file that is: see [`super::homonyms`].
    pub(super) fn names_are_clear(&self) -> bool {
        !self.0.ambiguous.get() && self.0.told_apart.get() == self.0.files.borrow().len()
    }

    /// Remembers which functions `engine` has, so that errors at run time can name the nearest one.
    pub(in crate::script) fn learn(&self, engine: &Engine) -> &Functions {
        self.0.functions.get_or_init(|| Functions::of(engine))
    }

    /// What [`Files::learn`] remembers, if it was called.
    pub(in crate::script) fn functions(&self) -> Option<&Functions> {
        self.0.functions.get()
    }
}

/// Compiles what is to be read of the file `name`; its author wrote `text`.
///
/// # Errors
///
/// The syntax error, with its line.
pub(super) fn parse(engine: &Engine, name: &str, text: &str, read: &str) -> Result<AST, Diagnostic> {
    let mut ast = engine.compile(read).map_err(|failure| error::diagnose_parse(&failure, name, text))?;
    ast.set_source(name);
    Ok(ast)
}

impl SourceFile {
    /// The place at `line` and `column`, both from 1.
    pub(in crate::script) fn place(&self, line: usize, column: usize) -> Place {
        Place::in_text(&self.name, &self.text, line, column)
    }

    /// The place at `position`; only the file where it has none.
    pub(in crate::script) fn at(&self, position: Position) -> Place {
        match position.line() {
            Some(line) => self.place(line, position.position().unwrap_or(0)),
            None => Place::file(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Files;
    use rhai::{Engine, Position};

    #[test]
    fn finds_a_file_by_its_name_and_by_what_it_defines() {
        let (engine, files) = (Engine::new(), Files::default());
        files.compile(&engine, "a.rhai", None, "fn one() {}").unwrap();
        files.compile(&engine, "b.rhai", None, "fn two() {}").unwrap();
        assert_eq!(files.find("b.rhai").unwrap().ast.source(), Some("b.rhai"));
        assert_eq!(files.defining("two").unwrap().name, "b.rhai");
        assert!(files.defining("three").is_none());
        assert_eq!(files.first().unwrap().name, "a.rhai");
        assert_eq!(files.place("a.rhai", Position::new(1, 4)).source_line.as_deref(), Some("fn one() {}"));
        assert_eq!(files.place("c.rhai", Position::new(1, 4)).to_string(), "c.rhai:1:4");
    }

    #[test]
    fn a_script_that_is_not_there() {
        let failure = Files::default().read(&Engine::new(), "no/such.rhai".as_ref()).unwrap_err();
        insta::assert_snapshot!(failure, @r"
        error: cannot read the script: No such file or directory (os error 2)
         --> no/such.rhai
          = help: give the path of a script file, from the working folder
        ");
    }

    #[test]
    fn a_syntax_error_is_not_kept() {
        let (engine, files) = (Engine::new(), Files::default());
        let failure = files.compile(&engine, "a.rhai", None, "let x = ;").unwrap_err();
        assert_eq!(failure.place.unwrap().to_string(), "a.rhai:1:9");
        assert!(files.all().is_empty());
    }
}
