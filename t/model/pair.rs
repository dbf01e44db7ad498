//! A zone and its model, played the same operations and compared.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use pingauge::metric::Moment;
use pingauge::os::SharedMemory;
use pingauge::zone::{Change, Changed, Missing, Once, Overflow, Record, Zone};

use crate::model::change::Outcome;
use crate::model::{Configuration, Model, schema};
use crate::operation::{DISCARD_KEYS, Handle, Operation, SCHEMAS, SIZES, Wish, key, wishes};

/// A zone, the process of the configuration before, and the model of both.
pub(crate) struct Pair {
    memory: SharedMemory,
    new: (Zone, Configuration),
    old: Option<(Zone, Configuration)>,
    model: Model,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let memory = SharedMemory::create("model", SIZES[0]).unwrap();
        let configuration = Configuration {
            bytes: SIZES[0],
            metrics: SCHEMAS[0],
            expire: true,
            discard_key: None,
        };
        let model = Model::new(&configuration);
        let new = (adopted(&memory, &configuration), configuration);
        Self {
            memory,
            new,
            old: None,
            model,
        }
    }

    /// Does one thing to both, and compares what they answer.
    pub(crate) fn play(&mut self, operation: &Operation) {
        match operation {
            Operation::Update { handle, key, value } => self.update(*handle, *key, *value),
            Operation::Fill { first, keys, value } => {
                for number in *first..first + u16::from(*keys) {
                    self.update(Handle::New, number, *value);
                }
            }
            Operation::Read {
                handle,
                key: number,
            } => self.read(*handle, *number),
            Operation::Change {
                handle,
                first,
                keys,
                kind,
                value,
                creates,
                name,
            } => {
                let wishes = wishes(*first, *keys, *kind, *value);
                self.change(*handle, &wishes, *creates, *name);
            }
            Operation::List => self.compare(),
            Operation::Adopt {
                size,
                schema,
                expire,
                discard_key,
            } => {
                let configuration = Configuration {
                    bytes: pick(SIZES, *size),
                    metrics: pick(SCHEMAS, *schema),
                    expire: *expire,
                    discard_key: pick(DISCARD_KEYS, *discard_key),
                };
                self.model.adopt(&configuration);
                let new = (adopted(&self.memory, &configuration), configuration);
                self.old = Some(std::mem::replace(&mut self.new, new));
            }
        }
    }

    /// Compares everything there is.
    pub(crate) fn compare(&self) {
        let zone = &self.new.0;
        let mut listing = HashMap::new();
        let _ = zone.visit(&mut |record| {
            let (mut name, mut text) = (Vec::new(), Vec::new());
            record.write_name(&mut name);
            record.write_text(zone.schema(), Moment(0), &mut text);
            assert!(
                listing
                    .insert(name, String::from_utf8(text).unwrap())
                    .is_none()
            );
            ControlFlow::Continue(())
        });
        assert_eq!(listing, self.model.listing());
        assert_eq!(zone.discarded(), self.model.discarded);
        assert_eq!(zone.len(), listing.len() as u64);
        zone.verify().unwrap();
        assert_eq!(zone.has_help(), !self.model.texts.is_empty());
        for (key, text) in &self.model.texts {
            let mut help = Vec::new();
            assert!(zone.help(key, &mut help));
            assert_eq!(&help, text);
        }
    }

    fn change(&mut self, handle: Handle, wishes: &[Wish], creates: bool, name: u8) {
        fn change(wish: &Wish) -> Change<'_> {
            Change {
                key: &wish.key,
                action: wish.action,
                help: wish.help.as_deref(),
            }
        }
        let changes: Vec<_> = wishes.iter().map(change).collect();
        let missing = match creates {
            true => Missing::Create,
            false => Missing::Refuse,
        };
        let name = [name];
        let once = (name != [0]).then_some(Once {
            name: &name,
            lifetime: u64::MAX,
            owner: b"",
        });
        let zone = &self.process(handle).0;
        let outcome = zone.change(&changes, missing, once, Moment(0));
        let outcome = outcome.map(|changed| match changed {
            Changed::Applied { created, .. } => Outcome::Applied(created),
            Changed::Replayed { created, .. } => Outcome::Replayed(created),
        });
        let name = once.map(|once| once.name);
        assert_eq!(outcome, self.model.change(wishes, missing, name));
    }

    fn update(&mut self, handle: Handle, number: u16, value: i8) {
        let value = f64::from(value);
        let outcome = self
            .process(handle)
            .0
            .update(&key(number), value, Moment(0));
        assert_eq!(outcome.ok(), self.model.update(&key(number), value));
    }

    fn read(&self, handle: Handle, number: u16) {
        let (zone, configuration) = self.process(handle);
        let key = key(number);
        let mut record = Record::default();
        let text = zone.read(&key[..key.len().min(255)], &mut record).then(|| {
            let mut text = Vec::new();
            record.write_text(zone.schema(), Moment(0), &mut text);
            String::from_utf8(text).unwrap()
        });
        assert_eq!(text, self.model.read(&key, configuration.metrics));
    }

    fn process(&self, handle: Handle) -> &(Zone, Configuration) {
        match (handle, &self.old) {
            (Handle::Old, Some(old)) => old,
            _ => &self.new,
        }
    }
}

fn pick<T: Copy>(choices: &[T], number: u8) -> T {
    choices[usize::from(number) % choices.len()]
}

fn adopted(memory: &SharedMemory, configuration: &Configuration) -> Zone {
    let overflow = Overflow {
        expire: configuration.expire,
        discard_key: configuration.discard_key.map(|key| key.into()),
    };
    let schema = Arc::new(schema(configuration.metrics));
    Zone::adopt(memory, configuration.bytes, schema, &overflow)
        .unwrap()
        .0
}
