//! Every row with criterion, which draws and compares with the run before.

use criterion::{Criterion, Throughput};
use smtp_benches::{Row, rows};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for row in rows() {
        bench(&mut criterion, &row);
    }
    criterion.final_summary();
}

/// The contenders check their results when they are made.
fn bench(criterion: &mut Criterion, row: &Row) {
    let mut group = criterion.benchmark_group(&row.name);
    group.throughput(Throughput::Bytes(row.octets as u64)).sample_size(10);
    for mut contender in row.contenders() {
        group.bench_function(contender.name(), |bencher| bencher.iter(|| contender.run(1)));
    }
    group.finish();
}
