//! Stuffing and unstuffing beside memcpy, memchr and a byte loop.

use criterion::{Criterion, Throughput};
use smtp_benches::{Contender, stuffing};

fn contiguous(c: &mut Criterion) {
    for message in stuffing::messages() {
        let octets = &message.octets[..];
        group(
            c,
            &format!("stuff/{}", message.name),
            octets,
            stuffing::copying(octets, octets.len()),
        );
        group(c, &format!("slices/{}", message.name), octets, stuffing::slicing(octets));
        group(c, &format!("unstuff/{}", message.name), octets, stuffing::receiving(octets));
    }
}

fn streamed(c: &mut Criterion) {
    let octets = stuffing::base64(64 << 20);
    group(c, "stream/base64 in chunks of 64 KiB", &octets, stuffing::copying(&octets, 64 << 10));
}

/// The contenders checked their results when they were made.
fn group(c: &mut Criterion, name: &str, input: &[u8], contenders: Vec<Contender<'_>>) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(input.len() as u64)).sample_size(10);
    for mut contender in contenders {
        group.bench_function(contender.name(), |b| b.iter(|| contender.run()));
    }
    group.finish();
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    contiguous(&mut c);
    streamed(&mut c);
    c.final_summary();
}
