//! Message to wire, by copying.

use core::fmt;

use super::{
    rewrite::{Rewriter, copy, double_dots, rewrite},
    scan::{self, CR, DOT, LF, Octets},
};

/// Octets scanned before they are copied: few enough that the copy finds them in a near cache.
const WINDOW: usize = 64 * 1024;
/// CRLFs that are handed out as one slice.
const CRLFS: &[u8] = b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
/// Octets rewritten one by one before content is given another try as clean, at first.
const LEAST_BURST: usize = 32;
/// And at most: content that is seldom clean is not scanned for nothing.
const MOST_BURST: usize = 4096;

/// The rule for line ends other than CRLF in a message to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Newlines {
    /// Any number of CRs before an LF are one line end with it: CRLF, a lone LF, and CR CR LF, as it comes from files
    /// that went through a text mode twice. Every other CR is a line end of its own. All leave as CRLF.
    #[default]
    Normalise,
    /// A CR that no LF follows, or an LF that no CR precedes, is an error.
    Reject,
}

/// Why content cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentErrorKind {
    /// A NUL, which only BINARYMIME may carry (RFC 3030).
    Nul,
    /// A CR that no LF follows, with [`Newlines::Reject`].
    BareCr,
    /// An LF that follows no CR, with [`Newlines::Reject`].
    BareLf,
    /// An octet of 0x80 or more, without 8BITMIME (RFC 6152).
    EightBit,
    /// Content handed in after [`Stuffer::finish`]: the caller's mistake.
    AfterEnd,
}

/// An octet that cannot be sent, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentError {
    /// What is wrong with the octet.
    pub kind: ContentErrorKind,
    /// Octets of the message before it, over all chunks.
    pub offset: u64,
}

/// What one call of [`Stuffer::stuff`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Progress {
    /// Octets of the input that need not be handed in again.
    pub consumed: usize,
    /// Octets of the output that were written.
    pub produced: usize,
}

/// What one call of [`Stuffer::finish`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Finish {
    /// Octets of the output that were written.
    pub produced: usize,
    /// Whether the end of the content is written in full; otherwise call again.
    pub done: bool,
}

/// Makes a message fit for DATA: dots doubled, newlines made CRLF, the end marked.
///
/// Holds no content but what it has to insert and the number of CRs of which it is not known whether an LF follows. Any
/// cut of the input into chunks, and any size of output, give the same octets: at most `2 * message + 5`. CRLF `.` CRLF
/// (`.` CRLF for an empty message) is in them once, at the end.
///
/// An error is returned once the octets before the offence are written, and again at each call after: the
/// message cannot be finished, and the connection must be closed without the final dot.
///
/// ```
/// use smtp_proto::stuffing::{Newlines, Stuffer};
///
/// let mut wire = [0; 64];
/// let mut stuffer = Stuffer::new(Newlines::Normalise, false);
/// let body = stuffer.stuff(b"Hi\r\n.hidden\nBye", &mut wire)?;
/// assert_eq!(body.consumed, 15);
/// let end = stuffer.finish(&mut wire[body.produced..])?;
/// assert!(end.done);
/// assert_eq!(&wire[..body.produced + end.produced], b"Hi\r\n..hidden\r\nBye\r\n.\r\n");
/// # Ok::<(), smtp_proto::stuffing::ContentError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stuffer {
    newlines: Newlines,
    /// Dots are doubled and the end is marked: DATA, not BDAT.
    dots: bool,
    octets: Octets,
    at: At,
    owed: &'static [u8],
    /// CRs consumed and not yet written: held while an LF may follow them, owed behind `owed` as a CRLF each when not.
    crs: u64,
    offset: u64,
    /// Octets written, doubled dots not counted twice.
    written: u64,
    failed: Option<ContentError>,
}

/// Where in the message the next octet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Middle,
    /// After one CR or more, consumed and not yet written.
    AfterCr,
    End,
}

/// What becomes of one octet.
pub(super) enum Step {
    /// It goes out as it is.
    Copy,
    /// It is consumed; what is owed, if anything, replaces it.
    Absorb,
    /// It stays; what is owed goes before it.
    Wait,
}

