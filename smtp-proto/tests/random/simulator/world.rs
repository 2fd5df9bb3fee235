//! The two ends and the network between them, run until both have gone.

use smtp_proto::{client, server};

use super::{
    dialogue::Dialogue, fault::Direction, host::Host, judge, network::Network, plan::Plan,
    random::Random, sender::Sender,
};

/// How a session went.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Octets written to the server and to the client.
    pub(crate) octets: (usize, usize),
    pub(crate) accepted: usize,
    pub(crate) unknown: usize,
}

#[derive(Debug)]
pub(crate) struct World<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) sender: Sender<'p>,
    pub(crate) host: Host<'p>,
    network: Network,
    random: Random,
}

/// Plays a session and judges it; what is wrong is an error.
pub(crate) fn play(plan: &Plan, dialogue: &mut Dialogue) -> Result<Ran, String> {
    let mut world = World {
        plan,
        sender: Sender::new(plan),
        host: Host::new(plan),
        network: Network::new(plan.capacity, plan.fault, plan.silent),
        random: Random::new(!plan.seed),
    };
    let ran = world.run(dialogue);
    dialogue.flush();
    ran?;
    judge::judge(&world)?;
    Ok(world.ran())
}

impl World<'_> {
    fn run(&mut self, dialogue: &mut Dialogue) -> Result<(), String> {
        let mut steps = 0;
        while !(self.sender.is_gone && self.host.is_gone) {
            steps += 1;
            if steps > 2_000 + 40 * self.octets() {
                return Err("no progress".into());
            }
            let moved = self.shake_hands(dialogue)? || self.step(dialogue)?;
            if !moved {
                self.give_up(dialogue)?;
            }
        }
        Ok(())
    }

    /// Either side first, as the seed says.
    fn step(&mut self, dialogue: &mut Dialogue) -> Result<bool, String> {
        let host_first = self.random.one_in(2);
        for host in [host_first, !host_first] {
            let moved = if host { self.step_host(dialogue) } else { self.step_sender(dialogue) };
            if moved? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn step_sender(&mut self, dialogue: &mut Dialogue) -> Result<bool, String> {
        let moves = !self.sender.is_gone;
        Ok(moves && self.sender.step(&mut self.network, &mut self.random, dialogue)?)
    }

    fn step_host(&mut self, dialogue: &mut Dialogue) -> Result<bool, String> {
        let moves = !self.host.is_gone;
        Ok(moves && self.host.step(&mut self.network, &mut self.random, dialogue)?)
    }

    /// Both at once, when nothing is on its way any more.
    fn shake_hands(&mut self, dialogue: &mut Dialogue) -> Result<bool, String> {
        let both = self.sender.client.wants() == client::Wants::Tls
            && self.host.server.wants() == server::Wants::Tls;
        let quiet = !self.network.has_news(Direction::ToClient)
            && !self.network.has_news(Direction::ToServer);
        if both && quiet {
            self.host.shook_hands()?;
            self.sender.shook_hands(dialogue)?;
        }
        Ok(both && quiet)
    }

    /// Both wait: somebody's time limit runs out, which only some faults may lead to.
    fn give_up(&mut self, dialogue: &mut Dialogue) -> Result<(), String> {
        if !self.plan.fault.is_some_and(|fault| fault.kind.may_stall()) {
            return Err("both wait".into());
        }
        if self.sender.is_gone {
            self.host.give_up(dialogue);
        } else {
            self.sender.give_up(dialogue);
        }
        Ok(())
    }

    fn octets(&self) -> usize {
        self.network.written(Direction::ToServer) + self.network.written(Direction::ToClient)
    }

    fn ran(&self) -> Ran {
        let written = |direction| self.network.written(direction);
        let (accepted, unknown) = judge::count(&self.sender.reports);
        let octets = (written(Direction::ToServer), written(Direction::ToClient));
        Ran { octets, accepted, unknown }
    }
}
