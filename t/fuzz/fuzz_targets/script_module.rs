//! Any text as a module of a script: what is taken is a function that the engine takes, too.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pingauge::script::instance::Instance;
use pingauge::script::program::{Files, Globals, Limits, Loading};
use rquickjs::{Ctx, Object, Result};

fuzz_target!(|source: &str| {
    let mut loading = Loading::default();
    let Ok(module) = loading.module("main", None, &mut Only(source)) else {
        return;
    };
    let limits = Limits {
        memory: 64 << 20,
        stack: 256 << 10,
    };
    let program = Arc::new(loading.finish(Box::new(Nothing), limits));
    let path = pingauge::script::path::Path::new(module, vec!["f".to_owned()]);
    let instance = Instance::new(&program).expect("an instance");
    if let Err(fault) = instance.find(&path, Duration::from_millis(100)) {
        // The engine takes modules in which a name is imported and declared, and tells of that when they are functions.
        let is_twice = fault.message.contains("invalid redefinition");
        let is_syntax = fault.message.starts_with("SyntaxError") && !is_twice;
        assert!(!is_syntax || source.contains("await"), "{fault}");
    }
});

struct Only<'s>(&'s str);

impl Files for Only<'_> {
    fn read(
        &mut self,
        name: &str,
        from: Option<&Path>,
    ) -> std::result::Result<(PathBuf, String), String> {
        match from {
            None => Ok((PathBuf::from(name), self.0.to_owned())),
            Some(_) => Err("nothing else".to_owned()),
        }
    }
}

struct Nothing;

impl Globals for Nothing {
    fn furnish<'js>(&self, _: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
        Ok(Vec::new())
    }
}
