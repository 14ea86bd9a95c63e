import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pythonProgram, type PythonSet } from '../python.ts';

/** An S3 server that is somebody else's, on a free port of loopback; it keeps everything in memory. */
export type Server = { readonly address: string; stop(): Promise<void> };

/** Starts moto's server and resolves once it says where it listens. */
export async function startServer(set: PythonSet): Promise<Server> {
  const child = spawn(pythonProgram('moto_server', set), ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stderr });
  const address = await new Promise<string>((resolve, reject) => {
    // Afterwards it says a line for each request: they must be read, or it stops.
    lines.on('line', (line) => {
      const found = /Running on http:\/\/(127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    ended.then(() => reject(new Error('the server did not start')), reject);
  });
  return {
    address,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
