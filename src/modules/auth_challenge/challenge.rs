//! What an origin asks for with a 401: the challenges of its `WWW-Authenticate` fields.

use http_auth::ChallengeRef;
use http_auth::parser::ChallengeParser;

/// A challenge that there is an answer to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Challenge {
    /// Name and password.
    Basic,
    /// A token of a service.
    Bearer(Bearer),
}

/// What a token is asked for with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bearer {
    /// The address of the service, as the origin gives it.
    pub(super) realm: String,
    /// For whom the token is.
    pub(super) service: Option<String>,
    /// For what it is.
    pub(super) scope: Option<String>,
}

/// The challenge to answer among those of all fields: the first for a token, else one for name and
/// password. Without one, the schemes that were offered.
pub(super) fn choose<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Result<Challenge, String> {
    let mut others = Vec::new();
    let mut is_basic = false;
    for field in fields {
        let Ok(text) = std::str::from_utf8(field) else {
            continue;
        };
        // What stands before a part that cannot be read still counts.
        for offered in ChallengeParser::new(text).map_while(Result::ok) {
            match bearer(&offered) {
                Some(bearer) => return Ok(Challenge::Bearer(bearer)),
                None if offered.scheme.eq_ignore_ascii_case("basic") => is_basic = true,
                None => others.push(offered.scheme.to_owned()),
            }
        }
    }
    match is_basic {
        true => Ok(Challenge::Basic),
        false => Err(others.join(", ")),
    }
}

/// A challenge for a token that says whose.
fn bearer(offered: &ChallengeRef<'_>) -> Option<Bearer> {
    let parameter = |name: &str| {
        let mut all = offered.params.iter();
        let (_, value) = all.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value.to_unescaped())
    };
    let is_bearer = offered.scheme.eq_ignore_ascii_case("bearer");
    let realm = parameter("realm").filter(|_| is_bearer)?;
    Some(Bearer {
        realm,
        service: parameter("service"),
        scope: parameter("scope"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(fields: &[&str]) -> Result<Challenge, String> {
        choose(fields.iter().map(|field| field.as_bytes()))
    }

    #[test]
    fn a_token_comes_before_a_password() {
        let registry =
            r#"Bearer realm="https://a/token",service="b c",scope="repository:d/e:pull,push""#;
        let bearer = Challenge::Bearer(Bearer {
            realm: "https://a/token".into(),
            service: Some("b c".into()),
            scope: Some("repository:d/e:pull,push".into()),
        });
        assert_eq!(chosen(&[registry]), Ok(bearer.clone()));
        let both = format!("Basic realm=\"x\", Digest realm=y, {registry}");
        assert_eq!(chosen(&[&both]), Ok(bearer.clone()));
        assert_eq!(chosen(&["basic realm=\"x\"", registry]), Ok(bearer));
        assert_eq!(chosen(&["basic realm=\"x\""]), Ok(Challenge::Basic));
        assert_eq!(
            chosen(&["Negotiate", "Digest realm=a"]),
            Err("Negotiate, Digest".into())
        );
        assert_eq!(chosen(&[]), Err(String::new()));
        // RFC 6750: it need not say whose.
        assert_eq!(chosen(&["Bearer error=\"x\""]), Err("Bearer".into()));
    }

    proptest! {
        #[test]
        fn no_field_is_too_odd(field in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = choose([field.as_slice()].into_iter());
        }

        #[test]
        fn nor_one_that_looks_like_a_challenge(field in "(Bearer|Basic|,| |=|\"|\\\\|realm|é|\t){0,20}") {
            let _ = choose([field.as_bytes()].into_iter());
        }
    }
}
