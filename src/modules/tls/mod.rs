//! Encrypted connections: certificates, their keys, protocols, and what requests can tell of them.
//!
//! Certificates are read through the loader of the configuration, so that all workers of a generation
//! have what the master saw, whoever may read the files. Only those made here are followed while
//! serving.

mod certificate_text;
pub(in crate::modules) mod ciphers;
mod client_variables;
mod clients;
pub(in crate::modules) mod conf_command;
mod directives;
mod evaluated;
mod follow;
pub(in crate::modules) mod inspect;
pub(in crate::modules) mod named;
mod offer_text;
pub(in crate::modules) mod pair;
pub(in crate::modules) mod passwords;
mod preferences;
mod self_signed;
mod sessions;
mod staple;
mod status;
mod tickets;
pub(in crate::modules) mod trust;
mod variables;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::NoServerSessionStorage;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use crate::conf::{Chain, Diagnostic, Scope, reason};
use crate::http::build::builder::{Builder, ServerParts};
use crate::http::build::memory::Role;
use crate::http::build::module::{self, Module};
use crate::http::build::written::{Listens, ServerNamesWritten};
use crate::http::course::encryption::{Offers, Terms};
use crate::http::plan::runtime::Address;
use crate::modules::core::hostname;
use crate::os;
use directives::{Certificates, Keys, RejectHandshake};
pub(in crate::modules) use directives::{Protocols, Written};
use evaluated::{Evaluated, Source};
use follow::Follow;
use named::{Files, Part};
use pair::{Fault, Offered, Pair};
use passwords::PasswordFile;
use self_signed::SelfSigned;
use sessions::Resumption;
use staple::Staple;

/// The feature.
pub static MODULE: Module = Module {
    name: "tls",
    directives: directives::DIRECTIVES,
    variables: &variables::VARIABLES,
    about: "encrypted connections with clients",
    status: &[&status::STATUS],
    server,
    finish,
    ..module::MODULE
};

/// The pairs of a configuration, each once.
#[derive(Default)]
struct Registry {
    pairs: Vec<Arc<Pair>>,
    self_signed: Vec<(SelfSigned, Arc<Pair>)>,
}

fn server(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut ServerParts) {
    let rejects = chain.nearest().is_some_and(|RejectHandshake(on)| *on);
    let certificates: &[Written] = chain.nearest().map_or(&[], |Certificates(all)| all);
    let clients = clients::of(builder, chain, !certificates.is_empty());
    let clients = builder.diagnostics.check(clients).flatten();
    parts.clients = clients.as_ref().map(|terms| Arc::clone(&terms.clients));
    if certificates.is_empty() && !rejects {
        return;
    }
    let keys: &[Written] = chain.nearest().map_or(&[], |Keys(all)| all);
    let staple = staple::of(builder, chain);
    let staple = builder.diagnostics.check(staple).flatten();
    let mut sources = Vec::new();
    for (number, certificate) in certificates.iter().enumerate() {
        let source = match keys.get(number) {
            Some(key) => source_of(builder, chain, (certificate, key), staple.as_ref()),
            None => Err(without_key(certificate)),
        };
        sources.extend(builder.diagnostics.check(source));
    }
    if let Some(staple) = &staple {
        builder.diagnostics.check(staple.check(&sources));
    }
    let sessions = sessions::of(builder, chain);
    // With a pair that is refused, the server is not one without any.
    let config = config(chain, fixed(&sources), sessions, clients);
    parts.encryption = match config.map(|config| terms(builder, chain, (config, staple), sources)) {
        _ if rejects => Some(Terms::Refuse),
        Ok(terms) => builder.diagnostics.check(terms),
        Err(error) => {
            builder.unplaced(format!("no encryption: {error}"));
            None
        }
    };
}

/// The pairs that are always the same.
fn fixed(sources: &[Source]) -> Vec<Arc<Pair>> {
    let pairs = sources.iter().filter_map(|source| match source {
        Source::Fixed(pair) => Some(Arc::clone(pair)),
        Source::Named(..) => None,
    });
    pairs.collect()
}

/// How a server shows certificates from these sources.
fn terms(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    (config, staple): (ServerConfig, Option<Staple>),
    sources: Vec<Source>,
) -> Result<Terms, Diagnostic> {
    if sources.iter().all(|one| matches!(one, Source::Fixed(_))) {
        return Ok(Terms::Accept(Offers::new(config)));
    }
    let passwords = passwords::of(builder, chain.nearest().map(|PasswordFile(file)| file))?;
    let folder = builder.beside("");
    let files = Files { folder, passwords };
    let evaluated = Evaluated::new(config, sources, files, staple);
    Ok(Terms::Choose(Arc::new(evaluated)))
}

