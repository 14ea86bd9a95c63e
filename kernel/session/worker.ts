import { join } from 'node:path';
import type { AnyService } from '../contract/contract.ts';
import type { Implementation, Kernel, OpenDoor } from '../contract/implement.ts';
import type { RestHandler } from '../derive/rest.ts';
import type { Connection } from '../listen/acceptor.ts';
import { relay } from '../listen/relay.ts';
import { openWorkerDoor } from '../listen/worker-door.ts';
import type { Link } from '../supervise/protocol.ts';
import type { workerPlace } from '../supervise/service.ts';
import { answeredBy } from './elsewhere.ts';

type Place = ReturnType<typeof workerPlace>;
type Any = Implementation<AnyService>;

/** Where a process of a service is connected to by the others. */
const workerPath = ({ run }: Pick<Link['order'], 'run'>, process: string) => join(run, `${process}.worker`);

/** What a service is told where it has several processes. */
export function workerOfKernel(order: Link['order'], place: Place): Pick<Kernel<unknown>, 'worker'> {
  if (!place) return {};
  const { index, count, names } = place;
  return { worker: { index, count, path: (other) => workerPath(order, names[other]!) } };
}

/** Connections of clients that other processes accepted go to the doors, and other ones to the service. */
export function openWorkerSocket(
  order: Link['order'],
  doors: Readonly<Record<string, OpenDoor>>,
  take: Any['take'],
): Promise<{ close(): void }> {
  return openWorkerDoor(workerPath(order, order.process), (socket, greeting) => {
    if (typeof greeting.door !== 'string') return take ? take(socket, greeting) : socket.destroy();
    const door = doors[`${order.process}.${greeting.door}`];
    if (door?.take) door.take(socket, { ...(greeting.from as Connection), isRelayed: true });
    else socket.destroy();
  });
}

/** Has requests of REST answered by the process that has what they are about. */
export function heldBy(order: Link['order'], place: Place, holderOf: Any['holderOf'], rest: RestHandler): RestHandler {
  return (request, response, connection) => {
    const from = connection as Connection;
    const pass = (holder: number | undefined) => {
      if (holder === undefined || !place) return rest(request, response, connection);
      return relay(workerPath(order, place.names[holder]!), { door: 'rest', from }, request, response);
    };
    return answeredBy(response, (holderOf?.(request.url ?? '') ?? Promise.resolve(undefined)).then(pass));
  };
}
