//! Stuffing by copying.

use core::fmt;

use super::{
    rewrite::{Rewriter, copy, double_dots, rewrite},
    scan::{self, CR, DOT, LF, Octets},
};

/// The number of octets that are scanned before they are copied: few enough to stay in a near cache.
const WINDOW: usize = 64 * 1024;
/// CRLFs, to write several as one slice.
const CRLFS: &[u8] = b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
/// The number of octets that are first rewritten one by one before the fast path is tried again.
const LEAST_BURST: usize = 32;
/// The limit to which this number doubles, so that content that is seldom clean is not scanned in vain.
const MOST_BURST: usize = 4096;

/// The rule for line ends other than CRLF in a message that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Newlines {
    /// Converts all line ends to CRLF. An LF is one line end together with all CRs before it: CRLF, a lone LF, and CR
    /// CR LF, as in files that passed through text mode twice. Every other CR is a line end.
    #[default]
    Normalise,
    /// Refuses a CR without an LF after it, and an LF without a CR before it.
    Reject,
}

/// The reason why an octet of the content cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentErrorKind {
    /// A NUL, which only `BINARYMIME` allows (RFC 3030).
    Nul,
    /// A CR without an LF after it, with [`Newlines::Reject`].
    BareCr,
    /// An LF without a CR before it, with [`Newlines::Reject`].
    BareLf,
    /// An octet of 0x80 or more, without the extension `8BITMIME` (RFC 6152).
    EightBit,
    /// Content that was passed after [`Stuffer::finish`], which is an error of the caller.
    AfterEnd,
}

/// An octet of the content that cannot be sent, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentError {
    /// The reason.
    pub kind: ContentErrorKind,
    /// The number of octets of the message before it, over all calls.
    pub offset: u64,
}

/// The result of one call of [`Stuffer::stuff`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Progress {
    /// The number of input octets that were consumed. Do not pass them again.
    pub consumed: usize,
    /// The number of octets written to the output.
    pub produced: usize,
}

/// The result of one call of [`Stuffer::finish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Finish {
    /// The number of octets written to the output.
    pub produced: usize,
    /// The end of the content is written completely. Otherwise call again.
    pub done: bool,
}

/// Encodes the content of a message for `DATA`: doubles dots, converts line ends to CRLF, and marks the end.
///
/// A client session has one inside; use it to send content by hand. [`pieces`](Self::pieces) does the same without
/// copying, and [`Unstuffer`](super::Unstuffer) is the inverse.
///
/// It buffers no content: it keeps only the octets that it has to insert, and the number of CRs that an LF may
/// follow. The output is the same however the input is cut, and whatever the size of the output, and is at most `2 *
/// message + 5` octets long. CRLF `.` CRLF (`.` CRLF for an empty message) is in it once, at the end.
///
/// If an octet cannot be sent, the octets before it are written first, then each call returns the error. The message
/// cannot be finished: close the connection without sending the final dot.
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
    /// Double dots, and mark the end: for `DATA`, not for `BDAT`.
    dots: bool,
    octets: Octets,
    at: At,
    owed: &'static [u8],
    /// The number of CRs consumed and not written yet. While an LF may follow them they are held; otherwise each is
    /// owed as a CRLF, after `owed`.
    crs: u64,
    offset: u64,
    /// The number of octets written, without added dots.
    written: u64,
    failed: Option<ContentError>,
}

/// The position of the next octet in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Middle,
    /// After one or more CRs that are consumed and not written yet.
    AfterCr,
    End,
}

/// The handling of one octet.
pub(super) enum Step {
    /// Write it as it is.
    Copy,
    /// Consume it. Owed octets, if there are any, replace it.
    Absorb,
    /// Write the owed octets first, and do not consume it yet.
    Wait,
}

impl Stuffer {
    /// Creates a stuffer at the start of a message. Octets of 0x80 and more are allowed if `eight_bit_allowed`: with
    /// `8BITMIME` or `SMTPUTF8`.
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

    /// Creates a stuffer for `BDAT` (RFC 3030), which doubles no dots and marks no end. It only converts line ends to
    /// CRLF, ends the last line, and checks octets like [`new`](Self::new).
    #[must_use]
    pub const fn for_chunks(newlines: Newlines, eight_bit_allowed: bool) -> Self {
        Self { dots: false, ..Self::new(newlines, eight_bit_allowed) }
    }

