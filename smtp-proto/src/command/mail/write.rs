//! `MAIL` as octets.

use super::Mail;
use crate::parameter::{DeliverBy, encoded_len};
use crate::writer::Writer;

impl Mail<'_> {
    /// The greatest length of the command in octets.
    pub(crate) fn max_encoded_len(&self) -> usize {
        /// The length of `MAIL FROM:<>` and CRLF.
        const FIXED: usize = 14;
        let size = self.size.map_or(0, |_| " SIZE=".len() + 20);
        let body = self.body.map_or(0, |body| " BODY=".len() + body.as_str().len());
        let utf8 = if self.smtp_utf8 { " SMTPUTF8".len() } else { 0 };
        let known = size + body + utf8 + self.further_len();
        FIXED + self.from.as_str().len() + known + encoded_len(self.extra)
    }

    /// The greatest length in octets of the parameters after `SMTPUTF8`, without the caller's own.
    fn further_len(&self) -> usize {
        let values = [
            self.ret.map(|_| " RET=FULL".len()),
            self.envid.map(|envid| " ENVID=".len() + envid.0.encoded_len()),
            self.auth.map(|auth| " AUTH=".len() + auth.encoded_len()),
            self.require_tls.then_some(" REQUIRETLS".len()),
            self.deliver_by.map(|_| " BY=".len() + DeliverBy::LENGTH),
            self.priority.map(|_| " MT-PRIORITY=-9".len()),
            self.hold.map(|hold| 1 + hold.encoded_len()),
        ];
        values.into_iter().flatten().sum()
    }

    pub(in crate::command) fn write(&self, out: &mut Writer<'_>) {
        self.from.write_behind(b"MAIL FROM:<", out);
        if let Some(size) = self.size {
            out.push(b" SIZE=");
            out.push_decimal(size);
        }
        if let Some(body) = self.body {
            out.push(b" BODY=");
            out.push(body.as_str().as_bytes());
        }
        if self.smtp_utf8 {
            out.push(b" SMTPUTF8");
        }
        self.write_dsn(out);
        self.write_handling(out);
        self.extra.iter().for_each(|parameter| parameter.write(out));
    }

    fn write_dsn(&self, out: &mut Writer<'_>) {
        if let Some(ret) = self.ret {
            out.push(b" RET=");
            out.push(ret.as_str().as_bytes());
        }
        if let Some(envid) = self.envid {
            out.push(b" ENVID=");
            envid.0.write(out);
        }
    }

    fn write_handling(&self, out: &mut Writer<'_>) {
        if let Some(auth) = self.auth {
            out.push(b" AUTH=");
            auth.write(out);
        }
        if self.require_tls {
            out.push(b" REQUIRETLS");
        }
        if let Some(by) = self.deliver_by {
            out.push(b" BY=");
            by.write(out);
        }
        if let Some(priority) = self.priority {
            out.push(b" MT-PRIORITY=");
            priority.write(out);
        }
        if let Some(hold) = self.hold {
            out.push(b" ");
            hold.write(out);
        }
    }
}
