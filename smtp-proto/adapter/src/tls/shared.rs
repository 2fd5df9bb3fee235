//! Settings that all of a process shares.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::{TlsConfig, TlsError};

/// Settings that are made when they are first asked for, and once.
///
/// Sessions are resumed within one [`TlsConfig`] and its clones alone, so a connection that made its own would always shake
/// hands in full; and to read a platform's authorities takes milliseconds.
pub(super) struct Shared {
    made: OnceLock<TlsConfig>,
    making: Mutex<()>,
}

impl Shared {
    pub(super) const fn new() -> Self {
        Self { made: OnceLock::new(), making: Mutex::new(()) }
    }

    /// The settings, if they are made. Never waits.
    pub(super) fn get(&self) -> Option<TlsConfig> {
        self.made.get().cloned()
    }

    /// The settings; others wait while they are made. A failure is told and tried again by the next who asks.
    pub(super) fn get_or_make(
        &self,
        make: impl FnOnce() -> Result<TlsConfig, TlsError>,
    ) -> Result<TlsConfig, TlsError> {
        if let Some(made) = self.get() {
            return Ok(made);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.get() {
            return Ok(made);
        }
        let config = make()?;
        Ok(self.made.get_or_init(|| config).clone())
    }
}
