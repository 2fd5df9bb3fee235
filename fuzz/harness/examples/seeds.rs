//! `seeds FOLDER`: writes the seeds made of the corpora to `FOLDER/TARGET/NAME`, for `.ci/fuzz`.

use std::{env, fs, io, path::Path};

use smtp_fuzz_harness::seeds;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("seeds FOLDER"))?;
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../smtp-proto/tests");
    for seed in seeds::all(&tests)? {
        let folder = Path::new(&folder).join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.octets)?;
    }
    Ok(())
}
