import { spawn } from 'node:child_process';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { fault } from '#kernel/contract/fault.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { parquetFileMaxBytes, parquetHeapMb, parquetMaxMs } from './limits.ts';

/** What the process that reads a file may do: load its engine and read; no network, no processes, nothing written. */
const flags = [
  `--max-old-space-size=${parquetHeapMb}`,
  '--disable-warning=SecurityWarning',
  '--disable-warning=ExperimentalWarning',
  '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
];

/** Parquet is read from both ends, so it lies in memory as a file that has no name any more. */
async function held(bytes: AsyncIterable<Buffer>, name: string): Promise<number> {
  const path = `/dev/shm/gamut-parquet-${process.pid}-${process.hrtime.bigint()}`;
  const handle = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  try {
    let size = 0;
    for await (const piece of bytes) {
      size += piece.length;
      if (size > parquetFileMaxBytes) throw fault('Unavailable', `The file ${name} is larger than ${parquetFileMaxBytes} bytes.`);
      for (let at = 0; at < piece.length; ) at += writeSync(handle, piece, at);
    }
    return handle;
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

/** The rows of a file of Parquet in pieces of text, a line of JSON for each; columns that it lacks are left out. */
export async function* rowsOfParquet(
  bytes: AsyncIterable<Buffer>,
  { name, columns, signal }: { readonly name: string; readonly columns: readonly string[]; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const handle = await held(bytes, name);
  const child = spawn(process.execPath, [...flags, modulePath('services/analytics/engine/parquet.main'), JSON.stringify(columns)], {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'pipe', 'pipe', handle],
  });
  closeSync(handle);
  const ended = Promise.withResolvers<number | null>();
  child.on('error', ended.reject);
  child.on('exit', (code) => ended.resolve(code));
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => (said = `${said}${piece.toString('utf8')}`.slice(-4000)));
  const end = () => void child.kill('SIGKILL');
  const late = setTimeout(end, parquetMaxMs).unref();
  signal.addEventListener('abort', end, { once: true });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const code = await ended.promise;
    signal.throwIfAborted();
    if (code !== 0) throw fault('Unavailable', `The file ${name} is no Parquet that can be read: ${reasonIn(said)}`);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', end);
    end();
  }
}

const reasonIn = (text: string): string => (/Error: ([^\n]{1,200})/.exec(text)?.[1] ?? 'its process ended').trim();
