//! A terminal for programs that draw: tmux, with a server of its own that ends with the test.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{PATIENCE, poll};

/// A window in which one command runs.
pub(crate) struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Runs a command of the shell in a window of this size.
    pub(crate) fn start(command: &str, width: u16, height: u16) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pingauge-tmux-{}-{number}", std::process::id());
        let terminal = Self {
            socket: std::env::temp_dir().join(name),
        };
        let (width, height) = (width.to_string(), height.to_string());
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            command,
        ]);
        terminal
    }

    /// What stands on the screen, without blanks at the ends of lines.
    pub(crate) fn screen(&self) -> String {
        let text = self.tmux(&["capture-pane", "-p"]);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned() + "\n"
    }

    /// Waits for a screen.
    pub(crate) fn expect(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let found = poll(PATIENCE * 2, || {
            Some(self.screen()).filter(|screen| fits(screen))
        });
        found.unwrap_or_else(|| panic!("no {what} on the screen:\n{}", self.screen()))
    }

    /// Waits for a text on the screen.
    pub(crate) fn expect_text(&self, text: &str) -> String {
        self.expect(text, |screen| screen.contains(text))
    }

    /// Presses keys, which are letters or names such as `Enter`.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        self.tmux(&[
            "resize-window",
            "-x",
            &width.to_string(),
            "-y",
            &height.to_string(),
        ]);
    }

    /// The process that runs in the window.
    pub(crate) fn process(&self) -> String {
        self.tmux(&["display-message", "-p", "#{pane_pid}"])
            .trim()
            .to_owned()
    }

    /// Whether a program has the screen for itself, as editors do.
    pub(crate) fn is_taken(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{alternate_on}"])
            .trim()
            == "1"
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command
            .env("LC_ALL", "C.UTF-8")
            .arg("-u")
            .arg("-S")
            .arg(&self.socket);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        let _ended = command
            .arg("-S")
            .arg(&self.socket)
            .arg("kill-server")
            .output();
        drop(fs::remove_file(&self.socket));
    }
}
