import type { Socket } from 'node:net';

const lanes = new WeakMap<Socket, string>();

/** Says whose request came over a connection last: of many that come at once, tenants are read in turn. */
export function servedFor(socket: Socket, tenant: bigint): void {
  const lane = String(tenant);
  if (lanes.get(socket) !== lane) lanes.set(socket, lane);
}

/** Whose the next request of a connection is thought to be; '' where nobody was served over it. */
export const laneOf = (socket: Socket): string => lanes.get(socket) ?? '';