impl Stuffer {
    /// A stuffer at the start of a message. Octets of 0x80 and more pass if `eight_bit_allowed`: with
    /// 8BITMIME or SMTPUTF8.
    #[must_use]
    pub const fn new(newlines: Newlines, eight_bit_allowed: bool) -> Self {
        let octets = if eight_bit_allowed { Octets::EIGHT_BIT } else { Octets::SEVEN_BIT };
        let at = At::LineStart;
        Self {
            newlines,
            dots: true,
            octets,
            at,
            owed: &[],
            crs: 0,
            offset: 0,
            written: 0,
            failed: None,
        }
    }

    /// A stuffer for BDAT (RFC 3030), where nothing is stuffed: it only makes newlines CRLF, ends the
    /// last line, and checks octets as [`new`](Self::new) says.
    #[must_use]
    pub const fn for_chunks(newlines: Newlines, eight_bit_allowed: bool) -> Self {
        Self { dots: false, ..Self::new(newlines, eight_bit_allowed) }
    }

    /// Writes the next octets of the message into `output`.
    ///
    /// Consumes at least an octet or produces one, if neither `input` nor `output` is empty. CRs at the end of
    /// `input` are consumed and written later.
    ///
    /// # Errors
    ///
    /// The first octet that cannot be sent. What precedes it was reported as progress of an earlier call.
    pub fn stuff(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, ContentError> {
        let progress = self.stuff_some(input, output)?;
        self.written = self.written.wrapping_add(progress.produced as u64);
        Ok(progress)
    }

    /// The size of the message as RFC 1870 5 counts it, if it ended here: as [`Survey::size`](super::Survey::size).
    pub(crate) fn size(&self) -> u64 {
        let end_of_line = match self.at {
            At::Middle => 2,
            At::LineStart | At::AfterCr | At::End => 0,
        };
        let pending = self.owed.len() as u64 + 2 * self.crs + end_of_line;
        self.written.wrapping_add(pending)
    }

    fn stuff_some(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, ContentError> {
        self.check_open(input)?;
        let mut done = Progress { consumed: 0, produced: self.pay(output) };
        let mut burst = LEAST_BURST;
        while done.consumed < input.len() && done.produced < output.len() {
            let (from, to) = (&input[done.consumed..], &mut output[done.produced..]);
            let window = from.len().min(to.len()).min(WINDOW);
            let clean = self.clean_prefix(from, window);
            to[..clean].copy_from_slice(&from[..clean]);
            self.passed(&from[..clean]);
            done = done.and(clean, clean);
            if clean < window {
                burst = if clean < burst { (2 * burst).min(MOST_BURST) } else { LEAST_BURST };
                let repaired = self.repair(&from[clean..], &mut to[clean..], burst);
                done = done.and(repaired.consumed, repaired.produced);
            }
            if let Some(error) = self.failed {
                return if done == Progress::default() { Err(error) } else { Ok(done) };
            }
        }
        Ok(done)
    }

    /// Writes the end of the message: CRLF if the last line has none, then `.` CRLF (RFC 5321 4.1.1.4). At most 7
    /// octets, and two for each CR that the message ends with; over as many calls as `output` needs.
    ///
    /// # Errors
    ///
    /// That of [`Stuffer::stuff`], if the content had one, or if it ends in a bare CR that is not to be
    /// normalised. Nothing is written then.
    pub fn finish(&mut self, output: &mut [u8]) -> Result<Finish, ContentError> {
        self.check_open(&[])?;
        let mut produced = self.finish_lines(output);
        if !self.owes() && self.at != At::End {
            self.owed = self.ending()?;
            self.at = At::End;
            produced += self.pay(&mut output[produced..]);
        }
        Ok(Finish { produced, done: !self.owes() })
    }

    /// Writes what is left of the lines when nothing more follows: behind it [`Stuffer::finish`] writes 5 octets at most.
    /// Fills `output`, or has written all.
    pub(crate) fn finish_lines(&mut self, output: &mut [u8]) -> usize {
        if self.at == At::AfterCr && self.newlines == Newlines::Normalise {
            self.at = At::LineStart;
        }
        self.pay(output)
    }

    /// What has to go out before the next octet, or a part of it.
    pub(super) fn take_owed(&mut self) -> &'static [u8] {
        self.fetch_crlfs();
        core::mem::take(&mut self.owed)
    }

    /// The longest prefix that goes out as it is, now counted as passed.
    pub(super) fn take_clean<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        if matches!(self.at, At::AfterCr | At::End) {
            return &[];
        }
        let end = scan::exact_prefix(input, self.at == At::LineStart, self.octets);
        self.passed(&input[..end]);
        &input[..end]
    }

