//! One run of one contender: a sink, a client, and what both say of it.

use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::{
    Failure,
    client::Report,
    contender::Contender,
    delay,
    job::{Job, Totals},
    row::{ROUND_TRIP, Row, Speed},
    usage::pin,
};

/// Runs the client; `prefix` is a program that runs it, with arguments, or nothing.
pub(crate) fn run(
    row: &Row,
    contender: &Contender,
    job: &Job,
    prefix: &[&str],
) -> Result<Report, Failure> {
    let [client_cpu, sink_cpu] = row.cpus();
    let sink = Sink::start(sink_cpu)?;
    let address = match row.speed {
        Speed::RoundTrips => delay::before(sink.address, ROUND_TRIP / 2)?,
        _ => sink.address,
    };
    let report = run_client(contender, address, job, prefix, client_cpu);
    let totals = sink.stop()?;
    let report = report?;
    check(contender, job, totals)?;
    Ok(report)
}

fn run_client(
    contender: &Contender,
    address: SocketAddr,
    job: &Job,
    prefix: &[&str],
    cpu: Option<usize>,
) -> Result<Report, Failure> {
    let program = std::env::current_exe()?;
    let mut command = match prefix {
        [] => Command::new(program),
        [first, arguments @ ..] => {
            let mut command = Command::new(first);
            command.args(arguments).arg(program);
            command
        }
    };
    command.args(["client", contender.name, &address.to_string()]).args(job.arguments());
    pin(cpu)?;
    let output = command.output();
    pin(None)?;
    let output = output?;
    if output.status.success() {
        return Report::parse(&String::from_utf8(output.stdout)?);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().next().unwrap_or("it failed and did not say why").into())
}

/// Exactly what was asked for, or the run does not count.
fn check(contender: &Contender, job: &Job, got: Totals) -> Result<(), Failure> {
    let mut expected = job.totals();
    if contender.warms_up {
        expected += Job { connections: job.connections, ..Job::WARM_UP }.totals();
    }
    let surplus = got.octets.checked_sub(expected.octets);
    let is_whole =
        surplus.is_some_and(|more| contender.adds.contains(&(more / got.messages.max(1))));
    if got == (Totals { octets: got.octets, ..expected }) && is_whole {
        return Ok(());
    }
    Err(format!("the sink expected {expected:?}, and got {got:?}").into())
}

/// The process of a sink.
struct Sink {
    child: Child,
    /// It serves until this is closed.
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Sink {
    fn start(cpu: Option<usize>) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sink").stdin(Stdio::piped()).stdout(Stdio::piped());
        pin(cpu)?;
        let child = command.spawn();
        pin(None)?;
        let mut child = child?;
        let input = child.stdin.take().ok_or("no input")?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let address = next(&mut output)?.parse()?;
        Ok(Self { child, input, output, address })
    }

    fn stop(mut self) -> Result<Totals, Failure> {
        drop(self.input);
        let totals = Totals::parse(&next(&mut self.output)?)?;
        self.child.wait()?;
        Ok(totals)
    }
}

fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, Failure> {
    Ok(lines.next().ok_or("the sink said nothing")??)
}
