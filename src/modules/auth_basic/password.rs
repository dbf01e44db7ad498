//! Passwords as files of users have them: in the forms that `htpasswd`, `openssl passwd` and `mkpasswd` write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use subtle::ConstantTimeEq;

/// Why nobody can tell whether a password is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// What stands in the file is in none of the forms.
    #[error("its password is in a form that is not supported")]
    Form,
    /// To look would take too long.
    #[error("its password takes too long to be checked")]
    Cost,
}

/// Longer passwords are wrong where they are hashed again and again: the length is the client's, and the cost goes up with
/// it. The C library has the same limit.
const LONGEST: usize = 511;
/// The largest cost that `htpasswd` makes: some seconds.
const MOST_COST: u32 = 17;
/// So many rounds take about as long.
const MOST_ROUNDS: usize = 5_000_000;

/// The forms that are hashed once, or not at all.
const QUICK: [&[u8]; 3] = [b"{PLAIN}", b"{SHA}", b"{SSHA}"];

/// Whether a look costs so little that nobody waits for it.
pub(super) fn is_quick(stored: &[u8]) -> bool {
    QUICK.iter().any(|form| stored.starts_with(form))
}

/// Whether `password` is the one that is stored.
///
/// # Errors
/// Nobody can tell.
pub(super) fn verify(stored: &[u8], password: &[u8]) -> Result<bool, Unusable> {
    if let Some(plain) = stored.strip_prefix(b"{PLAIN}") {
        return Ok(same(plain, password));
    }
    if let Some(text) = stored.strip_prefix(b"{SHA}") {
        return salted(text, password, Salt::Without);
    }
    if let Some(text) = stored.strip_prefix(b"{SSHA}") {
        return salted(text, password, Salt::Behind);
    }
    let stored = std::str::from_utf8(stored).map_err(|_| Unusable::Form)?;
    // A C string ends at a zero byte, which clients can send.
    if password.len() > LONGEST || password.contains(&0) {
        return Ok(false);
    }
    // With anything before it, as in locked accounts, it is the hash of no password.
    let form = stored
        .strip_prefix('$')
        .and_then(|rest| rest.split('$').next());
    match form.unwrap_or_default() {
        "apr1" | "1" => md5(stored, password),
        "2a" | "2b" | "2x" | "2y" => blowfish(stored, password),
        "5" | "6" => sha2(stored, password),
        _ => Err(Unusable::Form),
    }
}

/// Whether two texts are the same; how long it takes to tell says nothing about either.
fn same(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (digest(&SHA256, one), digest(&SHA256, other));
    one.as_ref().ct_eq(other.as_ref()).into()
}

#[derive(PartialEq, Eq)]
enum Salt {
    Without,
    /// What was hashed behind the password stands behind the hash.
    Behind,
}

/// The length of SHA-1.
const SHA1: usize = 20;

fn salted(text: &[u8], password: &[u8], with: Salt) -> Result<bool, Unusable> {
    let bytes = STANDARD.decode(text).map_err(|_| Unusable::Form)?;
    let (hash, salt) = bytes.split_at_checked(SHA1).ok_or(Unusable::Form)?;
    if with == Salt::Without && !salt.is_empty() {
        return Err(Unusable::Form);
    }
    let whole = [password, salt].concat();
    Ok(same(
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &whole).as_ref(),
        hash,
    ))
}

fn blowfish(stored: &str, password: &[u8]) -> Result<bool, Unusable> {
    let cost = stored.split('$').nth(2).and_then(|cost| cost.parse().ok());
    match cost {
        Some(0..=MOST_COST) => bcrypt::verify(password, stored).map_err(|_| Unusable::Form),
        Some(_) => Err(Unusable::Cost),
        None => Err(Unusable::Form),
    }
}