    /// Decides about one octet.
    pub(super) fn step(&mut self, octet: u8) -> Result<Step, ContentError> {
        scan::looked_at(&[octet]);
        let step = match (self.at, octet) {
            (At::AfterCr, LF) => {
                self.crs = 0;
                self.owe(b"\r\n", At::LineStart, Step::Absorb)
            }
            (At::AfterCr, CR) if self.newlines == Newlines::Normalise => self.hold_cr(),
            (At::AfterCr, _) => {
                self.bare(ContentErrorKind::BareCr, self.offset - 1)?;
                self.owe(b"", At::LineStart, Step::Wait)
            }
            // Owed together: content may be ended behind any octet that was taken.
            (At::LineStart, DOT) if self.dots => {
                self.written = self.written.wrapping_sub(1);
                self.owe(b"..", At::Middle, Step::Absorb)
            }
            (_, CR) => self.hold_cr(),
            (_, LF) => {
                self.bare(ContentErrorKind::BareLf, self.offset)?;
                self.owe(b"\r\n", At::LineStart, Step::Absorb)
            }
            (_, 0) => return Err(self.fail(ContentErrorKind::Nul, self.offset)),
            _ if !self.octets.admit(octet) => {
                return Err(self.fail(ContentErrorKind::EightBit, self.offset));
            }
            _ => self.owe(b"", At::Middle, Step::Copy),
        };
        self.offset += u64::from(!matches!(step, Step::Wait));
        Ok(step)
    }

