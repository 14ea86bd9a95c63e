import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
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
