//! Messages from and to the editor over standard input and output. What comes in is bounded: a message that says that it is
//! larger is refused before there is room for it.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lsp_server::{Connection, Message};

/// The most bytes of a message.
const LARGEST: u64 = 32 << 20;

/// The most bytes of what stands before a message.
const LONGEST_HEADER: u64 = 1 << 12;

/// The most characters that are told of an error.
const LONGEST_ERROR: usize = 400;

/// As many messages wait at most.
const WAITING: usize = 16;

/// The server's end of a connection to the editor, with a thread that reads and one that writes.
pub(super) struct Wire {
    own: Connection,
    /// Why reading ended, if something was wrong.
    wrong: Arc<Mutex<Option<io::Error>>>,
    writer: JoinHandle<io::Result<()>>,
}

impl Wire {
    /// True if no message waits.
    pub(super) fn is_idle(&self) -> bool {
        self.own.receiver.is_empty()
    }

    /// The next message; none at the end.
    pub(super) fn next(&self) -> Option<Message> {
        self.own.receiver.recv().ok()
    }

    pub(super) fn send(&self, message: Message) {
        // If nobody listens any more, the end says so.
        let _ = self.own.sender.send(message);
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// What was wrong with what the editor sent, or that it could not be written to.
    pub(super) fn finish(self) -> Result<(), String> {
        let Wire { own, wrong, writer } = self;
        drop(own);
        let written = writer.join();
        let read = wrong.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (read, written) {
            (Some(error), _) => Err(wrong_message(&error)),
            (None, Ok(Err(error))) => Err(unwritten(&error)),
            (None, Err(_)) => Err(unwritten(&io::Error::other("the writer ended"))),
            (None, Ok(Ok(()))) => Ok(()),
        }
    }
}

/// In words, that a message is none.
pub(super) fn wrong_message(error: &io::Error) -> String {
    // All of the message may be in it.
    let told: String = error.to_string().chars().take(LONGEST_ERROR).collect();
    format!("the editor's message: {told}")
}

/// In words, that nothing can be said to the editor.
pub(super) fn unwritten(error: &io::Error) -> String {
    format!("the connection to the editor failed: {error}")
}

/// The connection over standard input and output.
pub(super) fn stdio() -> Wire {
    let (own, editor) = Connection::memory();
    let Connection { sender, receiver } = editor;
    let wrong: Arc<Mutex<Option<io::Error>>> = Arc::default();
    let told = Arc::clone(&wrong);
    // It may wait for an editor that says nothing more; nobody waits for it.
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let message = match read(&mut input) {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(error) => {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    break;
                }
            };
            while sender.len() >= WAITING {
                thread::sleep(Duration::from_millis(1));
            }
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    let writer = thread::spawn(move || {
        let mut output = io::stdout().lock();
        let mut messages = receiver.into_iter();
        messages.try_for_each(|message| message.write(&mut output))
    });
    Wire { own, wrong, writer }
}

/// The next message; none at the end.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Message>> {
    let mut header = Vec::new();
    let mut length = 0;
    loop {
        let start = header.len();
        let left = LONGEST_HEADER.saturating_sub(start as u64);
        let count = input.by_ref().take(left).read_until(b'\n', &mut header)?;
        if left == 0 {
            return Err(io::Error::other("what stands before a message is too long"));
        }
        let line = header.get(start..).unwrap_or_default();
        if count == 0 || line == b"\r\n" {
            break;
        }
        let text = core::str::from_utf8(line).unwrap_or_default();
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("Content-Length")
        {
            length = value.trim().parse().unwrap_or(u64::MAX);
        }
    }
    if length > LARGEST {
        let message = format!("a message may have {LARGEST} bytes, and one says that it has more");
        return Err(io::Error::other(message));
    }
    Message::read(&mut header.as_slice().chain(input.take(length)))
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, read};

    fn of(text: &str) -> String {
        match read(&mut text.as_bytes()) {
            Ok(message) => format!("{message:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn messages_are_bounded() {
        let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let sound = format!(
            "Content-Type: x\r\ncontent-length: {}\r\n\r\n{exit}",
            exit.len()
        );
        assert!(of(&sound).contains("exit"), "{}", of(&sound));
        assert_eq!(of(""), "None");
        for length in [
            &(LARGEST + 1).to_string(),
            "99999999999999999999",
            "-1",
            "x",
        ] {
            let told = of(&format!("Content-Length: {length}\r\n\r\n{{}}"));
            assert!(told.contains("one says that it has more"), "{told}");
        }
        let told = of(&"x".repeat(5_000));
        assert!(told.contains("too long"), "{told}");
        for text in [
            "garbage\r\n\r\n",
            "\r\n",
            "Content-Length: 5\r\n\r\n{]}}}",
            "Content-Length: 5\r\n\r\n{}",
            &format!("Content-Length: 200\r\n\r\n{}", "[".repeat(200)),
        ] {
            assert!(read(&mut text.as_bytes()).is_err(), "{text}");
        }
    }
}
