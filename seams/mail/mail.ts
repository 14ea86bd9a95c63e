import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { createTransport } from 'nodemailer';
import { connectMs, greetingMs, sendingMax, silenceMs } from './limits.ts';
import { checkAddress, checkMessage, type Mail, MailError, type Message } from './message.ts';

export type { Mail } from './message.ts';

/** `ca`: the authority that signed the mail server's certificate, in PEM, where the system does not know it. */
export type SmtpOptions = { readonly ca?: string };

type Server = { host: string; port: number; secure: boolean; requireTls: boolean; from: string; auth?: { user: string; pass: string } };

/**
 * Mail by URL: `smtps://user:password@host:465` or `smtp://user:password@host:587`, with `?from=name@host` for the sender.
 * `smtp` demands STARTTLS unless the host is this machine or `?tls=opportunistic` says otherwise, which no password may cross.
 */
export function openMail(url: string, options: SmtpOptions = {}): Mail {
  const server = readAddress(url);
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: server.secure,
    requireTLS: server.requireTls,
    auth: server.auth,
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(isIP(server.host) ? {} : { servername: server.host }),
      ...(options.ca ? { ca: options.ca } : {}),
    },
    connectionTimeout: connectMs,
    greetingTimeout: greetingMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  let sending = 0;
  return {
    async send(message) {
      checkMessage(message);
      if (sending >= sendingMax) throw new MailError('Unreachable', `${sendingMax} mails are being sent already; repeat later.`);
      sending += 1;
      try {
        await transport.sendMail(envelope(server.from, message));
      } catch (error) {
        throw worded(error, server);
      } finally {
        sending -= 1;
      }
    },
  };
}

/** The addresses as objects: nothing in them is parsed as a list again. */
function envelope(from: string, message: Message) {
  return {
    from: { name: '', address: from },
    to: { name: '', address: message.to },
    subject: message.subject,
    text: message.text,
    ...(message.html === undefined ? {} : { html: message.html }),
  };
}

function readAddress(text: string): Server {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === 'smtps:';
  if (!url || !(secure || url.protocol === 'smtp:') || url.hostname === '') {
    throw unsupported('The mail address must be smtp://user:password@host:port or smtps://user:password@host:port.');
  }
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  const from = url.searchParams.get('from') ?? `gamut@${hostname()}`;
  checkAddress(from);
  const tls = url.searchParams.get('tls');
  if (![null, 'required', 'opportunistic'].includes(tls)) throw unsupported('The tls of a mail address must be required or opportunistic.');
  const local = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  const requireTls = !secure && (tls === 'required' || (tls === null && !local));
  const auth = url.username === '' ? undefined : { user: decoded(url.username), pass: decoded(url.password) };
  if (auth && !secure && !requireTls && !local) throw unsupported('A mail address with a password cannot have opportunistic TLS.');
  return { host, port: Number(url.port || (secure ? 465 : 587)), secure, requireTls, from, ...(auth ? { auth } : {}) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unsupported('The user or password of the mail address is not percent-encoded properly.');
  }
}

function unsupported(sentence: string): MailError {
  return new MailError('Unsupported', sentence);
}

/** The server's own words are kept as the cause; the sentence holds no secret and no personal field. */
function worded(error: unknown, server: Server): MailError {
  const { code, responseCode: reply } = error as { code?: string; responseCode?: number };
  const at = `The mail server ${server.host}:${server.port}`;
  if (code === 'EAUTH') return new MailError('Unreachable', `${at} does not accept the user and password of the mail address.`, error);
  if (code === 'ETLS') return new MailError('Unreachable', `${at} does not offer TLS that can be trusted.`, error);
  if (reply !== undefined && reply >= 500) return new MailError('Refused', `${at} refused the mail with code ${reply}.`, error);
  if (reply !== undefined) return new MailError('Unreachable', `${at} put the mail off with code ${reply}.`, error);
  return new MailError('Unreachable', `${at} cannot be reached (${code ?? 'unknown'}).`, error);
}
