import { type AddressInfo, createServer } from 'node:net';
import { command, type CommandOptions, type Ran, tryCommand } from './command.ts';
import { togetherMax, untilMs, untilTries } from './limits.ts';

/** A program of a client with its options: `run` must succeed, `refused` must fail and say why. */
export type Tool = {
  run(...words: string[]): Promise<string>;
  /** What is printed must match; the exit code must not be 0. */
  refused(words: RegExp, ...argv: string[]): Promise<void>;
  try(...words: string[]): Promise<Ran>;
  /** The same program, given this text. */
  feed(input: string, ...words: string[]): Promise<string>;
  /** Starts the program and resolves, when called, once it was killed. */
  begin(...words: string[]): () => Promise<void>;
};

export function toolOf(program: readonly string[], options: CommandOptions): Tool {
  return {
    run: (...words) => command([...program, ...words], options),
    try: (...words) => tryCommand([...program, ...words], options),
    feed: (input, ...words) => command([...program, ...words], { ...options, input }),
    begin: (...words) => {
      const kill = new AbortController();
      const ended = tryCommand([...program, ...words], { ...options, signal: kill.signal });
      return async () => {
        kill.abort();
        await ended;
      };
    },
    async refused(words, ...argv) {
      const { code, out, err } = await tryCommand([...program, ...argv], options);
      if (code === 0) throw new Error(`${argv.join(' ')} was not refused`);
      if (!words.test(out + err)) throw new Error(`${argv.join(' ')} was refused in other words: ${(out + err).slice(-600)}`);
    },
  };
}

/** Fails unless both are alike, as JSON. */
export function same(got: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`got ${left?.slice(0, 700)}, wanted ${right?.slice(0, 700)}`);
}

/** Fails unless the text matches. */
export function told(text: string, wanted: RegExp): void {
  if (!wanted.test(text)) throw new Error(`${wanted} is not in: ${text.slice(-700)}`);
}

/** Does the step for each, a few at a time: a command line's own start is most of what it takes. */
export async function together<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await step(item);
  };
  await Promise.all(Array.from({ length: togetherMax }, worker));
}

/** Waits until something is so, and fails when it never is. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < untilTries; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, untilMs));
  }
  throw new Error(`it never came that ${what}`);
}

/** A port on this machine that nobody listens on, for a server that must be told one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
