//! Octets from the server, as the [`Witness`] takes them: each reply for the oldest command that has none.

use smtp_proto::reply::{Reply, ReplyLimits};

use super::{
    told::is_no,
    witness::{Asked, Place, Verb, Witness},
};

impl Witness<'_> {
    pub(crate) fn received(&mut self, octets: &[u8]) {
        self.over |= self.place == Place::Handshake;
        self.reply.extend_from_slice(octets);
        while !self.over {
            let buffer = std::mem::take(&mut self.reply);
            match Reply::parse(&buffer) {
                Ok(Some((reply, used))) => {
                    self.on_reply(&reply);
                    self.reply = buffer[used..].to_vec();
                    // Octets behind the 220 to STARTTLS were said by somebody else (D12).
                    self.over |= self.place == Place::Handshake && !self.reply.is_empty();
                }
                Ok(None) => {
                    self.over = buffer.len() >= ReplyLimits::DEFAULT.reply;
                    self.reply = buffer;
                    return;
                }
                Err(_) => self.over = true,
            }
        }
    }

    fn on_reply(&mut self, reply: &Reply<'_>) {
        let code = reply.code().value();
        let Some(asked) = self.asked.pop_front() else {
            (self.over, self.closing) = (true, code == 421);
            return;
        };
        if code == 421 && asked.verb != Verb::Quit {
            (self.over, self.closing) = (true, true);
        }
        match asked.verb {
            Verb::Greeting => self.opens(code, 220),
            Verb::Ehlo => {
                self.over |= code != 250 && code < 400;
                self.stopped |= code / 100 == 4 && self.wants_tls();
                self.pipelining = code == 250 && offers_pipelining(reply);
            }
            Verb::Helo => self.opens(code, 250),
            Verb::StartTls if code == 220 => self.place = Place::Handshake,
            Verb::StartTls | Verb::Cancel => self.over |= code < 400,
            Verb::Auth => {
                self.challenged = code == 334;
                self.over |= code < 400 && code != 334 && code != 235;
            }
            Verb::Rset => self.over |= code / 100 != 2,
            Verb::LoneDot | Verb::Noop => self.over |= code / 100 == 3,
            Verb::Quit => self.over = true,
            _ => self.on_reply_in_transaction(asked, code),
        }
    }

    const fn opens(&mut self, code: u16, expected: u16) {
        self.over |= code != expected && code < 400;
        self.stopped |= code >= 400;
    }

    fn on_reply_in_transaction(&mut self, asked: Asked, code: u16) {
        let Some(told) = self.told.get_mut(asked.transaction) else { return };
        match asked.verb {
            // 421 is no verdict on what it answers, but for content that has left whole.
            _ if code == 421 && !(asked.verb == Verb::Content && told.handed_over) => {}
            Verb::Mail => {
                told.mail = Some(code);
                self.over |= code / 100 == 3;
            }
            Verb::Rcpt(at) => {
                told.recipients[at].reply = Some(code);
                self.over |= code / 100 == 3;
            }
            Verb::Data => self.on_data(asked.transaction, code),
            Verb::Chunk if code >= 400 && told.is_wanted() => self.refused_early(asked, code),
            Verb::Chunk => self.over |= code / 100 == 3,
            _ if told.handed_over => self.on_verdict(asked, code),
            _ => self.refused_early(asked, code),
        }
    }

    fn on_data(&mut self, transaction: usize, code: u16) {
        let told = &mut self.told[transaction];
        told.data = Some(code);
        match code {
            354 if told.is_wanted() => {
                self.place = Place::Content(0);
                self.asked.push_back(Asked { verb: Verb::Content, transaction });
            }
            // A lone dot would store an empty message, or, with LMTP, get no answer.
            354 if is_no(told.mail) || self.plan.is_lmtp() => self.over = true,
            354 => self.place = Place::LoneDot,
            _ => self.over |= code < 400,
        }
    }

    /// A reply while the content is on its way: a refusal, or nonsense.
    fn refused_early(&mut self, asked: Asked, code: u16) {
        self.over = true;
        let told = &mut self.told[asked.transaction];
        if code >= 400 {
            told.waiting().for_each(|recipient| recipient.verdict = Some(code));
        }
    }

    fn on_verdict(&mut self, asked: Asked, code: u16) {
        let lmtp = self.plan.is_lmtp();
        let told = &mut self.told[asked.transaction];
        self.over |= code / 100 == 3;
        if !told.is_wanted() {
            return;
        }
        let for_whom = if lmtp { 1 } else { usize::MAX };
        told.waiting().take(for_whom).for_each(|recipient| recipient.verdict = Some(code));
        if told.waiting().next().is_some() {
            self.asked.push_front(asked);
        }
    }
}

fn offers_pipelining(reply: &Reply<'_>) -> bool {
    reply.raw_lines().skip(1).any(|line| line.trim_ascii().eq_ignore_ascii_case(b"PIPELINING"))
}