    /// Refuses to go on after an error, and with content after the end.
    pub(super) fn check_open(&mut self, input: &[u8]) -> Result<(), ContentError> {
        if self.at == At::End && !input.is_empty() && self.failed.is_none() {
            self.fail(ContentErrorKind::AfterEnd, self.offset);
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Takes one more CR, which an LF may follow.
    const fn hold_cr(&mut self) -> Step {
        self.crs += 1;
        self.owe(b"", At::AfterCr, Step::Absorb)
    }

    /// Returns whether something has to go out before the next octet.
    pub(crate) const fn owes(&self) -> bool {
        !self.owed.is_empty() || (self.crs > 0 && !matches!(self.at, At::AfterCr))
    }

    /// Turns CRs that no LF has followed into what they are written as, some at a time.
    fn fetch_crlfs(&mut self) {
        if self.owed.is_empty() && self.owes() {
            let most = CRLFS.len() / 2;
            let count = usize::try_from(self.crs).map_or(most, |crs| crs.min(most));
            self.crs -= count as u64;
            self.owed = &CRLFS[..2 * count];
        }
    }

    /// Writes what is owed, as far as there is room.
    fn pay(&mut self, output: &mut [u8]) -> usize {
        let mut paid = 0;
        while self.owes() && paid < output.len() {
            self.fetch_crlfs();
            let free = &mut output[paid..];
            let (now, later) = self.owed.split_at(self.owed.len().min(free.len()));
            free[..now.len()].copy_from_slice(now);
            self.owed = later;
            paid += now.len();
        }
        paid
    }

    fn clean_prefix(&self, input: &[u8], limit: usize) -> usize {
        if self.at == At::AfterCr || self.owes() {
            return 0;
        }
        scan::clean_prefix(input, limit, self.at == At::LineStart, self.octets)
    }

    /// Notes that clean octets went out.
    fn passed(&mut self, clean: &[u8]) {
        self.offset += clean.len() as u64;
        match clean.last() {
            None => {}
            Some(&LF) => self.at = At::LineStart,
            Some(_) => self.at = At::Middle,
        }
    }

    /// Deals with up to `burst` octets that may need care.
    fn repair(&mut self, input: &[u8], output: &mut [u8], burst: usize) -> Progress {
        let mut block = &input[..input.len().min(burst).min(output.len().saturating_sub(2) / 2)];
        scan::looked_at(block);
        while let [rest @ .., CR] = block {
            // Only the octet after it tells what becomes of it.
            block = rest;
        }
        let Some(rewrite) = self.rewriter(block) else {
            return self.walk(&input[..input.len().min(burst)], output);
        };
        let before = if self.at == At::LineStart { LF } else { b' ' };
        let (produced, doubled) = rewrite(before, block, output);
        self.written = self.written.wrapping_sub(doubled as u64);
        self.passed(block);
        Progress { consumed: block.len(), produced }
    }

    /// The cheapest loop that sends a block right; none if it may hold an error.
    fn rewriter(&self, block: &[u8]) -> Option<Rewriter> {
        if block.is_empty() || self.at == At::AfterCr || !self.octets.admit_all(block) {
            return None;
        }
        match self.newlines {
            _ if scan::newlines_paired(block) => Some(if self.dots { double_dots } else { copy }),
            Newlines::Normalise => Some(if self.dots { rewrite::<true> } else { rewrite::<false> }),
            Newlines::Reject => None,
        }
    }

    /// One octet after the other, each with a look at the room and the rules.
    fn walk(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut done = Progress::default();
        while let Some(&octet) = input.get(done.consumed) {
            if done.produced == output.len() {
                break;
            }
            match self.step(octet) {
                Ok(Step::Copy) => {
                    output[done.produced] = octet;
                    done = done.and(1, 1);
                }
                Ok(Step::Absorb) => done.consumed += 1,
                Ok(Step::Wait) => {}
                Err(_) => break,
            }
            done.produced += self.pay(&mut output[done.produced..]);
        }
        done
    }

    /// The octets that end the message here.
    fn ending(&mut self) -> Result<&'static [u8], ContentError> {
        if self.at == At::AfterCr {
            self.bare(ContentErrorKind::BareCr, self.offset - 1)?;
        }
        Ok(match (self.at, self.dots) {
            (At::LineStart, true) => b".\r\n",
            (At::LineStart, false) => b"",
            (_, true) => b"\r\n.\r\n",
            (_, false) => b"\r\n",
        })
    }

    const fn owe(&mut self, owed: &'static [u8], at: At, step: Step) -> Step {
        self.owed = owed;
        self.at = at;
        step
    }

    fn bare(&mut self, kind: ContentErrorKind, offset: u64) -> Result<(), ContentError> {
        match self.newlines {
            Newlines::Normalise => Ok(()),
            Newlines::Reject => Err(self.fail(kind, offset)),
        }
    }

    const fn fail(&mut self, kind: ContentErrorKind, offset: u64) -> ContentError {
        let error = ContentError { kind, offset };
        self.failed = Some(error);
        error
    }
}

impl Progress {
    const fn and(self, consumed: usize, produced: usize) -> Self {
        Self { consumed: self.consumed + consumed, produced: self.produced + produced }
    }
}

impl fmt::Display for ContentErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nul => "NUL in content",
            Self::BareCr => "CR without LF in content",
            Self::BareLf => "LF without CR in content",
            Self::EightBit => "8-bit octet in content without 8BITMIME",
            Self::AfterEnd => "content after its end",
        })
    }
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.kind, self.offset)
    }
}

impl core::error::Error for ContentError {}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use super::*;
    use crate::stuffing::Survey;

    /// Every text of these octets up to this length, and longer ones of them.
    #[test]
    fn the_size_is_that_of_the_survey_however_the_content_is_cut() {
        let mut texts = alloc::vec![alloc::vec::Vec::new()];
        for _ in 0..6 {
            let longer: alloc::vec::Vec<_> = texts
                .iter()
                .flat_map(|text: &alloc::vec::Vec<u8>| {
                    b"\r\n.a".map(|octet| [&text[..], &[octet]].concat())
                })
                .collect();
            texts.extend(longer);
            texts.sort();
            texts.dedup();
        }
        let long: alloc::vec::Vec<_> =
            texts.iter().step_by(97).map(|text| text.repeat(60)).collect();
        for text in texts.iter().chain(&long) {
            for (dots, cut, room) in
                [(true, 1, 3), (true, 7, 64), (true, 4096, 4096), (false, 3, 5)]
            {
                let mut stuffer = Stuffer { dots, ..Stuffer::new(Newlines::Normalise, true) };
                let mut rest = &text[..];
                while !rest.is_empty() {
                    let piece = &rest[..rest.len().min(cut)];
                    let done = stuffer.stuff(piece, &mut alloc::vec![0; room]).unwrap();
                    rest = &rest[done.consumed..];
                }
                let size = Survey::of(text).size;
                assert_eq!(stuffer.size(), size, "{} {dots} {cut} {room}", text.escape_ascii());
            }
        }
    }
}
