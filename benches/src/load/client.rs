//! The process of one contender: connects, warms up, does its job against the clock, and says what it took.

use core::time::Duration;
use std::{
    net::SocketAddr,
    sync::Barrier,
    thread::{self, Scope, ScopedJoinHandle},
    time::Instant,
};

use nix::sys::resource::UsageWho;
use tokio::task::{JoinSet, LocalSet};

use super::{
    Failure, contender,
    job::{Job, numbers},
    usage::{Usage, cpu},
};

/// What a job took a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) seconds: f64,
    /// CPU seconds, of user and system.
    pub(crate) cpu: f64,
    /// The most memory that the process held, in KiB.
    pub(crate) peak: f64,
}

impl Report {
    pub(crate) fn parse(line: &str) -> Result<Self, Failure> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [seconds, cpu, peak] = numbers(&fields)?;
        Ok(Self { seconds, cpu, peak })
    }
}

/// One connection, blocking.
pub(crate) trait Session: Send {
    /// Sends all messages of one connection, and fails unless each was accepted.
    fn send(&mut self, job: &Job) -> Result<(), Failure>;
}

/// One connection, over Tokio.
pub(crate) trait AsyncSession: 'static {
    /// Sends all messages of one connection, and fails unless each was accepted.
    async fn send(&mut self, job: &Job) -> Result<(), Failure>;
}

pub(crate) fn main(name: &str, address: &str, job: &[&str]) -> Result<(), Failure> {
    thread::spawn(give_up);
    let contender = contender::named(name).ok_or("no such contender")?;
    let Report { seconds, cpu, peak } = (contender.run)(address.parse()?, &Job::parse(job)?)?;
    println!("{seconds} {cpu} {peak}");
    Ok(())
}

/// A client that hangs must not hang the benchmark.
fn give_up() {
    thread::sleep(Duration::from_secs(250));
    eprintln!("not done after 250 seconds");
    std::process::exit(1);
}

/// A thread for each session.
pub(crate) fn blocking<S: Session>(
    address: SocketAddr,
    job: &Job,
    open: impl Fn(SocketAddr) -> Result<S, Failure>,
) -> Result<Report, Failure> {
    let sessions: Result<Vec<S>, _> = (0..job.connections).map(|_| open(address)).collect();
    let (warm, go) = (Barrier::new(job.connections + 1), Barrier::new(job.connections + 1));
    thread::scope(|scope| {
        let start = |session| start(scope, session, job, [&warm, &go]);
        let threads: Vec<_> = sessions?.into_iter().map(start).collect();
        warm.wait();
        let clock = Clock::start()?;
        go.wait();
        let sessions: Result<Vec<S>, Failure> =
            threads.into_iter().map(|thread| thread.join().map_err(|_| "a panic")?).collect();
        let report = clock.stop();
        // Closing is no part of the job.
        drop(sessions?);
        report
    })
}

fn start<'scope, S: Session + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    mut session: S,
    job: &'scope Job,
    [warm, go]: [&'scope Barrier; 2],
) -> ScopedJoinHandle<'scope, Result<S, Failure>> {
    scope.spawn(move || {
        let warmed_up = session.send(&Job::WARM_UP);
        warm.wait();
        go.wait();
        warmed_up?;
        session.send(job)?;
        Ok(session)
    })
}

/// A task for each session, all on one thread.
pub(crate) fn tokio<S: AsyncSession>(
    address: SocketAddr,
    job: &Job,
    open: impl AsyncFn(SocketAddr) -> Result<S, Failure>,
) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut sessions = Vec::new();
        for _ in 0..job.connections {
            sessions.push(open(address).await?);
        }
        let sessions = send_all(sessions, Job::WARM_UP).await?;
        let clock = Clock::start()?;
        let sessions = send_all(sessions, *job).await?;
        let report = clock.stop();
        drop(sessions);
        report
    })
}

async fn send_all<S: AsyncSession>(sessions: Vec<S>, job: Job) -> Result<Vec<S>, Failure> {
    let mut tasks = JoinSet::new();
    for mut session in sessions {
        tasks.spawn_local(async move { session.send(&job).await.map(|()| session) });
    }
    tasks.join_all().await.into_iter().collect()
}

struct Clock {
    start: Instant,
    cpu: f64,
}

impl Clock {
    fn start() -> Result<Self, Failure> {
        Ok(Self { cpu: cpu(UsageWho::RUSAGE_SELF)?, start: Instant::now() })
    }

    #[allow(clippy::cast_precision_loss, reason = "KiB of a process")]
    fn stop(self) -> Result<Report, Failure> {
        let seconds = self.start.elapsed().as_secs_f64();
        let Usage { cpu, peak } = Usage::of_this_process()?;
        Ok(Report { seconds, cpu: cpu - self.cpu, peak: peak as f64 })
    }
}
