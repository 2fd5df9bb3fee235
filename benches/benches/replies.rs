//! Reply parsing beside memcpy and a scan for line ends.

use criterion::{Criterion, Throughput};
use smtp_benches::replies;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    for stream in replies::streams() {
        let mut group = c.benchmark_group(format!("replies/{}", stream.name));
        group.throughput(Throughput::Bytes(stream.octets.len() as u64)).sample_size(10);
        for mut contender in replies::parsing(&stream) {
            group.bench_function(contender.name(), |b| b.iter(|| contender.run()));
        }
        group.finish();
    }
    c.final_summary();
}