    /// Writes the next octets of the message into `output`.
    ///
    /// Consumes or produces at least one octet, if neither `input` nor `output` is empty. CRs at the end of `input`
    /// are consumed, and written by a later call.
    ///
    /// # Errors
    ///
    /// [`ContentError`] for the first octet that cannot be sent. Earlier calls have reported the octets before it as
    /// progress.
    pub fn stuff(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, ContentError> {
        let progress = self.stuff_some(input, output)?;
        self.written = self.written.wrapping_add(progress.produced as u64);
        Ok(progress)
    }

    /// The size of the message for `SIZE` (RFC 1870 5) if it ended here, like [`Survey::size`](super::Survey::size).
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

    /// Writes the end of the message: CRLF if the last line has none, then `.` CRLF (RFC 5321 4.1.1.4). Writes at
    /// most 7 octets, and two for each CR at the end of the message. Call it until [`Finish::done`].
    ///
    /// # Errors
    ///
    /// [`ContentError`] if [`stuff`](Self::stuff) returned one before, or if the message ends in a bare CR with
    /// [`Newlines::Reject`]. Nothing is written then.
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

    /// Writes the rest of the lines if nothing more follows. Afterwards [`Stuffer::finish`] writes at most 5 octets.
    /// Fills `output`, or writes everything.
    pub(crate) fn finish_lines(&mut self, output: &mut [u8]) -> usize {
        if self.at == At::AfterCr && self.newlines == Newlines::Normalise {
            self.at = At::LineStart;
        }
        self.pay(output)
    }

    /// Takes the octets, or a part of them, that have to be written before the next octet.
    pub(super) fn take_owed(&mut self) -> &'static [u8] {
        self.fetch_crlfs();
        core::mem::take(&mut self.owed)
    }

    /// Takes the longest prefix that can be written as it is, and counts it as written.
    pub(super) fn take_clean<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        if matches!(self.at, At::AfterCr | At::End) {
            return &[];
        }
        let end = scan::exact_prefix(input, self.at == At::LineStart, self.octets);
        self.passed(&input[..end]);
        &input[..end]
    }

    /// Decides how to handle one octet.
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
            // Both dots are owed together, because the content may be ended after any octet that was consumed.
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

    /// Returns the error of an earlier call, or an error for content after the end.
    pub(super) fn check_open(&mut self, input: &[u8]) -> Result<(), ContentError> {
        if self.at == At::End && !input.is_empty() && self.failed.is_none() {
            self.fail(ContentErrorKind::AfterEnd, self.offset);
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Consumes a CR that an LF may follow.
    const fn hold_cr(&mut self) -> Step {
        self.crs += 1;
        self.owe(b"", At::AfterCr, Step::Absorb)
    }

    /// Returns whether octets have to be written before the next octet.
    pub(crate) const fn owes(&self) -> bool {
        !self.owed.is_empty() || (self.crs > 0 && !matches!(self.at, At::AfterCr))
    }

    /// Converts CRs without an LF to CRLFs, a few at a time.
    fn fetch_crlfs(&mut self) {
        if self.owed.is_empty() && self.owes() {
            let most = CRLFS.len() / 2;
            let count = usize::try_from(self.crs).map_or(most, |crs| crs.min(most));
            self.crs -= count as u64;
            self.owed = &CRLFS[..2 * count];
        }
    }

    /// Writes owed octets as far as there is room.
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

    /// Records that clean octets were written.
    fn passed(&mut self, clean: &[u8]) {
        self.offset += clean.len() as u64;
        match clean.last() {
            None => {}
            Some(&LF) => self.at = At::LineStart,
            Some(_) => self.at = At::Middle,
        }
    }

    /// Handles up to `burst` octets that may need care.
    fn repair(&mut self, input: &[u8], output: &mut [u8], burst: usize) -> Progress {
        let mut block = &input[..input.len().min(burst).min(output.len().saturating_sub(2) / 2)];
        scan::looked_at(block);
        while let [rest @ .., CR] = block {
            // The octet after a CR decides how to handle it.
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

    /// Returns the cheapest loop that copies a block correctly, or `None` if the block may hold an error.
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

    /// Handles one octet after the other, and checks room and rules for each.
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

    use crate::stuffing::Survey;

    use super::{Newlines, Stuffer};

    /// Tries every text of up to six of the octets CR, LF, `.` and `a`, and long repetitions of some of them.
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
