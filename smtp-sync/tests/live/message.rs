//! Messages that are hard to carry.
#![allow(unreachable_pub, reason = "a module of a test")]

/// The most that RFC 5321 4.5.3.1.6 allows, without CRLF.
const LONGEST: usize = 998;

/// A message as its lines, from which both what is handed over and what has to arrive are made.
#[derive(Debug)]
pub struct Message(Vec<Vec<u8>>);

impl Message {
    pub fn small(subject: &str) -> Self {
        let mut message = Self::header(subject);
        message.push(format!("This is {subject}."));
        message.push(".");
        message
    }

    /// At least this many octets: dots, the longest lines, UTF-8, and lines of every length, so that
    /// each of these meets each boundary of a buffer. A lone dot is the last line.
    pub fn large(subject: &str, octets: usize) -> Self {
        let mut message = Self::header(subject);
        let hard = [
            ".".to_owned(),
            "..".to_owned(),
            ".QUIT".to_owned(),
            String::new(),
            "From the start \t ".to_owned(),
            "Grüße, καλημέρα, おはよう 🌅".to_owned(),
            "x".repeat(LONGEST),
            "ä".repeat(LONGEST / 2),
            ".".repeat(LONGEST),
        ];
        let mut length = 0;
        for number in 0.. {
            let filler = "0123456789".repeat(LONGEST / 10);
            message.push(&filler[..number * 37 % filler.len()]);
            message.push(hard[number % hard.len()].as_str());
            length += message.0.iter().rev().take(2).map(Vec::len).sum::<usize>();
            if length >= octets {
                break;
            }
        }
        message.push(".");
        message
    }

    /// Fields that are complete, so that no server adds one or changes one.
    fn header(subject: &str) -> Self {
        let id = subject.replace(' ', ".");
        let mut message = Self(Vec::new());
        message.push("From: alice@lab.test");
        message.push("To: undisclosed:;");
        message.push(format!("Subject: {subject}"));
        message.push("Date: Sat, 21 Nov 2026 12:00:00 +0000");
        message.push(format!("Message-ID: <{id}@lab.test>"));
        message.push("MIME-Version: 1.0");
        message.push("Content-Type: text/plain; charset=utf-8");
        message.push("Content-Transfer-Encoding: 8bit");
        message.push("");
        message
    }

    fn push(&mut self, line: impl Into<Vec<u8>>) {
        self.0.push(line.into());
    }

    /// As careless programs write it: CRLF here, LF there, no newline at the end.
    pub fn careless(&self) -> Vec<u8> {
        let newline = |line| if line % 5 < 2 { &b"\n"[..] } else { b"\r\n" };
        let mut text = self.0[0].clone();
        for (number, line) in self.0.iter().enumerate().skip(1) {
            text.extend_from_slice(newline(number));
            text.extend_from_slice(line);
        }
        text
    }

    /// With this behind each line, the last one too.
    pub fn with_newlines(&self, newline: &str) -> Vec<u8> {
        let lines = self.0.iter();
        lines.flat_map(|line| [line, newline.as_bytes()].concat()).collect()
    }
}

/// Compares without showing megabytes.
pub fn assert_same(stored: &[u8], sent: &[u8], what: &str) {
    let same = stored.iter().zip(sent).take_while(|(one, other)| one == other).count();
    let near = |text: &[u8]| {
        let end = text.len().min(same + 40);
        text[same.saturating_sub(20)..end].escape_ascii().to_string()
    };
    let (got, meant) = (near(stored), near(sent));
    assert!(stored == sent, "{what}: octet {same} differs: {got:?} is stored for {meant:?}");
}
