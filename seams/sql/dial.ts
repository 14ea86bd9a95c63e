import { once } from 'node:events';
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { writeSslRequest } from '#wire/pgwire/frontend.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import type { Address } from './address.ts';
import { SqlRefused } from './error.ts';

/** Opens a socket to the server, encrypted as the address asks. The signal ends the attempt. */
export async function dial(address: Address, signal: AbortSignal): Promise<Socket> {
  const socket = connect(await placeOf(address, signal));
  // A socket without a listener for errors would end the process; who waits for it sees the error too.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    socket.setNoDelay(true);
    return address.protection === 'none' ? socket : await encrypt(socket, address, signal);
  } catch (cause) {
    socket.destroy();
    throw cause;
  }
}

async function placeOf({ socket, locate }: Address, signal: AbortSignal): Promise<NetConnectOpts> {
  if ('path' in socket) return { path: socket.path };
  const { host, port } = socket;
  return { host: locate ? await locate(host, port, signal) : host, port, keepAlive: true };
}

async function encrypt(socket: Socket, address: Address, signal: AbortSignal): Promise<Socket> {
  const writer = new Writer();
  writeSslRequest(writer);
  socket.write(writer.take());
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
  // More than one byte before TLS was put there by somebody on the way (CVE-2021-23222).
  if (answer.length !== 1) throw new SqlRefused('The server sent clear text where TLS should begin.');
  if (answer[0] === 0x4e && address.protection === 'prefer') return socket;
  if (answer[0] !== 0x53)
    throw new SqlRefused('The server offers no TLS; add sslmode=disable to the sql address to send everything in clear.');
  const host = 'host' in address.socket ? address.socket.host : '';
  const verify = address.protection === 'verify' || address.protection === 'verify-ca';
  const tls = secure({
    socket,
    // The name to check: without it Node checks for `localhost`.
    host,
    ALPNProtocols: ['postgresql'],
    rejectUnauthorized: verify,
    ...(isIP(host) ? {} : { servername: host }),
    ...(address.ca === undefined ? {} : { ca: address.ca }),
    ...(address.protection === 'verify' ? {} : { checkServerIdentity: () => undefined }),
  });
  tls.on('error', () => undefined);
  await once(tls, 'secureConnect', { signal });
  return tls;
}
