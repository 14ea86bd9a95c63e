import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Authentication, type Backend, readBackend } from '#wire/pgwire/backend.ts';
import { writePassword, writeSaslAnswer, writeSaslInitial, writeStartup } from '#wire/pgwire/frontend.ts';
import { MessageReader } from '#wire/pgwire/reader.ts';
import { md5Answer } from '#wire/pgwire/scram.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import { scramClient, type ScramClient } from '#wire/scram/client.ts';
import type { Address } from './address.ts';
import { PostgresError, SqlRefused, SqlUnavailable } from './error.ts';
import { handshakeBytesMax } from './limits.ts';

/** What the server told before it was ready. */
export type Greeting = { readonly processId: number; readonly key: Buffer; readonly parameters: ReadonlyMap<string, string> };

/** Sends the startup packet, authenticates and waits until the server is ready. The socket's errors end it. */
export async function handshake(socket: Socket, address: Address, settings: Iterable<readonly [string, string]>): Promise<Greeting> {
  const writer = new Writer();
  const parameters = new Map<string, string>();
  let keyData: { processId: number; key: Buffer } = { processId: 0, key: Buffer.alloc(0) };
  let scram: ScramClient | undefined;
  writeStartup(writer, [['user', address.user], ['database', address.database], ...settings]);
  socket.write(writer.take());
  for await (const message of messages(socket)) {
    switch (message.type) {
      case 'authentication':
        scram = await answer(message.request, address, writer, scram);
        if (writer.size > 0) socket.write(writer.take());
        break;
      case 'keyData':
        keyData = { processId: message.processId, key: Buffer.from(message.key) };
        break;
      case 'parameterStatus':
        parameters.set(message.name, message.value);
        break;
      case 'error':
        throw refusal(new PostgresError(message.report));
      case 'ready':
        return { ...keyData, parameters };
      case 'notice':
      case 'negotiate':
        break;
      default:
        throw new SqlRefused(`The server sent ${message.type} before it was ready; is it PostgreSQL?`);
    }
  }
  throw new SqlUnavailable('connect', 'PostgreSQL closed the connection while it was being opened.');
}

// Class 28 is a wrong login, 3D000 a missing database, 0A a server that knows no protocol 3: waiting does not help.
function refusal(error: PostgresError): Error {
  if (/^(28|3D|0A|42|22)/.test(error.sqlstate)) return new SqlRefused(`PostgreSQL refuses the login: ${error.message}.`, { cause: error });
  return new SqlUnavailable('connect', `PostgreSQL takes no connection now: ${error.message}.`, { cause: error });
}

async function* messages(socket: Socket): AsyncGenerator<Backend> {
  const reader = new MessageReader({ limitBytes: handshakeBytesMax });
  let total = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > handshakeBytesMax) throw new SqlRefused('The server talks too much before it is ready; is it PostgreSQL?');
    reader.push(chunk);
    while (reader.next()) yield readBackend(reader.type, reader.buffer, reader.start, reader.end);
  }
}

async function answer(
  request: Authentication,
  address: Address,
  writer: Writer,
  scram: ScramClient | undefined,
): Promise<ScramClient | undefined> {
  switch (request.method) {
    case 'ok':
      // A server that skips its proof may not be the one that knows the password.
      if (scram) throw new SqlRefused('The server did not prove that it knows the password.');
      return undefined;
    case 'cleartext':
      if ('host' in address.socket && address.protection !== 'verify' && address.protection !== 'verify-ca') {
        throw new SqlRefused('The server asks for the password in clear over a connection whose other end is not verified.');
      }
      writePassword(writer, address.password);
      return undefined;
    case 'md5':
      writePassword(writer, md5Answer(address.user, address.password, request.salt));
      return undefined;
    case 'sasl':
      return begin(request.mechanisms, address, writer);
    case 'saslContinue':
      if (!scram) throw new SqlRefused('The server continues an authentication that was not begun.');
      writeSaslAnswer(writer, await scram.final(request.data.toString('utf8')));
      return scram;
    case 'saslFinal':
      if (!scram) throw new SqlRefused('The server ends an authentication that was not begun.');
      scram.verify(request.data.toString('utf8'));
      return undefined;
  }
}

function begin(mechanisms: readonly string[], address: Address, writer: Writer): ScramClient {
  if (!mechanisms.includes('SCRAM-SHA-256')) throw new SqlRefused(`The server authenticates by ${mechanisms.join(', ')} only.`);
  if (address.password === '') throw new SqlRefused(`The sql address has no password for ${address.user}, and the server asks for one.`);
  const scram = scramClient(address.password, randomBytes(18).toString('base64'));
  writeSaslInitial(writer, 'SCRAM-SHA-256', scram.first);
  return scram;
}
