//! Looking at a tree and at the one before it: values, and how fast they grow.

use serde_json::Value;

/// A node as it is, and as it was.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    now: &'a Value,
    before: Option<&'a Value>,
    /// The time between the two.
    seconds: f64,
}

impl<'a> Look<'a> {
    /// Looks at a tree, which was another so many seconds ago.
    pub(super) fn new(now: &'a Value, before: Option<&'a Value>, seconds: f64) -> Self {
        Self {
            now,
            before: before.filter(|_| seconds > 0.0),
            seconds,
        }
    }

    /// A node below, along names between slashes. What is not there is null.
    pub(super) fn at(&self, path: &str) -> Self {
        let down = |node: &'a Value| {
            let names = path.split('/').filter(|name| !name.is_empty());
            names.fold(node, |node, name| node.get(name).unwrap_or(&Value::Null))
        };
        Self {
            now: down(self.now),
            before: self.before.map(down),
            seconds: self.seconds,
        }
    }

    /// The children with their names.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let (before, seconds) = (self.before, self.seconds);
        let children = self.now.as_object().into_iter().flatten();
        children.map(move |(name, now)| {
            let before = before.and_then(|before| before.get(name));
            let child = Self {
                now,
                before,
                seconds,
            };
            (name.as_str(), child)
        })
    }

    /// The value itself.
    pub(super) fn value(&self) -> &'a Value {
        self.now
    }

    /// The number at a path.
    pub(super) fn number(&self, path: &str) -> Option<f64> {
        self.at(path).now.as_f64()
    }

    /// The text at a path.
    pub(super) fn text(&self, path: &str) -> &'a str {
        self.at(path).now.as_str().unwrap_or_default()
    }

    /// How fast the number at a path grows, per second. Nothing is known at first, or of a number that
    /// went down, which began anew.
    pub(super) fn rate(&self, path: &str) -> Option<f64> {
        let node = self.at(path);
        let growth = node.now.as_f64()? - node.before?.as_f64()?;
        (growth >= 0.0).then(|| growth / self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rates_are_those_of_numbers_that_grow() {
        let now = json!({"a": {"n": 30, "down": 1, "new": 5}, "t": "x"});
        let before = json!({"a": {"n": 10, "down": 2}});
        let look = Look::new(&now, Some(&before), 2.0);
        assert_eq!(look.rate("a/n"), Some(10.0));
        assert_eq!((look.rate("a/down"), look.rate("a/new")), (None, None));
        assert_eq!((look.rate("t"), look.rate("nowhere/x")), (None, None));
        assert_eq!((look.number("a/n"), look.text("t")), (Some(30.0), "x"));
        let rates: Vec<_> = look.at("a").each().map(|(_, one)| one.rate("")).collect();
        assert_eq!(rates, [None, Some(10.0), None]);
        assert_eq!(Look::new(&now, Some(&before), 0.0).rate("a/n"), None);
        assert_eq!(Look::new(&now, None, 1.0).rate("a/n"), None);
    }
}