/// Where the pair of these two comes from.
fn source_of(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    (certificate, key): (&Written, &Written),
    staple: Option<&Staple>,
) -> Result<Source, Diagnostic> {
    let is_fixed = certificate.text.is_none() && key.text.is_none();
    if is_fixed || certificate.is_self_signed != key.is_self_signed {
        let pair = pair_of(builder, chain, certificate, key)?;
        return Ok(Source::Fixed(with_staple(builder, pair, staple)));
    }
    let mut part = |written: &Written| Part::of(builder, written);
    Ok(Source::Named(part(certificate), part(key)))
}

fn config(
    chain: &Chain<'_>,
    pairs: Vec<Arc<Pair>>,
    sessions: Resumption,
    clients: Option<clients::Terms>,
) -> Result<ServerConfig, rustls::Error> {
    let versions = match chain.nearest::<Protocols>() {
        Some(Protocols { tls_1_3: false, .. }) => vec![&TLS12],
        Some(Protocols { tls_1_2: false, .. }) => vec![&TLS13],
        _ => vec![&TLS13, &TLS12],
    };
    let config = ServerConfig::builder_with_provider(Arc::new(preferences::provider(chain)))
        .with_protocol_versions(&versions)?;
    let config = match clients {
        Some(terms) => config.with_client_cert_verifier(terms.verifier),
        None => config.with_no_client_auth(),
    };
    let mut config = config.with_cert_resolver(Arc::new(Offered(pairs)));
    if sessions.remembered.is_none() && sessions.tickets.is_none() {
        config.send_tls13_tickets = 0;
    }
    config.session_storage = match sessions.remembered {
        Some(sessions) => Arc::new(sessions),
        None => Arc::new(NoServerSessionStorage {}),
    };
    if let Some(tickets) = sessions.tickets {
        config.ticketer = tickets;
    }
    preferences::set(chain, &mut config);
    Ok(config)
}

/// The pair of these files, known already or read.
fn pair_of(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    certificate: &Written,
    key: &Written,
) -> Result<Arc<Pair>, Diagnostic> {
    if certificate.is_self_signed != key.is_self_signed {
        let message = "\"selfsigned:\" stands before the certificate or the key only";
        let help = "write it before both, or before neither";
        return Err(Diagnostic::error(key.span, message).with_help(help));
    }
    if key.is_self_signed && certificate.path == key.path {
        let message = format!("\"{}\" cannot be both certificate and key", key.path);
        let help = "two files are made";
        return Err(Diagnostic::error(key.span, message).with_help(help));
    }
    let files = (path_of(builder, certificate), path_of(builder, key));
    let known = &builder.thing::<Registry>().pairs;
    let is_data = certificate.is_data || key.is_data;
    let known = known
        .iter()
        .filter(|_| !is_data)
        .find(|pair| (&pair.certificate, &pair.key) == (&files.0, &files.1));
    let pair = match known {
        Some(pair) => Arc::clone(pair),
        None => {
            let file = chain.nearest().map(|PasswordFile(file)| file);
            let passwords = passwords::of(builder, file)?;
            Arc::new(read(builder, certificate, key, &passwords)?)
        }
    };
    let registry = builder.thing::<Registry>();
    if !certificate.is_data && !registry.pairs.iter().any(|one| Arc::ptr_eq(one, &pair)) {
        registry.pairs.push(Arc::clone(&pair));
    }
    if certificate.is_self_signed {
        registry.add_names(&pair, chain.scope());
    }
    Ok(pair)
}

/// The same pair, with what is sent along with it. Nobody says anything of those that are made here.
fn with_staple(builder: &mut Builder<'_>, pair: Arc<Pair>, staple: Option<&Staple>) -> Arc<Pair> {
    let made_here = &builder.thing::<Registry>().self_signed;
    let is_made_here = made_here.iter().any(|(_, one)| Arc::ptr_eq(one, &pair));
    let (Some(staple), Some(current)) = (staple.filter(|_| !is_made_here), pair.current()) else {
        return pair;
    };
    let mut own = CertifiedKey::clone(&current);
    staple.fasten(&mut own);
    match own.ocsp {
        Some(_) => Arc::new(Pair::new(
            pair.certificate.clone(),
            pair.key.clone(),
            Some(own),
        )),
        None => pair,
    }
}

impl Registry {
    /// A certificate made here is good for every server that uses it.
    fn add_names(&mut self, pair: &Arc<Pair>, server: &Scope) {
        let known = self.self_signed.iter();
        let known = known
            .map(|(_, one)| one)
            .position(|one| Arc::ptr_eq(one, pair));
        let number = known.unwrap_or_else(|| {
            let fresh = SelfSigned {
                certificate: pair.certificate.clone(),
                key: pair.key.clone(),
                names: Default::default(),
            };
            self.self_signed.push((fresh, Arc::clone(pair)));
            self.self_signed.len() - 1
        });
        let names = &mut self.self_signed[number].0.names;
        let written = server.get::<ServerNamesWritten>();
        for (name, _) in written.into_iter().flat_map(|written| &written.0) {
            names.add_name(name);
        }
        let listens = server.get::<Listens>();
        let listens = listens.into_iter().flat_map(|listens| &listens.0);
        for listen in listens.filter(|listen| listen.encrypted) {
            if let Address::Tcp(address) = listen.address {
                names.add_address(address.ip());
            }
        }
    }
}

