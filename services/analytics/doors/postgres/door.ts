import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import { listen } from '#kernel/listen/listen.ts';
import { Canceller } from '#engine/pgwire/canceller.ts';
import { serveConnection } from '#engine/pgwire/connection.ts';
import type { Door } from '#engine/pgwire/application.ts';
import type { analytics } from '../../service.ts';
import { AdvisoryLocks } from './advisory.ts';
import { ChannelsOf } from './channels.ts';
import { type Known, SessionDesk } from './desk.ts';
import { report } from './error.ts';

/** Opens the PostgreSQL door: plain, TLS by SSLRequest, and TLS from the first byte, on one port. */
export async function openPostgres(place: DoorPlace<typeof analytics>, stores: Omit<Known, 'locks' | 'channels'>): Promise<OpenDoor> {
  const known: Known = { ...stores, locks: new AdvisoryLocks(), channels: new ChannelsOf() };
  const canceller = new Canceller();
  const door: Door = {
    report: (error) => report(error, place.log),
    prove(user, database) {
      // A client that names no database asks for one of the user's name: the credential's own environment.
      const environment = database === user ? {} : { environment: database };
      const exchange = place.gate.exchange('sasl', { mechanism: 'SCRAM-SHA-256', username: user, ...environment });
      return { next: (answer) => exchange.next(answer), desk: () => new SessionDesk(exchange.session(), known) };
    },
  };
  const listener = await listen({
    ...place.at,
    plain: 'upgrade',
    alpn: ['postgresql'],
    schemes: ['postgresql', 'postgresql'],
    onConnection(socket, { secure, confidential }) {
      socket.on('error', () => undefined);
      const startTls = secure ? undefined : async () => (await listener.startTls(socket)).socket;
      serveConnection({ socket, confidential, startTls }, door, canceller).catch((error: unknown) => {
        place.log('error', 'a connection failed', { error: error instanceof Error ? error.stack : String(error) });
        socket.destroy();
      });
    },
  });
  return { url: listener.url, ...(listener.note ? { note: listener.note } : {}), close: () => listener.close() };
}
