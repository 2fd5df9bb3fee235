//! CONFORMANCE.md cannot rot: every number once, every file and every test that it names there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("../../CONFORMANCE.md");

/// The parts and how many numbers each has.
const PARTS: [(char, u32); 4] = [('A', 34), ('B', 25), ('C', 89), ('D', 40)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Number, what, where, test.
fn rows() -> Vec<[&'static str; 4]> {
    let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let rows = TABLE.lines().filter(|line| line.starts_with('|')).map(cells);
    rows.filter(|cells| !matches!(cells[1], "#" | "---"))
        .map(|cells| match cells[..] {
            ["", number, what, place, test, ""] => [number, what, place, test],
            _ => panic!("not four cells: {cells:?}"),
        })
        .collect()
}

/// What stands between backticks in a cell; a cell holds nothing else but commas.
fn names(cell: &'static str) -> Vec<&'static str> {
    let parts: Vec<_> = cell.split('`').collect();
    let between: String = parts.iter().step_by(2).copied().collect();
    assert!(between.chars().all(|c| ", ".contains(c)) || cell == "—", "{cell}");
    parts.into_iter().skip(1).step_by(2).collect()
}

/// The file of this name: of the core's folder `home`, or else of the repository.
fn file(name: &str, home: &str) -> PathBuf {
    let places = [root().join("smtp-proto").join(home).join(name), root().join(name)];
    places.into_iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("no file {name}"))
}

/// Whether the text has a test of this name, or a row that begins with it.
fn has(text: &str, name: &str) -> bool {
    let is_test = text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        // `#[test]` stands among the attributes above it, with nothing but comments between.
        let above = text[..at].trim_end().trim_end_matches("async").lines().rev();
        let above = above.skip_while(|line| line.trim().is_empty());
        above
            .map(str::trim)
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .any(|line| line == "#[test]" || line.starts_with("#[tokio::test"))
    });
    let quoted = format!("\"{name}\",");
    let row = text.lines().any(|line| line.trim().trim_start_matches('(').starts_with(&quoted));
    is_test || row
}

/// The list of what is not here, by the numbers at the head of each item.
fn excused() -> Vec<&'static str> {
    let (_, list) = TABLE.split_once("## Not here, because").unwrap();
    let items = list.lines().filter_map(|line| line.strip_prefix("- "));
    items.flat_map(|item| item.split_once(':').unwrap().0.split(", ")).collect()
}

#[test]
fn every_number_stands_there_once() {
    let found: Vec<String> = rows().iter().map(|row| row[0].to_owned()).collect();
    let numbers =
        PARTS.iter().flat_map(|(part, last)| (1..=*last).map(move |n| format!("{part}{n}")));
    assert_eq!(found, numbers.collect::<Vec<_>>());
}

#[test]
fn every_row_says_what_and_has_a_test_or_a_reason() {
    let excused = excused();
    for [number, what, place, test] in rows() {
        assert!(what.len() > 5, "{number}");
        assert_eq!(test == "—", place == "—", "{number}");
        assert!(test != "—" || excused.contains(&number), "{number}: no test and no reason");
        assert!(test == "—" || !names(test).is_empty(), "{number}");
        assert!(place == "—" || !names(place).is_empty(), "{number}");
    }
    for number in excused {
        assert!(rows().iter().any(|row| row[0] == number), "{number} is no number");
    }
}

#[test]
fn every_file_and_every_test_named_is_there() {
    for [number, _, place, test] in rows() {
        for name in names(place) {
            file(name, "src");
        }
        for name in names(test) {
            let Some((path, held_by)) = name.split_once("::") else {
                file(name, "tests");
                continue;
            };
            let text = std::fs::read_to_string(file(path, "tests")).unwrap();
            assert!(has(&text, held_by), "{number}: {path} has no {held_by}");
        }
    }
}

#[test]
fn a_name_that_is_not_there_is_found_out() {
    let text = "#[test]\nfn one() {}\nfn helper() {}\n    #[test]\n    /// Doc.\n    fn two(x in y) {}\nconst R: &[R] = &[(\"row\", 1)];\n    (\"other_row\", 2),\n";
    assert!(["one", "two", "other_row"].iter().all(|name| has(text, name)));
    assert!(!["helper", "on", "three", "ow"].iter().any(|name| has(text, name)));
}
