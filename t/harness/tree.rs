//! JSON with members of the same name, which other readers of JSON let go: keys that differ only in
//! bytes that are no UTF-8 look the same there.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// A JSON value; of those that are no objects, numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Number(f64),
    Members(Vec<(String, Self)>),
    Other,
}

impl Tree {
    /// Reads JSON.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| error.to_string())
    }

    /// The members of an object.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Members(members) => members,
            _ => &[],
        }
    }

    /// The first member of that name.
    pub(crate) fn member(&self, name: &str) -> &Self {
        let found = self.members().iter().find(|(other, _)| other == name);
        found.map_or(&Self::Other, |(_, member)| member)
    }

    /// Gives each number within with the names that lead to it.
    pub(crate) fn each<'a>(
        &'a self,
        at: &mut Vec<&'a str>,
        give: &mut impl FnMut(&[&'a str], f64),
    ) {
        match self {
            Self::Number(number) => give(at, *number),
            Self::Members(members) => {
                for (name, member) in members {
                    at.push(name);
                    member.each(at, give);
                    at.pop();
                }
            }
            Self::Other => {}
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("objects and what they hold")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Tree::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Members(members))
    }
}
