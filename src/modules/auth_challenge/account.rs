//! `proxy_auth_challenge`: who we are for origins, and which services may be asked for tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;

use super::realm::Place;
use super::token::Asker;
use crate::conf::{Chain, Diagnostic, Span, Statement, each_once, reason, unknown_parameter};
use crate::http::build::builder::Builder;

/// `proxy_auth_challenge`; nothing is `off`.
pub(super) struct Written(pub(super) Option<AccountWritten>);

/// What it says.
#[derive(Clone, Debug)]
pub(super) struct AccountWritten {
    /// Where it stands.
    pub(super) span: Span,
    user: Option<String>,
    password_file: Option<(String, Span)>,
    realms: Vec<String>,
}

/// Who we are for origins.
#[derive(Debug)]
pub(super) struct Account {
    /// Tells it from others.
    pub(super) number: usize,
    /// The value of `Authorization` that says name and password.
    pub(super) basic: Option<String>,
    /// Hosts that are given credentials beside the origins themselves.
    pub(super) places: Vec<Place>,
    /// As they are written.
    pub(super) hosts: Vec<String>,
    pub(super) asker: Asker,
}

const PARAMETERS: [&str; 3] = ["user", "password_file", "realm"];

pub(super) fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let is_on = statement.argument(1).is_some_and(|word| word.text == "on");
    if !is_on {
        if statement.text(1) != "off" || statement.arguments().len() > 1 {
            let number = if statement.text(1) == "off" { 2 } else { 1 };
            let message = format!("invalid parameter \"{}\"", statement.text(number));
            let help = "expected \"off\", or \"on\" and user=, password_file=, realm=";
            return Err(statement.error(number, message).with_help(help));
        }
        statement.scope.insert(Written(None));
        return Ok(());
    }
    each_once(&statement.arguments()[1..], &["realm"])?;
    let mut written = AccountWritten {
        span: statement.directive.name.span,
        user: None,
        password_file: None,
        realms: Vec::new(),
    };
    for index in 2..=statement.arguments().len() {
        read(statement, index, &mut written)?;
    }
    let missing = match (&written.user, &written.password_file) {
        (Some(_), None) => Some(("user", "password_file")),
        (None, Some(_)) => Some(("password_file", "user")),
        _ => None,
    };
    if let Some((one, other)) = missing {
        let message = format!("\"proxy_auth_challenge\" \"{one}\" requires \"{other}\"");
        return Err(statement.error(0, message));
    }
    statement.scope.insert(Written(Some(written)));
    Ok(())
}

/// Reads one word behind `on`.
fn read(
    statement: &Statement<'_>,
    index: usize,
    out: &mut AccountWritten,
) -> Result<(), Diagnostic> {
    let word = statement.word(index);
    let invalid = |what: &str, help: &str| {
        let message = format!("invalid {what} \"{}\"", word.text);
        Err(statement.error(index, message).with_help(help))
    };
    let Some((name, value)) = word.text.split_once('=') else {
        return Err(unknown_parameter(word, &PARAMETERS));
    };
    match name {
        "user" if value.is_empty() || value.contains([':', '\r', '\n']) => {
            return invalid("name", "a name of a user is not empty and has no colon");
        }
        "user" => out.user = Some(value.to_owned()),
        "password_file" if value.is_empty() => return invalid("file", "expected a file"),
        "password_file" => out.password_file = Some((value.to_owned(), word.span)),
        "realm" if out.realms.iter().any(|known| known == value) => {
            return Err(statement.error(index, format!("duplicate \"realm\" \"{value}\"")));
        }
        "realm" if Place::parse(value).is_none() => {
            return invalid("realm", "expected a host, or a host and a port");
        }
        "realm" => out.realms.push(value.to_owned()),
        _ => return Err(unknown_parameter(word, &PARAMETERS)),
    }
    Ok(())
}

/// The accounts of a configuration, each with the place where it is written.
#[derive(Default)]
pub(super) struct Accounts(usize);

impl Account {
    /// The account of a block, which believes certificates that lead to `roots`, if there are any.
    pub(super) fn new(
        builder: &mut Builder<'_>,
        written: &AccountWritten,
        roots: Option<Vec<CertificateDer<'static>>>,
    ) -> Result<Self, Diagnostic> {
        let basic = match (&written.user, &written.password_file) {
            (Some(user), Some((file, span))) => Some(basic(builder, user, (file, *span))?),
            _ => None,
        };
        let accounts = builder.thing::<Accounts>();
        accounts.0 += 1;
        let places = written.realms.iter();
        Ok(Self {
            number: accounts.0,
            basic,
            places: places.filter_map(|text| Place::parse(text)).collect(),
            hosts: written.realms.clone(),
            asker: Asker::new(roots),
        })
    }

    /// What holds in a block.
    pub(super) fn written<'a>(chain: &Chain<'a>) -> Option<&'a AccountWritten> {
        let Written(written) = chain.nearest()?;
        written.as_ref()
    }
}

/// Name and password as `Authorization` has them; the password is the first line of a file.
fn basic(
    builder: &mut Builder<'_>,
    user: &str,
    (file, span): (&str, Span),
) -> Result<String, Diagnostic> {
    let path = builder.beside(file);
    let content = builder.files.read(&path).map_err(|error| {
        let (path, why) = (path.display(), reason(&error));
        Diagnostic::error(span, format!("open() \"{path}\" failed ({why})"))
    })?;
    let line = content.split(|byte| *byte == b'\n').next();
    let password = line.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let Some(password) = password.filter(|password| !password.is_empty()) else {
        let message = format!("there is no password in \"{}\"", path.display());
        let help = "the password is the first line of the file";
        return Err(Diagnostic::error(span, message).with_help(help));
    };
    let both = [user.as_bytes(), b":", password].concat();
    Ok(format!("Basic {}", STANDARD.encode(both)))
}
