//! One request that goes wrong, through the whole command, and one after it to see that its user lives on.

use super::faults::Faulty;
use super::{Finished, Katydid};
use std::collections::BTreeMap;

/// A user that sends one request, named `fault`, to a server that does wrong, and then one named `next`.
pub struct Trial<'a> {
    servers: Vec<&'a Faulty>,
    method: &'a str,
    fault: String,
    next: String,
    options: &'a str,
    client: &'a str,
    then: &'a str,
    file: Option<(&'a str, &'a str)>,
    unread: u64,
}

impl<'a> Trial<'a> {
    /// Both requests go to this server.
    pub fn new(server: &'a Faulty) -> Self {
        Self {
            servers: vec![server],
            method: "GET",
            fault: format!("{}/fault", server.url()),
            next: format!("{}/next", server.url()),
            options: "",
            client: "",
            then: "",
            file: None,
            unread: 0,
        }
    }

    /// The first request goes to `url`, wherever that leads; the second one to the server.
    pub fn asking(self, url: impl Into<String>) -> Self {
        Self { fault: url.into(), ..self }
    }

    /// The second request goes to this server.
    pub fn next(mut self, server: &'a Faulty) -> Self {
        self.servers.push(server);
        Self { next: format!("{}/next", server.url()), ..self }
    }

    /// The method of the first request.
    pub fn method(self, method: &'a str) -> Self {
        Self { method, ..self }
    }

    /// Options of the first request.
    pub fn options(self, options: &'a str) -> Self {
        Self { options, ..self }
    }

    /// Options of the client.
    pub fn client(self, client: &'a str) -> Self {
        Self { client, ..self }
    }

    /// Statements between both requests; the first response is `r`.
    pub fn then(self, then: &'a str) -> Self {
        Self { then, ..self }
    }

    /// A file beside the script.
    pub fn file(self, name: &'a str, text: &'a str) -> Self {
        Self { file: Some((name, text)), ..self }
    }

    /// So many heads may be on the wire without ever having been read by a server.
    pub fn unread(self, unread: u64) -> Self {
        Self { unread, ..self }
    }

    /// The command that does it.
    pub fn command(&self) -> Katydid {
        let Self { method, fault, next, options, client, then, .. } = self;
        let script = format!(
            r#"user_class("U").http(#{{ {client} }}).task("t", |user| {{
                let r = user.request("{method}", "{fault}", #{{ name: "fault", {options} }});
                {then}
                user.get("{next}", #{{ name: "next" }});
            }});"#
        );
        let command = Katydid::run_script(&script).args(["-i", "1", "--only-summary", "--csv", "r"]);
        match self.file {
            Some((name, text)) => command.file(name, text),
            None => command,
        }
    }

    /// The request fails with this text, is counted once, and the user lives.
    #[track_caller]
    pub fn fails(self, text: &str) -> Finished {
        let finished = self.command().run();
        self.has_failed(finished, text)
    }

    /// The same of a command that was run apart.
    #[track_caller]
    pub fn has_failed(&self, finished: Finished, text: &str) -> Finished {
        let finished = self.counted(finished, 1).exits(1);
        assert_eq!(failures(&finished), [(format!("fault: {text}"), 1)]);
        finished
    }

    /// The request is none that fails; it is counted once, and the user lives.
    #[track_caller]
    pub fn passes(self) -> Finished {
        let finished = self.command().run();
        let finished = self.counted(finished, 0).exits(0);
        assert_eq!(failures(&finished), []);
        finished
    }

    /// Every request is counted once, in its row and on the wire; so many fail.
    #[track_caller]
    pub fn counted(&self, finished: Finished, failed: u64) -> Finished {
        assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
        let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for ((_, name), row) in finished.csv("r") {
            let number = |column: &str| row[column].parse::<u64>().expect("a count");
            rows.insert(name, (number("Request Count"), number("Failure Count")));
        }
        let wanted = [("Aggregated", (2, failed)), ("fault", (1, failed)), ("next", (1, 0))];
        let wanted: BTreeMap<_, _> = wanted.map(|(name, counts)| (name.to_owned(), counts)).into();
        assert_eq!(rows, wanted, "{}{}", finished.stdout, finished.stderr);
        let heads = self.servers.iter().map(|server| server.heads()).sum::<u64>();
        let sent = finished.sent();
        assert!((heads..=heads + self.unread).contains(&sent), "{sent} sent, {heads} arrived");
        finished
    }
}

/// The rows of the failure file: name and text, and how often.
#[track_caller]
pub fn failures(finished: &Finished) -> Vec<(String, u64)> {
    let text = finished.written("r_failures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    let rows = rows.map(|row| (format!("{}: {}", &row[1], &row[2]), row[3].parse().expect("a count")));
    rows.collect()
}
