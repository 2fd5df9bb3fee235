//! Random input: properties, the simulator, cuts, calls in any order.

mod any_calls;
mod cuts;
mod properties;
mod random_pieces;
mod recipient_model;
mod simulator;
