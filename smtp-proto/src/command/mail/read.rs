//! `MAIL` from parameters that are text: those of a received command.

use crate::parameter::{
    Body, DeliverBy, EnvelopeId, Hold, Parameter, ParameterError, Priority, Ret, Submitter, set,
};

use super::Mail;

impl<'a> Mail<'a> {
    /// Adds `parameter` if it has a method here. Returns `None` if it has none.
    ///
    /// # Errors
    /// [`ParameterError`] if the parameter is already set, or its value is not allowed.
    ///
    /// ```
    /// use smtp_proto::{address::ReversePath, command::Mail, parameter::{Parameter, Ret}};
    ///
    /// let mail = Mail::new(ReversePath::Null);
    /// let with_ret = mail.with_parameter(Parameter::parse("ret=hdrs")?)?;
    /// assert_eq!(with_ret, Some(mail.with_ret(Ret::Headers)));
    /// assert_eq!(mail.with_parameter(Parameter::parse("X-OWN")?)?, None);
    /// # Ok::<(), smtp_proto::parameter::ParameterError>(())
    /// ```
    pub fn with_parameter(
        mut self,
        parameter: Parameter<'a>,
    ) -> Result<Option<Self>, ParameterError> {
        let value = parameter.value();
        if parameter.is("SIZE") {
            set(&mut self.size, value.and_then(octets))?;
        } else if parameter.is("BODY") {
            set(&mut self.body, value.and_then(Body::from_value))?;
        } else if parameter.is("SMTPUTF8") {
            check_bare(parameter)?;
            self.smtp_utf8 = true;
        } else if parameter.is("REQUIRETLS") {
            check_bare(parameter)?;
            self.require_tls = true;
        } else if parameter.is("RET") {
            set(&mut self.ret, value.and_then(Ret::from_value))?;
        } else if parameter.is("ENVID") {
            set(&mut self.envid, value.map(EnvelopeId::from_value).transpose()?)?;
        } else if parameter.is("AUTH") {
            set(&mut self.auth, value.map(Submitter::from_value).transpose()?)?;
        } else if parameter.is("BY") {
            set(&mut self.deliver_by, value.and_then(DeliverBy::from_value))?;
        } else if parameter.is("MT-PRIORITY") {
            set(&mut self.priority, value.and_then(Priority::from_value))?;
        } else if parameter.is("HOLDFOR") || parameter.is("HOLDUNTIL") {
            let hold = |value| Hold::from_parameter(parameter.keyword(), value);
            set(&mut self.hold, value.and_then(hold))?;
        } else {
            return Ok(None);
        }
        Ok(Some(self))
    }
}

/// Parses `size-value = 1*20DIGIT`. `u64::from_str` alone would accept a sign.
fn octets(value: &str) -> Option<u64> {
    value.bytes().all(|octet| octet.is_ascii_digit()).then(|| value.parse().ok())?
}

/// Refuses a value for a parameter that has none.
fn check_bare(parameter: Parameter<'_>) -> Result<(), ParameterError> {
    parameter.value().map_or(Ok(()), |_| Err(ParameterError::Meaning))
}
