//! A zone and its model, played the same operations and compared.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use pingauge::metric::Moment;
use pingauge::os::SharedMemory;
use pingauge::zone::{Overflow, Record, Zone};

use crate::model::{Configuration, Model, schema};
use crate::operation::{DISCARD_KEYS, Handle, Operation, SCHEMAS, SIZES, key};

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
