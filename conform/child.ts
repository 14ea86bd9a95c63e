import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './tool.ts';

/** A server of a client's, as a process of its own. */
export type Child = {
  /** Resolves when it has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
};

/** Starts a server and resolves when it answers; the error says what it printed last. */
export async function openChild(name: string, argv: readonly string[], answers: () => Promise<boolean>): Promise<Child> {
  const [program = '', ...words] = argv;
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (chunk: string) => {
    said = (said + chunk).slice(-20_000);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
  try {
    await until(`${name} answers`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended`);
      return answers();
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${String(error)}: ${said.slice(-1500)}`);
  }
  return { end: (signal) => ended(child, signal) };
}

async function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
}
