import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { fault } from '#kernel/contract/fault.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import { replyProblem } from '#kernel/derive/problem.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { listen } from '#kernel/listen/listen.ts';
import { passOnOr } from '#kernel/session/elsewhere.ts';
import type { log } from '../../service.ts';

/** The address of the leader's door of the same name; undefined while nobody is known to lead. */
type Leader = () => string | undefined;

/** The Kafka door of a standby: whoever connects speaks with the leader. */
export async function openTunnel(place: DoorPlace<typeof log>, leader: Leader): Promise<OpenDoor> {
  const sockets = new Set<Socket>();
  const listener = await listen({
    ...place.at,
    schemes: ['kafka', 'kafkas'],
    onConnection(socket, { secure }) {
      const to = leader();
      if (to === undefined) return void socket.destroy();
      const { hostname, port } = new URL(to);
      // By the address that the client came to, because that is the one it is told again; in the clear only on this machine.
      const onward = connect(Number(port), secure ? hostname : socket.localAddress);
      sockets.add(socket);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on('error', () => one.destroy());
        one.once('close', () => other.destroy());
        one.pipe(other);
      }
      socket.once('close', () => sockets.delete(socket));
    },
  });
  return {
    url: listener.url,
    ...(listener.note ? { note: listener.note } : {}),
    async close() {
      const closed = listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An HTTP door of a standby: requests are passed on to the leader. */
export function openPassage(place: DoorPlace<typeof log>, leader: Leader): Promise<OpenDoor> {
  return httpServer({ ...place.at, log: place.log }, async (request, response) => {
    const to = leader();
    if (to !== undefined) return passOnOr(to, request, response);
    replyProblem(response, fault('Unavailable', 'The process that leads the log is away.'), randomUUID());
  });
}