fn read(
    builder: &mut Builder<'_>,
    certificate: &Written,
    key: &Written,
    passwords: &[Vec<u8>],
) -> Result<Pair, Diagnostic> {
    let paths = (path_of(builder, certificate), path_of(builder, key));
    let mut content = |written: &Written, path: &Path| match written.is_data {
        true => Ok(written.path.clone().into_bytes()),
        false => builder.files.read(path),
    };
    let content = (content(certificate, &paths.0), content(key, &paths.1));
    let content = match content {
        (Ok(certificate), Ok(key)) => (certificate, key),
        (own, other) if certificate.is_self_signed => {
            missing(builder, (certificate, key), (own, other))?;
            return Ok(Pair::new(paths.0, paths.1, None));
        }
        (Err(error), _) => return Err(unreadable("certificate", &paths.0, certificate, &error)),
        (_, Err(error)) => return Err(unreadable("certificate key", &paths.1, key, &error)),
    };
    let read = pair::read(&content.0, &content.1, passwords);
    let shown = (paths.0.display(), paths.1.display());
    let read = read.map_err(|fault| match fault {
        Fault::Certificate(what) => Diagnostic::error(
            certificate.span,
            format!("cannot load certificate \"{}\": {what}", shown.0),
        ),
        Fault::Key(what) => Diagnostic::error(
            key.span,
            format!("cannot load certificate key \"{}\": {what}", shown.1),
        ),
        Fault::Mismatch => Diagnostic::error(
            key.span,
            format!(
                "the key \"{}\" does not belong to the certificate \"{}\"",
                shown.1, shown.0
            ),
        ),
    })?;
    Ok(Pair::new(paths.0, paths.1, Some(read)))
}

/// What is made here lies where the server keeps its own files; what is given, beside the configuration. What stands in
/// it has no place.
fn path_of(builder: &Builder<'_>, written: &Written) -> PathBuf {
    match (written.is_data, written.is_self_signed) {
        (true, _) => "data:".into(),
        (false, true) => builder.path(&written.path),
        (false, false) => builder.beside(&written.path),
    }
}

type Content = io::Result<Vec<u8>>;

/// Whether a pair that is not there can be made later, by the master.
fn missing(
    builder: &Builder<'_>,
    (certificate, key): (&Written, &Written),
    (own, other): (Content, Content),
) -> Result<(), Diagnostic> {
    let paths = (path_of(builder, certificate), path_of(builder, key));
    let is_missing = |content: &Content| {
        let error = content.as_ref().err();
        error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    let alone = match (is_missing(&own), is_missing(&other)) {
        (true, true) => None,
        (false, true) if own.is_ok() => Some(self_signed::lonely_certificate(&paths.0, &paths.1)),
        (true, false) if other.is_ok() => Some(self_signed::lonely_key(&paths.0, &paths.1)),
        _ => {
            own.map_err(|error| unreadable("certificate", &paths.0, certificate, &error))?;
            other.map_err(|error| unreadable("certificate key", &paths.1, key, &error))?;
            None
        }
    };
    if let Some(message) = alone {
        let help = "put the other one back, or delete this one to have both made anew";
        return Err(Diagnostic::error(certificate.span, message).with_help(help));
    }
    if builder.memory.role() != Role::Check {
        let error = io::ErrorKind::NotFound.into();
        return Err(unreadable("certificate", &paths.0, certificate, &error));
    }
    for (path, written) in [(&paths.0, certificate), (&paths.1, key)] {
        let folder = path.parent().unwrap_or(Path::new("/"));
        os::may_make_files(folder).map_err(|error| {
            let (path, folder) = (path.display(), folder.display());
            let message = format!("\"{path}\" cannot be made ({})", reason(&error));
            let help = format!("\"{folder}\" must be a folder that the server may write to");
            Diagnostic::error(written.span, message).with_help(help)
        })?;
    }
    Ok(())
}

fn unreadable(what: &str, path: &Path, written: &Written, error: &io::Error) -> Diagnostic {
    let message = format!(
        "cannot load {what} \"{}\" ({})",
        path.display(),
        reason(error)
    );
    Diagnostic::error(written.span, message)
}

fn without_key(certificate: &Written) -> Diagnostic {
    let path = &certificate.path;
    let message = format!("no \"ssl_certificate_key\" is defined for certificate \"{path}\"");
    Diagnostic::error(certificate.span, message)
}

fn finish(builder: &mut Builder<'_>, _chain: &Chain<'_>) {
    let Registry { pairs, self_signed } = std::mem::take(builder.thing());
    status::mount(builder, pairs);
    tickets::finish(builder);
    for (mut provision, pair) in self_signed {
        provision.names.add_name("localhost");
        provision.names.add_name(hostname());
        builder.provisions.push(Box::new(provision));
        builder.worker_chores.push(Box::new(Follow::new(pair)));
    }
}
