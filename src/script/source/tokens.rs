//! Words that Rhai reserves without using them are ordinary names here.
//!
//! A load test reads JSON, and JSON has keys like `default`, `new` and `in`. Three positions take any word at all,
//! because nothing but a name can stand there: after a `.`, after a `::`, and as the key of a map literal. Everywhere
//! else the words that Rhai only keeps for other languages' sake become names, and the words that mean something
//! (`in`, `for`, `this`, `Fn`, `call`, ..) keep their meaning.

use rhai::{Engine, LexError, Position, Token, TokenizeState, TokenizerControl, is_valid_identifier};
use std::cell::RefCell;
use std::rc::Rc;

/// Reserved by Rhai, used by nothing: names wherever they stand. `print` and `debug` are ordinary functions.
const FREE: [&str; 31] = [
    "async",
    "await",
    "case",
    "debug",
    "default",
    "go",
    "goto",
    "is",
    "match",
    "module",
    "new",
    "nil",
    "null",
    "package",
    "print",
    "protected",
    "public",
    "shared",
    "spawn",
    "static",
    "super",
    "sync",
    "thread",
    "use",
    "var",
    "void",
    "with",
    "yield",
    "is_shared",
    "type_of",
    "curry",
];

/// Makes `engine` read scripts so.
pub(in crate::script) fn install(engine: &mut Engine) {
    let reader = RefCell::new(Reader::default());
    #[expect(deprecated, reason = "Rhai marks what may change in a minor release so; the version is pinned")]
    engine.on_parse_token(move |token, _: Position, state| reader.borrow_mut().read(token, state));
}

/// What the position of the next token depends on.
#[derive(Default)]
struct Reader {
    /// The text that is being read: a new one starts afresh, wherever the last one broke off.
    text: Option<TokenizerControl>,
    /// Open brackets; `true` for a map literal.
    open: Vec<bool>,
    /// Only a name can come next.
    name_expected: bool,
    /// The last token was a keyword that became a name: Rhai's tokenizer does not know, and takes a sign that follows
    /// for that of a number.
    renamed: bool,
}

impl Reader {
    fn read(&mut self, token: Token, state: &TokenizeState) -> Token {
        let control = &state.tokenizer_control;
        if !self.text.as_ref().is_some_and(|text| Rc::ptr_eq(text, control)) {
            *self = Self { text: Some(Rc::clone(control)), ..Self::default() };
        }
        let token = match token {
            Token::UnaryMinus if self.renamed => Token::Minus,
            Token::UnaryPlus if self.renamed => Token::Plus,
            token => token,
        };
        self.renamed = self.name_expected && is_keyword(&token);
        let token = if self.name_expected { any_word(token) } else { free_word(token) };
        self.follow(&token);
        token
    }

    fn follow(&mut self, token: &Token) {
        match token {
            Token::MapStart => self.open.push(true),
            Token::LeftBrace | Token::LeftParen | Token::LeftBracket | Token::QuestionBracket => {
                self.open.push(false);
            }
            Token::RightBrace | Token::RightParen | Token::RightBracket => {
                self.open.pop();
            }
            _ => {}
        }
        self.name_expected = match token {
            Token::Period | Token::Elvis | Token::DoubleColon | Token::MapStart => true,
            Token::Comma => self.open.last() == Some(&true),
            _ => false,
        };
    }
}

fn free_word(token: Token) -> Token {
    match token {
        Token::Reserved(word) if FREE.contains(&word.as_str()) => Token::Identifier(word),
        token => token,
    }
}

fn any_word(token: Token) -> Token {
    match token {
        Token::Reserved(word) if is_valid_identifier(&word) => Token::Identifier(word),
        // A word that was disabled, as `eval` is.
        Token::LexError(error) => match *error {
            LexError::ImproperSymbol(word, _) if is_valid_identifier(&word) => {
                Token::Identifier(Box::new(word.into()))
            }
            error => Token::LexError(error.into()),
        },
        token if is_keyword(&token) => Token::Identifier(Box::new(token.literal_syntax().into())),
        token => token,
    }
}

fn is_keyword(token: &Token) -> bool {
    token.is_standard_keyword() || *token == Token::Switch
}

#[cfg(test)]
mod tests {
    use super::{FREE, install};
    use rhai::{Dynamic, Engine, Module, Scope};

