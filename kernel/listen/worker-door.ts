import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { workerGreetingMaxBytes, workerGreetingMs } from './limits.ts';

/** What a process of the same service says first on a connection: one line of JSON. */
export type Greeting = { readonly [name: string]: unknown };

/**
 * Listens where the other processes of the service connect, in the private directory of the run; `take` gets each connection with
 * its first line, and with what came behind that unread. Closing ends none that was taken.
 */
export async function openWorkerDoor(path: string, take: (socket: Socket, greeting: Greeting) => void): Promise<{ close(): void }> {
  // What a process of the same name that was killed left; nobody else listens there.
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    greet(socket, (greeting) => {
      sockets.delete(socket);
      take(socket, greeting);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, resolve);
  });
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function greet(socket: Socket, take: (greeting: Greeting) => void): void {
  const late = setTimeout(() => socket.destroy(), workerGreetingMs);
  socket.once('close', () => clearTimeout(late));
  let held: Buffer = Buffer.alloc(0);
  const read = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    held = Buffer.concat([held, chunk]);
    const end = held.indexOf(10);
    if (end < 0) return void (held.length > workerGreetingMaxBytes && socket.destroy());
    clearTimeout(late);
    socket.off('readable', read);
    if (end + 1 < held.length) socket.unshift(held.subarray(end + 1));
    const greeting = readGreeting(held.toString('utf8', 0, end));
    if (greeting) take(greeting);
    else socket.destroy();
  };
  socket.on('readable', read);
}

function readGreeting(line: string): Greeting | undefined {
  try {
    const greeting: unknown = JSON.parse(line);
    return typeof greeting === 'object' && greeting !== null ? (greeting as Greeting) : undefined;
  } catch {
    return undefined;
  }
}
