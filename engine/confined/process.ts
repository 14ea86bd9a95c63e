import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { confinedErrorMax } from './limits.ts';

/** What a process is made of, and the little that it may do. */
export type Confinement = {
  /** The path of its module. */
  readonly module: string;
  readonly heapMb: number;
  /** Besides: it opens no connection, starts no process, and reads and writes no file that is not named here. */
  readonly flags: readonly string[];
  /** Private memory that it may ask of the system, all that Node reserves for itself included; no bound, if not said. */
  readonly memoryMb?: number;
};

/** Descriptors that a process with bounds may have open at once. */
const bounded = (memoryMb: number) => `ulimit -c 0; ulimit -f 0; ulimit -n 64; ulimit -d ${memoryMb * 1024}; exec "$0" "$@"`;

/**
 * A process of ours without any right: without environment, network, processes of its own, and files but those that it was
 * told. It is spoken to by its input and output, and ends when they end.
 */
export class ConfinedProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #gone = Promise.withResolvers<void>();
  /** The last of what it said about itself. */
  errors = '';
  isOver = false;

  constructor({ module, heapMb, flags, memoryMb }: Confinement) {
    const own = [
      `--max-old-space-size=${heapMb}`,
      '--disable-warning=SecurityWarning',
      '--disable-warning=ExperimentalWarning',
      // As `nodeFlags` of the kernel has it: a process that exits would else wait for a compiling thread now and then.
      '--no-concurrent-sparkplug',
      ...['--permission', ...flags, module],
    ];
    const [file, args] =
      memoryMb === undefined ? [process.execPath, own] : ['/bin/sh', ['-c', bounded(memoryMb), process.execPath, ...own]];
    this.#child = spawn(file, args, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
    const over = () => {
      this.isOver = true;
      this.#gone.resolve();
    };
    this.#child.on('error', over);
    this.#child.on('exit', over);
    this.#child.stdin.on('error', over);
    this.#child.stderr.on('data', (piece: Buffer) => {
      this.errors = `${this.errors}${piece.toString('utf8')}`.slice(-confinedErrorMax);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get output(): Readable {
    return this.#child.stdout;
  }

  /** Gives it bytes, no faster than it takes them. */
  async give(bytes: Uint8Array): Promise<void> {
    if (this.isOver) return;
    const { stdin } = this.#child;
    stdin.write(bytes);
    if (stdin.writableNeedDrain) await Promise.race([once(stdin, 'drain').catch(() => undefined), this.#gone.promise]);
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