    const KEYWORDS: [&str; 26] = [
        "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "if",
        "import", "in", "let", "loop", "private", "return", "switch", "this", "throw", "true", "try",
        "until", "while", "Fn",
    ];
    const BUILT_IN: [&str; 5] = ["call", "eval", "is_def_var", "is_def_fn", "exit"];

    fn engine() -> Engine {
        let mut engine = Engine::new();
        install(&mut engine);
        engine.disable_symbol("eval");
        engine
    }

    fn eval(script: &str) -> Dynamic {
        engine().eval::<Dynamic>(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    #[test]
    fn every_word_is_a_property_and_a_key() {
        for word in FREE.iter().chain(&KEYWORDS).chain(&BUILT_IN) {
            let sum = eval(&format!(
                "let x = #{{ {word}: 1, a: 2, {word}_: 3 }}; x.{word} += 40; x.{word} + x?.{word}"
            ));
            assert_eq!(sum.as_int(), Ok(82), "{word}");
            let key = eval(&format!("#{{ a: #{{ {word}: [1, 2] }}, {word}: 7 }}.{word}"));
            assert_eq!(key.as_int(), Ok(7), "{word}");
        }
    }

    #[test]
    fn every_word_is_a_function_of_a_namespace() {
        for word in FREE.iter().chain(&KEYWORDS) {
            let mut module = Module::new();
            module.set_native_fn(*word, |x: i64| Ok(x + 1));
            let mut engine = engine();
            engine.register_static_module("log", module.into());
            let answer = engine.eval::<i64>(&format!("log::{word}(41)"));
            assert_eq!(answer.unwrap_or_else(|error| panic!("{word}: {error}")), 42, "{word}");
        }
    }

    #[test]
    fn free_words_are_variables_and_parameters() {
        for word in FREE {
            let sum = eval(&format!("fn twice({word}) {{ {word} * 2 }} let {word} = 21; twice({word})"));
            assert_eq!(sum.as_int(), Ok(42), "{word}");
        }
    }

    #[test]
    fn true_keywords_keep_their_meaning() {
        for word in KEYWORDS.iter().filter(|word| !["true", "false"].contains(word)) {
            assert!(engine().compile(format!("let {word} = 1;")).is_err(), "{word}");
        }
        let loops =
            "let n = 0; for x in [1, 2] { n += switch x { 1 => 10, _ => 20 }; } if n == 30 { n } else { 0 }";
        assert_eq!(eval(loops).as_int(), Ok(30));
        assert_eq!(eval("let o = #{ n: 1, inc: || this.n += 1 }; o.inc(); o.n").as_int(), Ok(2));
        assert_eq!(eval("let f = Fn(\"abs\"); f.call(-3)").as_int(), Ok(3));
        assert_eq!(eval("let f = |a, b| a + b; f.curry(1).call(2)").as_int(), Ok(3));
        assert_eq!(eval("type_of(1) + 1.type_of()").to_string(), "i64i64");
        assert_eq!(eval("let x = 1; let f = || x; x.is_shared()").as_bool(), Ok(true));
        assert!(engine().compile("eval(\"1\")").is_err(), "eval is disabled");
    }

    #[test]
    fn print_still_prints() {
        let mut engine = engine();
        let lines = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let out = std::rc::Rc::clone(&lines);
        engine.on_print(move |line| out.borrow_mut().push(line.to_owned()));
        let out = std::rc::Rc::clone(&lines);
        engine.on_debug(move |line, _, _| out.borrow_mut().push(line.to_owned()));
        engine.run("print(1); debug(\"x\"); print(`a${1 + 1}b`)").unwrap();
        assert_eq!(*lines.borrow(), ["1", "\"x\"", "a2b"]);
    }

    #[test]
    fn blocks_and_strings_inside_a_map_do_not_lose_the_place() {
        let script = "let y = #{ a: `x ${ if true { #{ in: 5 }.in } else { 0 } } y`, for: |a, b| { a + b }, in: [1, 2, 3][0] };
            y.for(1, 2) + y.in + y.a.len";
        assert_eq!(eval(script).as_int(), Ok(9));
    }

    #[test]
    fn a_broken_script_does_not_spoil_the_next() {
        let engine = engine();
        assert!(engine.compile("let x = #{ a: 1, b.").is_err());
        let answer = engine.eval_with_scope::<i64>(&mut Scope::new(), "if true { 1 } else { 2 }");
        assert_eq!(answer.unwrap(), 1);
        assert!(engine.compile("x.").is_err());
        assert_eq!(engine.eval::<i64>("for i in 0..1 {} 3").unwrap(), 3);
    }
}