/// `$5$` and `$6$`: SHA-256 and SHA-512, with `rounds=` before the salt where they are not 5000.
fn sha2(stored: &str, password: &[u8]) -> Result<bool, Unusable> {
    let mut parts = stored.split('$').skip(1);
    let form = parts.next().unwrap_or_default();
    let mut salt = parts.next().ok_or(Unusable::Form)?;
    let mut rounds = 5000;
    if let Some(number) = salt.strip_prefix("rounds=") {
        rounds = number
            .parse::<usize>()
            .map_err(|_| Unusable::Form)?
            .max(1000);
        salt = parts.next().ok_or(Unusable::Form)?;
    }
    let hash = parts.next().ok_or(Unusable::Form)?;
    if parts.next().is_some() || salt.len() > 16 {
        return Err(Unusable::Form);
    }
    if rounds > MOST_ROUNDS {
        return Err(Unusable::Cost);
    }
    let made = match form {
        "5" => sha_crypt::Sha256Params::new(rounds)
            .and_then(|params| sha_crypt::sha256_crypt_b64(password, salt.as_bytes(), &params)),
        _ => sha_crypt::Sha512Params::new(rounds)
            .and_then(|params| sha_crypt::sha512_crypt_b64(password, salt.as_bytes(), &params)),
    };
    let made = made.map_err(|_| Unusable::Form)?;
    Ok(same(made.as_bytes(), hash.as_bytes()))
}

/// `$1$` and Apache's `$apr1$`: a thousand rounds of MD5.
fn md5(stored: &str, password: &[u8]) -> Result<bool, Unusable> {
    let mut parts = stored.split('$').skip(1);
    let (Some(form), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Unusable::Form);
    };
    let salt = salt.as_bytes();
    let salt = &salt[..salt.len().min(8)];
    let made = md5_crypt(password, salt, format!("${form}$").as_bytes());
    Ok(same(&made, hash.as_bytes()))
}

fn md5_crypt(password: &[u8], salt: &[u8], magic: &[u8]) -> Vec<u8> {
    let mut inner = md5::compute([password, salt, password].concat()).0;
    let mut begun = [password, magic, salt].concat();
    for piece in password.chunks(inner.len()) {
        begun.extend_from_slice(&inner[..piece.len()]);
    }
    let mut bits = password.len();
    while bits > 0 {
        let byte = password.first().copied().unwrap_or_default();
        begun.push(if bits & 1 == 1 { 0 } else { byte });
        bits >>= 1;
    }
    inner = md5::compute(&begun).0;
    for round in 0..1000 {
        let is_odd = round % 2 == 1;
        let mut next = md5::Context::new();
        next.consume(if is_odd { password } else { &inner });
        if round % 3 != 0 {
            next.consume(salt);
        }
        if round % 7 != 0 {
            next.consume(password);
        }
        next.consume(if is_odd { &inner } else { password });
        inner = next.finalize().0;
    }
    written(&inner)
}

