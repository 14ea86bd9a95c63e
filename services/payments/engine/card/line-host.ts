import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import { lineReader } from '#kernel/keys/line.ts';
import { vaultLineBytes } from './limits.ts';

/** One question of the service: a line of JSON, answered by another. */
export type Question = { readonly id: number; readonly op: string; readonly [field: string]: unknown };
export type Reply = { readonly id: number; readonly ok?: unknown; readonly code?: string; readonly detail?: string };

/** Answers questions on a unix socket in the private directory of the platform. */
export async function openLineHost(
  path: string,
  answer: (question: Question) => Promise<unknown>,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const reply = (said: Reply) => void (socket.writable && socket.write(`${JSON.stringify(said)}\n`));
    const take = (line: string): void => {
      const question = JSON.parse(line) as Question;
      answer(question).then(
        (ok) => reply({ id: question.id, ok: ok ?? {} }),
        (error: unknown) => {
          const known = error instanceof OperationError;
          if (!known) log('error', 'the vault failed', { op: question.op, error: String((error as Error)?.stack) });
          reply({ id: question.id, code: known ? error.code : 'Internal', detail: known ? (error.detail ?? '') : '' });
        },
      );
    };
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    socket.on(
      'data',
      lineReader(vaultLineBytes, take, () => socket.destroy()),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
