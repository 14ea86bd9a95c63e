import type { Socket } from 'node:net';
import { OperationError } from '#kernel/contract/fault.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import type { Session } from '#kernel/contract/session.ts';
import { listen } from '#kernel/listen/listen.ts';
import type { ledger } from '../../service.ts';
import type { Book } from '../../store/book.ts';
import { Connection } from './connection.ts';

/** Opens the door of the TigerBeetle protocol: plain text on loopback only, because its first byte may be any. */
export async function openTigerBeetle(place: DoorPlace<typeof ledger>, book: Book): Promise<OpenDoor> {
  const { name, host, port, fallback } = place.at;
  const listener = await listen({
    name,
    host,
    port,
    fallback,
    plain: 'loopback',
    anyByte: true,
    schemes: ['tigerbeetle', 'tigerbeetle'],
    onConnection: (socket) => new Connection(place.gate, book, socket),
  });
  return { url: listener.url, ...(listener.note ? { note: listener.note } : {}), close: () => listener.close() };
}

type Place = DoorPlace<typeof ledger>;

/** Opens the same protocol to other machines: TLS, by clients whose certificate is of the organization that they ask for. */
export async function openTunnel(place: Place, book: Book): Promise<OpenDoor> {
  const listener = await listen({
    ...place.at,
    plain: 'never',
    schemes: ['tigerbeetles', 'tigerbeetles'],
    onConnection(socket, { peerFingerprint }) {
      const peer = peerFingerprint === undefined ? undefined : presented(place, peerFingerprint);
      if (peer) enter(place, book, socket, peer);
      else socket.destroy();
    },
  });
  return { url: listener.url, ...(listener.note ? { note: listener.note } : {}), close: () => listener.close() };
}

/** Whose the certificate is; undefined when its credential was revoked, or never was. */
function presented({ gate }: Place, fingerprint: string): Session<typeof ledger> | undefined {
  try {
    return gate.present('certificate', { fingerprint });
  } catch (error) {
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}

function enter({ gate }: Place, book: Book, socket: Socket, peer: Session<typeof ledger>): void {
  // A drain lets replies go first, which the connection sees to.
  peer.signal.addEventListener('abort', () => peer.signal.reason === 'drain' || socket.destroy(), { once: true });
  socket.once('close', () => peer.end());
  new Connection(gate, book, socket, peer.caller.tenant);
}