/// The bytes of a hash in the order and the digits of crypt.
fn written(hash: &[u8; 16]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let mut text = Vec::with_capacity(22);
    let mut write = |mut bits: u32, count: usize| {
        for _ in 0..count {
            text.push(DIGITS[(bits & 63) as usize]);
            bits >>= 6;
        }
    };
    for [high, middle, low] in ORDER {
        let byte = |place: usize| u32::from(hash[place]);
        write(byte(high) << 16 | byte(middle) << 8 | byte(low), 4);
    }
    write(u32::from(hash[11]), 2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "a much longer password than any block of sixteen or even sixty-four bytes has place for, \
                        and more";

    /// Each form, made by `htpasswd` and `openssl passwd`, knows its password and no other.
    #[test]
    fn forms() {
        for (stored, password) in [
            ("$apr1$saltstr9$DqSuzuCfb7lQmOgBG3r3G1", "pass word"),
            ("$apr1$ErDiKJIR$HbXD/JrLuSgKijGIDdIF.0", "x"),
            ("$apr1$2lvUKKw8$5FWym3tY9KhJSvSGg3bfJ.", LONG),
            ("$1$saltstr9$UlkOKmrD9153QjnIvYGuS.", "pass word"),
            ("$1$x1O/VLSE$9.oVQEHTG089vl9ZDATeZ1", LONG),
            (
                "$5$saltstr9$4U.DArgKkok1wHMRDbHVa4kFxpUYnI2etPireItdiy7",
                "pass word",
            ),
            (
                "$5$9rVHBbWMa4n.ozz3$z3yJLhIQnc7dmZjnYnSvHCUPr3LHA0N2.fgD1vj7bm.",
                LONG,
            ),
            (
                "$5$rounds=1000$s$fHmm0TYieHeBNJ4k/RX/EqP7K5fA9Za5w8eoDtf2s.8",
                "pass",
            ),
            (
                "$6$saltstr9$8NhVOpQcnvpjj76CLtLOM4XxsHF/N.dAHxWkE1/41FK1nsAcpvzeql5EIVrCcQn/wD5QBC0Q4yzLd3zKZxV350",
                "pass word",
            ),
            (
                "$6$oYKf.Msx5YJ/V6W.$29kVa0jqKGMwgEta3EdlXLjoEsO6YXzKNvC6Cyp8dTRTeI9O0QsrE2dS/rhDPFcx5eRYudnVtklz2U4SYGhxe1",
                LONG,
            ),
            (
                "$6$rounds=1400$anotherlongsalts$N7qiGea3oh1BBCg6DsT5RLQO3anh63yDH1dsVRsADwgCPzpxKJ1zc3rruiiwRbSfhl4OZMb0IZkoAXGFuQJv10",
                "pass",
            ),
            (
                "$2b$04$2yF9rVDC9LprL9/wDBo.uuDXn3V6HezqqWMkT5Vv..q/Pjkc9.VqW",
                "bcrypt it",
            ),
            (
                "$2y$04$2yF9rVDC9LprL9/wDBo.uuDXn3V6HezqqWMkT5Vv..q/Pjkc9.VqW",
                "bcrypt it",
            ),
            ("{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY=", "sha"),
            ("{SSHA}dZTWnaLaMKT/nowYpaYYLrpPw9dzYWx0c2FsdA==", "ssha"),
            ("{PLAIN}in the open", "in the open"),
        ] {
            let check = |password: &str| verify(stored.as_bytes(), password.as_bytes());
            assert_eq!(check(password), Ok(true), "{stored}");
            assert_eq!(check(&format!("{password}x")), Ok(false), "{stored}");
            assert_eq!(check(&password[1..]), Ok(false), "{stored}");
            assert_eq!(check(""), Ok(false), "{stored}");
            if !is_quick(stored.as_bytes()) {
                assert_eq!(check(&format!("{password}\0x")), Ok(false), "{stored}");
                assert_eq!(check(&"x".repeat(10_000)), Ok(false), "{stored}");
            }
        }
    }

    #[test]
    fn what_nobody_can_check() {
        for (stored, problem) in [
            ("", Unusable::Form),
            ("secret", Unusable::Form),
            ("rl.3StKT.4T8M", Unusable::Form),
            ("$y$j9T$x$y", Unusable::Form),
            ("{SHA}x", Unusable::Form),
            ("{SHA}eA==", Unusable::Form),
            ("{MD5}eA==", Unusable::Form),
            ("!$1$saltstr9$UlkOKmrD9153QjnIvYGuS.", Unusable::Form),
            ("*$apr1$ErDiKJIR$HbXD/JrLuSgKijGIDdIF.0", Unusable::Form),
            (
                "{CRYPT}$5$rounds=1000$s$fHmm0TYieHeBNJ4k/RX/EqP7K5fA9Za5w8eoDtf2s.8",
                Unusable::Form,
            ),
            ("{PLAI}x", Unusable::Form),
            ("$apr1$x", Unusable::Form),
            ("$2y$", Unusable::Form),
            ("$2y$05$", Unusable::Form),
            (
                "$2y$31$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                Unusable::Cost,
            ),
            ("$5$x", Unusable::Form),
            ("$6$rounds=x$salt$hash", Unusable::Form),
            ("$6$rounds=999999999$salt$hash", Unusable::Cost),
        ] {
            for password in ["x", "pass", "pass word"] {
                let checked = verify(stored.as_bytes(), password.as_bytes());
                assert_eq!(checked, Err(problem), "{stored}");
            }
        }
        assert!(!is_quick(b"{CRYPT}$6$rounds=5000000$salt$hash"));
    }
}
