import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of a benchmark that answers each message with one. It ends when we do, because its channel closes. */
export type Forked = { readonly pid: number; ask<Answer>(question?: object): Promise<Answer>; end(): Promise<void> };

/** Starts a module of ours as a process of its own. */
export function forked(module: string, args: readonly string[] = []): Forked {
  const child: ChildProcess = fork(module, args, { stdio: ['ignore', 2, 2, 'ipc'] });
  return {
    pid: child.pid ?? 0,
    async ask<Answer>(question?: object) {
      const over = new AbortController();
      const answer = once(child, 'message', { signal: over.signal });
      const ended = once(child, 'exit', { signal: over.signal }).then(() => {
        throw new Error(`${module} ended before it answered`);
      });
      if (question) child.send(question);
      try {
        const [told] = (await Promise.race([answer, ended])) as [Answer & { error?: string }];
        if (told.error !== undefined) throw new Error(told.error);
        return told;
      } finally {
        // Whichever did not come is waited for no longer.
        answer.catch(() => undefined);
        ended.catch(() => undefined);
        over.abort();
      }
    },
    async end() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
