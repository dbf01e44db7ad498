//! `export` in all its forms: members of what a module's function returns.

use super::super::lexer::Kind;
use super::{Rewriter, Unsupported};

impl<'s> Rewriter<'s> {
    pub(super) fn export(&mut self) -> Result<(), Unsupported> {
        let first = self.at;
        self.at += 1;
        match self.text(self.at) {
            "default" => self.export_default(first),
            "{" => self.export_list(first)?,
            "*" => self.export_all(first)?,
            "const" | "let" | "var" => self.export_variables(first)?,
            _ => {
                let name = self.declared(self.at).unwrap_or_default().to_owned();
                self.offer(&name, &name);
                self.take_out(first, "");
            }
        }
        self.at -= 1;
        Ok(())
    }

    fn offer(&mut self, theirs: &str, ours: &str) {
        self.exports.push(theirs.to_owned());
        self.tail.push(format!("{theirs}:{ours}"));
    }

    /// The name that a declaration of a function or class at this token gives.
    fn declared(&self, at: usize) -> Option<&'s str> {
        let mut at = at;
        if self.text(at) == "async" && self.text(at + 1) == "function" {
            at += 1;
        }
        let is_class = self.text(at) == "class";
        if !is_class && self.text(at) != "function" {
            return None;
        }
        at += 1;
        if self.is_mark(at, b'*') {
            at += 1;
        }
        let is_name = self.tokens.get(at)?.kind == Kind::Word;
        let name = self.text(at);
        (is_name && !(is_class && name == "extends")).then_some(name)
    }

    fn export_default(&mut self, first: usize) {
        self.at += 1;
        let is_function = matches!(self.text(self.at), "function" | "class")
            || self.text(self.at) == "async" && self.text(self.at + 1) == "function";
        match self.declared(self.at) {
            Some(name) => {
                self.offer("default", name);
                self.take_out(first, "");
            }
            None => {
                let name = self.default.clone();
                self.head += &format!("let {name};");
                self.offer("default", &name);
                self.take_out(first, &format!(";{name}="));
                if is_function {
                    self.end_anonymous();
                }
            }
        }
    }

    /// A function without a name is a declaration: no call of it follows, whatever stands behind its body.
    fn end_anonymous(&mut self) {
        let mut bodies = self.tokens[self.at..].iter();
        let end = bodies.find(|token| token.depth == 0 && token.kind == Kind::Mark(b'}'));
        if let Some(end) = end {
            self.edits.push((end.end, end.end, ";".to_owned()));
        }
    }

    fn export_list(&mut self, first: usize) -> Result<(), Unsupported> {
        let pairs = self.list();
        let mut whose = String::new();
        if self.text(self.at) == "from" {
            self.at += 1;
            let names = pairs.iter().map(|(theirs, _)| theirs.clone()).collect();
            let from = self.from(first, names)?;
            whose = format!("{}{from}.", self.module);
        } else if self.is_mark(self.at, b';') {
            self.at += 1;
        }
        for (ours, theirs) in pairs {
            self.offer(&theirs, &format!("{whose}{ours}"));
        }
        self.take_out(first, ";");
        Ok(())
    }

    fn export_all(&mut self, first: usize) -> Result<(), Unsupported> {
        if self.text(self.at + 1) != "as" {
            return self.unsupported("export * without a name", first);
        }
        let name = self.text(self.at + 2).to_owned();
        self.at += 4;
        let from = self.from(first, Vec::new())?;
        self.offer(&name, &format!("{}{from}", self.module));
        self.take_out(first, ";");
        Ok(())
    }

    fn export_variables(&mut self, first: usize) -> Result<(), Unsupported> {
        let mut names = Vec::new();
        let mut at = self.at;
        loop {
            at += 1;
            let is_name = self
                .tokens
                .get(at)
                .is_some_and(|token| token.kind == Kind::Word);
            if !is_name {
                return self.unsupported("export of variables that are taken apart", first);
            }
            names.push(self.text(at).to_owned());
            match self.next_declarator(at) {
                Some(comma) => at = comma,
                None => break,
            }
        }
        for name in names {
            self.offer(&name, &name);
        }
        self.take_out(first, "");
        Ok(())
    }

    /// The comma behind the declarator at this token, if another one follows.
    fn next_declarator(&self, name: usize) -> Option<usize> {
        let depth = self.tokens[name].depth;
        let mut at = name + 1;
        loop {
            let token = self.tokens.get(at)?;
            match token.kind {
                Kind::Mark(b';') if token.depth == depth => return None,
                Kind::Mark(b',') if token.depth == depth => return Some(at),
                Kind::Word if token.depth == depth && token.on_new_line && self.is_whole(at) => {
                    return None;
                }
                _ => at += 1,
            }
        }
    }

    /// Whether the line before this token is a whole statement.
    fn is_whole(&self, at: usize) -> bool {
        let before = self.tokens[at - 1].kind;
        let ends = matches!(before, Kind::Word | Kind::String | Kind::Other)
            || matches!(before, Kind::Mark(b')' | b']' | b'}'));
        ends && !matches!(self.text(at), "in" | "instanceof")
    }
}
