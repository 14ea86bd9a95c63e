import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The program that carries out what it is asked. */
const program = join(import.meta.dirname, 'Flink.java');

/** Apache Flink in a process of its own, which answers each line with one. */
export class FlinkProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  constructor(classPath: string, flags: readonly string[]) {
    this.#child = spawn('java', [...flags, '-cp', classPath, program]);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(what: 'execute' | 'insert' | 'last' | 'peak', text = ''): Promise<string> {
    this.#child.stdin.write(`${what}\t${text}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`Flink ended: ${this.#said}`);
      if (!value.startsWith('=\t')) continue;
      const answer = value.slice(2);
      if (answer.startsWith('error\t')) throw new Error(`Flink: ${text}: ${answer.slice(6)}`);
      return answer;
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}
