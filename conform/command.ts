import { spawn, type SpawnOptions } from 'node:child_process';
import { commandMs, outputMaxBytes } from './limits.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

export type CommandOptions = Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> & {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Ends the command at once; it then has the code -1. */
  readonly signal?: AbortSignal;
};

/** Runs a command to its end, whatever its exit code; one that outlives its time is ended with code -1. */
export function tryCommand(argv: readonly string[], options: CommandOptions = {}): Promise<Ran> {
  const { env, input = '', timeoutMs = commandMs, signal, ...rest } = options;
  const [file = '', ...words] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, { ...rest, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const texts = { out: '', err: '' };
    const keep = (name: 'out' | 'err') => (chunk: string) => {
      texts[name] = (texts[name] + chunk).slice(-outputMaxBytes);
    };
    child.stdout.setEncoding('utf8').on('data', keep('out'));
    child.stderr.setEncoding('utf8').on('data', keep('err'));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const end = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', end, { once: true });
    const timer = setTimeout(end, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, ...texts });
    });
  });
}

/** Runs a command that must succeed, and resolves with what it printed. */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, out, err } = await tryCommand(argv, options);
  if (code !== 0) throw new Error(`${argv.join(' ')} exited with ${code}:\n${`${out.slice(-3000)}\n${err.slice(-3000)}`.trim()}`);
  return out;
}
