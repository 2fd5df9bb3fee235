"""aiosmtpd_server.py DIR PORTBASE: run by aiosmtpd.sh.

Every message is DIR/mail/NNNNNN.eml, octet for octet as the client meant it (dots undone), and beside it
NNNNNN.json, the envelope, which appears last: when it is there, both are complete.
"""

import asyncio
import itertools
import json
import logging
import os
import signal
import ssl
import sys

import aiosmtpd
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult

DIR, BASE = os.path.abspath(sys.argv[1]), int(sys.argv[2])
MAIL = os.path.join(DIR, "mail")
USERS = {"alice", "bob", "carol", "full", "δοκιμή"} | {f"u{n}" for n in range(200)}
REFUSED = {
    "perm": "550 5.7.1 Refused for good",
    "temp": "450 4.2.1 Refused for now",
    "go421": "421 4.3.2 Closing",
}
os.makedirs(MAIL, exist_ok=True)
# Behind what it has stored before it was started again.
NUMBERS = itertools.count(1 + max((int(name[:6]) for name in os.listdir(MAIL)), default=0))


class Store:
    def __init__(self, port):
        self.port = port

    async def handle_RCPT(self, server, session, envelope, address, options):
        local, _, domain = address.rpartition("@")
        if domain.lower() != "lab.test":
            return "550 5.7.1 No relaying"
        if local in REFUSED:
            return REFUSED[local]
        if local not in USERS:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(options)
        return "250 2.1.5 Recipient taken"

    async def handle_DATA(self, server, session, envelope):
        if not envelope.mail_from or not envelope.mail_from.startswith("reject@"):
            self.save(session, envelope)
            # As with servers that have more to do: an end may fall between the storing and the reply.
            await asyncio.sleep(0.01)
            reply = "250 2.0.0 Stored"
        else:
            reply = "554 5.7.1 Content refused"
        if self.port != "lmtp":
            return reply
        # aiosmtpd writes this once; LMTP wants a reply for each recipient.
        full = "452 4.2.2 Mailbox full"
        return "\r\n".join(full if to.startswith("full@") else reply for to in envelope.rcpt_tos)

    def save(self, session, envelope):
        login = getattr(session.auth_data, "login", None) if session.authenticated else None
        record = {
            "port": self.port,
            "helo": session.host_name,
            "tls": session.ssl is not None or self.port == "smtps",
            "login": login.decode() if login else None,
            "mail_from": envelope.mail_from,
            "mail_options": envelope.mail_options,
            "rcpt_tos": envelope.rcpt_tos,
            "rcpt_options": envelope.rcpt_options,
            "smtputf8": envelope.smtp_utf8,
        }
        name = os.path.join(MAIL, f"{next(NUMBERS):06}")
        with open(name + ".eml", "xb") as file:
            file.write(envelope.original_content)
        with open(name + ".tmp", "x", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False)
        os.rename(name + ".tmp", name + ".json")


def authenticate(server, session, envelope, mechanism, data):
    good = getattr(data, "login", None) == b"alice" and data.password == b"s3cret"
    if good:
        session.auth_data = data
    return AuthResult(success=good, handled=False, auth_data=data)


async def serve():
    loop = asyncio.get_running_loop()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{DIR}/ca/server.pem", f"{DIR}/ca/server.key")
    options = {
        "loop": loop,
        "hostname": "mx.lab.test",
        "ident": "aiosmtpd",
        "enable_SMTPUTF8": True,
        "data_size_limit": 20 * 1024 * 1024,
    }
    # aiosmtpd counts only STARTTLS as TLS: with auth_require_tls it offers no AUTH in implicit TLS.
    auth = {"authenticator": authenticate, "auth_require_tls": False}
    kinds = {
        "plain": (SMTP, None, {"tls_context": tls, **auth}),
        "smtps": (SMTP, tls, {"auth_required": True, **auth}),
        "lmtp": (LMTP, None, {}),
    }
    ports, servers = {}, []
    for offset, (port, (protocol, context, more)) in enumerate(kinds.items()):

        def connection(protocol=protocol, port=port, more=more):
            return protocol(Store(port), **options, **more)

        server = await loop.create_server(
            connection, "127.0.0.1", BASE + offset, ssl=context
        )
        ports[port] = server.sockets[0].getsockname()[1]
        servers.append(server)

    line = {"name": "aiosmtpd", "version": aiosmtpd.__version__, "ports": ports}
    line |= {"ca": f"{DIR}/ca/ca.pem", "mail": MAIL, "pid": os.getpid()}
    print(json.dumps(line, ensure_ascii=False), flush=True)

    # Ends at a signal or when standard input ends, that is, with the process that started this one.
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    watch = loop.run_in_executor(None, sys.stdin.buffer.read)
    watch.add_done_callback(lambda _: end.set())
    await end.wait()
    os._exit(0)


logging.basicConfig(filename=os.path.join(DIR, "aiosmtpd.log"), level=logging.INFO)
asyncio.run(serve())
