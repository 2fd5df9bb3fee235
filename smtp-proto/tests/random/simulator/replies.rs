//! Octets from the server, as the [`Witness`] takes them: each reply for the oldest command that has none.

use smtp_proto::{
    client::Chunking,
    reply::{Reply, ReplyLimits},
};

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
                    // The start of what nobody asked for may be enough for the client.
                    self.doubt(self.asked.is_empty() && !buffer.is_empty());
                    self.over = buffer.len() >= ReplyLimits::DEFAULT.reply;
                    self.reply = buffer;
                    return;
                }
                Err(_) if self.asked.is_empty() => self.on_unsolicited(999),
                Err(_) => self.over = true,
            }
        }
    }

    fn on_reply(&mut self, reply: &Reply<'_>) {
        let code = reply.code().value();
        let Some(asked) = self.asked.pop_front() else {
            return self.on_unsolicited(code);
        };
        self.over |= code == 421 && asked.verb != Verb::Quit;
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
            Verb::Rset => {
                self.over |= code / 100 != 2 || code == 220;
                self.doubt(code == 220 || code / 100 == 3);
            }
            Verb::LoneDot | Verb::Noop => {
                self.over |= code / 100 == 3;
                self.doubt(code / 100 == 3);
            }
            Verb::Quit => self.over = true,
            _ => self.on_reply_in_transaction(asked, code),
        }
    }

    /// A farewell (421, and what some say in its place), or a proof that replies and commands do not belong together.
    fn on_unsolicited(&mut self, code: u16) {
        self.over = true;
        let messages = &self.plan.messages;
        if code / 100 == 4 || code == 221 || self.gave_up {
            return;
        }
        if let Some(told) = self.told.last_mut() {
            told.shifted = !told.is_complete(messages[told.message].recipients.len());
            told.doubted = true;
        }
    }

    /// What was said proves that the refusals before it may have been somebody else's.
    fn doubt(&mut self, proven: bool) {
        let answered = self.told.iter_mut().rev().find(|told| told.mail.is_some());
        if let Some(told) = answered {
            told.doubted |= proven;
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
                self.unless(asked, code / 100 != 3);
                self.check_swallowed(asked, code);
            }
            Verb::Rcpt(at) => {
                told.recipients[at].reply = Some(code);
                self.unless(asked, code / 100 != 3);
                self.check_swallowed(asked, code);
            }
            Verb::Data => self.on_data(asked.transaction, code),
            Verb::Chunk if code >= 400 && told.is_wanted() => self.refused_early(asked, code),
            Verb::Chunk => self.unless(asked, code / 100 != 3),
            _ if told.handed_over => self.on_verdict(asked, code),
            _ => self.refused_early(asked, code),
        }
    }

    /// A reply that makes no sense ends the session: it cannot have been one to this command.
    fn unless(&mut self, asked: Asked, makes_sense: bool) {
        self.doubt(!makes_sense);
        self.over |= !makes_sense;
        self.told[asked.transaction].shifted |= !makes_sense && !self.gave_up;
    }

    /// Chunks of a message that nobody is to get may be run as commands (C80).
    fn check_swallowed(&mut self, asked: Asked, code: u16) {
        let told = &self.told[asked.transaction];
        let mut waiting = self.asked.iter().filter(|other| other.transaction == asked.transaction);
        let of_recipients = |other: &&Asked| matches!(other.verb, Verb::Rcpt(_));
        let is_for_nobody = code >= 400
            && (is_no(told.mail)
                || !(told.is_wanted() || waiting.clone().any(|other| of_recipients(&other))));
        let in_flight = waiting.any(|other| matches!(other.verb, Verb::Chunk | Verb::Content));
        self.over |= is_for_nobody && in_flight && !self.plan.swallows;
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
            _ if code < 400 => (self.over, told.shifted) = (true, true),
            _ => {}
        }
    }

    /// A reply while the content is on its way: a refusal, or nonsense.
    fn refused_early(&mut self, asked: Asked, code: u16) {
        self.over = true;
        let told = &mut self.told[asked.transaction];
        told.shifted |= code < 400;
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
        told.shifted |= code / 100 == 3;
        let for_whom = if lmtp { 1 } else { usize::MAX };
        told.waiting().take(for_whom).for_each(|recipient| recipient.verdict = Some(code));
        if told.waiting().next().is_some() {
            self.asked.push_front(asked);
        } else {
            let refuses_command = matches!(code, 500..=504);
            let by_data = told.data == Some(354);
            let in_flight = self.plan.chunking == Chunking::InFlight && self.pipelining && !by_data;
            self.over |= refuses_command && in_flight && !self.plan.swallows;
        }
    }
}

fn offers_pipelining(reply: &Reply<'_>) -> bool {
    reply.raw_lines().skip(1).any(|line| line.trim_ascii().eq_ignore_ascii_case(b"PIPELINING"))
}
