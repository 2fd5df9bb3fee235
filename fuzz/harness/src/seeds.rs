//! Seeds made of the corpora in `smtp-proto/tests`: what servers say, as the inputs of targets have it.

use std::{fs, io, path::Path};

use arbitrary::{Arbitrary, Unstructured};

use crate::{command, hello, server, stuffing};

/// An input to start from.
#[derive(Clone, Debug)]
pub struct Seed {
    /// For whom.
    pub target: &'static str,
    /// After the file it was made of.
    pub name: String,
    /// What libFuzzer reads.
    pub octets: Vec<u8>,
}

/// The seeds of all files in `tests`, the folder `smtp-proto/tests`.
///
/// # Errors
/// Those of reading.
pub fn all(tests: &Path) -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for folder in ["corpus/replies", "corpus/hostile", "dialogues"] {
        for entry in fs::read_dir(tests.join(folder))? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            add(&mut seeds, &name, &fs::read(path)?);
        }
    }
    Ok(seeds)
}

/// The longest that is worth starting from: what is short is tried often.
const MOST: usize = 1000;

fn add(seeds: &mut Vec<Seed>, name: &str, text: &[u8]) {
    let text = &text[..text.len().min(MOST)];
    let mut push = |target, octets: Option<Vec<u8>>| {
        let name = name.to_owned();
        seeds.extend(octets.map(|octets| Seed { target, name, octets }));
    };
    push("reply", Some([&[7, 0], text].concat()));
    push("hello", around(text, |octets| Some(read::<hello::Case<'_>>(octets)?.lines == text)));
    let first = text.split(|&octet| octet == b'\n').next().unwrap_or_default().trim_ascii_end();
    push(
        "command",
        around(first, |octets| {
            Some(matches!(read(octets)?, command::Case::Line(line) if line == first))
        }),
    );
    push(
        "stuffing",
        around(text, |octets| {
            Some(matches!(read(octets)?, stuffing::Case::Receive(_, wire) if wire == text))
        }),
    );
    let said = commands(text);
    if !said.is_empty() {
        push(
            "server",
            around(&said, |octets| Some(read::<server::Case<'_>>(octets)?.octets == said)),
        );
    }
}

/// What the client says in a dialogue of `C: ` and `S: ` lines.
fn commands(dialogue: &[u8]) -> Vec<u8> {
    let lines = dialogue.split(|&octet| octet == b'\n');
    let said = lines.filter_map(|line| line.strip_prefix(b"C: "));
    said.flat_map(|line| [line.trim_ascii_end(), b"\r\n"].concat()).collect()
}

fn read<'a, T: Arbitrary<'a>>(octets: &'a [u8]) -> Option<T> {
    T::arbitrary_take_rest(Unstructured::new(octets)).ok()
}

/// The text with octets before and behind it, so that it is the last part of a case: how many is tried out.
fn around(text: &[u8], is_right: impl Fn(&[u8]) -> Option<bool>) -> Option<Vec<u8>> {
    for before in 0..100 {
        for behind in 0..8 {
            for filling in [0, 0x80, 0xff] {
                let octets = [&vec![filling; before][..], text, &vec![0; behind]].concat();
                if is_right(&octets) == Some(true) {
                    return Some(octets);
                }
            }
        }
    }
    None
}
