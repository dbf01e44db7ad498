//! A page in Chromium, driven over a pair of pipes: what it shows, what it asks for, and what goes wrong in it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tab.
pub(super) struct Page {
    child: Child,
    commands: File,
    messages: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    faults: Vec<String>,
}

/// Opens two pipes for Chromium where it wants them: commands at 3, answers at 4.
const START: &str = "exec chromium --headless --no-sandbox --disable-gpu --remote-debugging-pipe --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
    --disable-quic --user-data-dir=\"$2\" about:blank 3<\"$0\" 4>\"$1\"";

impl Page {
    /// Starts Chromium with its files in a directory.
    pub(super) fn open(directory: &Path) -> Self {
        let paths = ["commands", "answers", "profile"].map(|name| directory.join(name));
        let made = Command::new("mkfifo").args(&paths[..2]).status().unwrap();
        assert!(made.success());
        let child = Command::new("sh")
            .args(["-c", START])
            .args(&paths)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = File::options().write(true).open(&paths[0]).unwrap();
        let answers = File::open(&paths[1]).unwrap();
        let mut page = Self {
            child,
            commands,
            messages: read(answers),
            session: None,
            sent: 0,
            faults: Vec::new(),
        };
        let target = page.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = json!({"targetId": target["targetId"], "flatten": true});
        let session = page.call("Target.attachToTarget", attached);
        page.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page
    }

    /// Goes to an address.
    pub(super) fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
    }

    /// The value of an expression, or of the promise that it is.
    pub(super) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
            "allowUnsafeEvalBlockedByCSP": false,
        });
        let answer = self.call("Runtime.evaluate", asked);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true, which may throw until then.
    pub(super) fn wait(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        let tried =
            format!("(() => {{ try {{ return !!({expression}); }} catch {{ return false; }} }})()");
        while self.value(&tried) != json!(true) {
            if Instant::now() > deadline {
                let shown = self.value("document.body.innerText");
                panic!("in vain: {expression}\n{shown}\n{:?}", self.faults);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What went wrong in the page since the last time: exceptions, refused resources, violated policies.
    pub(super) fn faults(&mut self) -> Vec<String> {
        self.value("0");
        std::mem::take(&mut self.faults)
    }

    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let text = format!("{message}\0");
        self.commands.write_all(text.as_bytes()).unwrap();
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect(method);
            if message["id"] == json!(self.sent) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        let fault = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => &parameters["exceptionDetails"],
            Some("Log.entryAdded") => &parameters["entry"],
            Some("Runtime.consoleAPICalled") => &parameters["args"],
            _ => return,
        };
        self.faults.push(fault.to_string());
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self
            .commands
            .write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(answers: File) -> Receiver<Value> {
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        let mut answers = BufReader::new(answers);
        let mut message = Vec::new();
        while answers
            .read_until(0, &mut message)
            .is_ok_and(|read| read > 0)
        {
            message.pop();
            let parsed = serde_json::from_slice(&message).unwrap_or_default();
            if sender.send(parsed).is_err() {
                return;
            }
            message.clear();
        }
    });
    messages
}
