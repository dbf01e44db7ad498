//! `auth_basic`: who may ask, by a name and a password in a file.
//!
//! `users.rs` follows the file, `password.rs` knows the forms of what stands in it, `rule.rs` judges requests.

mod password;
mod rule;
mod users;

use std::path::PathBuf;
use std::sync::Arc;

use crate::conf::{Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Text};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::plan::state::StateIndex;
use rule::{Findings, Rule, Which};
use users::{Files, UserFile};

/// The feature.
pub static MODULE: Module = Module {
    name: "auth_basic",
    about: "clients let in by names and passwords",
    directives: &[AUTH_BASIC, AUTH_BASIC_USER_FILE],
    location,
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP
    .or(Contexts::SERVER)
    .or(Contexts::LOCATION)
    .or(Contexts::LIMIT_EXCEPT);

const AUTH_BASIC: DirectiveSpec = DirectiveSpec {
    name: "auth_basic",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "auth_basic REALM | off;",
        default: "auth_basic off;",
        text: "Lets only those pass who send the name and the password of a user in `auth_basic_user_file` (basic \
               authentication). Others are answered with 401, which names REALM; with `satisfy any` the other access \
               rules may let them in. REALM may hold variables; where they come to `off`, nobody is asked. \
               `$remote_user` is the name. The field goes on to a proxied server unless `proxy_set_header` empties it.",
        example: "auth_basic \"closed site\";\nauth_basic_user_file users;",
    },
    apply: |statement| {
        let realm = statement.text(1);
        if realm.contains(|one: char| one.is_control()) {
            let message = "\"auth_basic\" realm holds a control character";
            return Err(statement.error(1, message));
        }
        let text = statement.template(1)?;
        statement.scope.insert(Written {
            realm: (realm != "off").then_some(text),
            span: statement.directive.span,
        });
        Ok(())
    },
    ..SPEC
};

const AUTH_BASIC_USER_FILE: DirectiveSpec = DirectiveSpec {
    name: "auth_basic_user_file",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "auth_basic_user_file FILE;",
        text: "The users, one in a line: `NAME:PASSWORD`, with or without `:COMMENT`; `#` begins a comment. Passwords \
               are as `htpasswd`, `openssl passwd` or `mkpasswd` write them: bcrypt (`$2y$`), MD5 (`$apr1$`, `$1$`), \
               SHA-256 and SHA-512 of crypt (`$5$`, `$6$`), `{SHA}`, `{SSHA}` (salted) or `{PLAIN}`; DES of crypt and \
               yescrypt (`$y$`) are not supported. bcrypt with a cost above 17 and more than 5 million rounds are \
               refused. FILE may hold variables; a relative path begins where the main file is. It is read by \
               workers, with the rights of their `user`, and again when it has changed; where there is none, nobody \
               is let in (403). Passwords that take time to check hold up no requests but each other: a worker checks four at a time, 256 wait, and further ones are answered with 503.",
        example: "auth_basic_user_file /etc/pingauge/users;",
        ..SPEC.doc
    },
    apply: |statement| {
        let path = statement.template(1)?;
        statement.scope.insert(FileWritten(path));
        Ok(())
    },
    ..SPEC
};

struct Written {
    /// `None` is `off`.
    realm: Option<Text>,
    span: Span,
}

struct FileWritten(Text);

/// What is known while a configuration is built.
#[derive(Default)]
struct Known {
    state: Option<StateIndex<Findings>>,
    files: Arc<Files>,
    fixed: std::collections::HashMap<PathBuf, Arc<UserFile>>,
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(written) = chain.nearest::<Written>() else {
        return;
    };
    let Some(realm) = &written.realm else {
        return;
    };
    let Some(FileWritten(path)) = chain.nearest() else {
        let message = "\"auth_basic\" requires \"auth_basic_user_file\"";
        let help = "write \"auth_basic_user_file FILE;\" beside it or in a block around it";
        let problem = Diagnostic::error(written.span, message).with_help(help);
        builder.diagnostics.push(problem);
        return;
    };
    parts.access.push(Box::new(Rule {
        realm: builder.template(realm),
        file: which(builder, path),
        state: state(builder),
    }));
}

fn which(builder: &mut Builder<'_>, path: &Text) -> Which {
    let Some(literal) = path.literal() else {
        let base = builder.beside("");
        let files = Arc::clone(&builder.thing::<Known>().files);
        return Which::Told(builder.template(path), base, files);
    };
    let path = builder.beside(literal);
    let fixed = &mut builder.thing::<Known>().fixed;
    let file = fixed
        .entry(path)
        .or_insert_with_key(|path| Arc::new(UserFile::new(path)));
    Which::Fixed(Arc::clone(file))
}

fn state(builder: &mut Builder<'_>) -> StateIndex<Findings> {
    if let Some(known) = builder.thing::<Known>().state {
        return known;
    }
    let made = builder.state();
    builder.thing::<Known>().state = Some(made);
    made
}
