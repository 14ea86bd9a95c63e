import type { Socket } from 'node:net';
import { type Backend, type Column, writeBackend } from '#wire/pgwire/backend.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import type { Cells, Field, Told } from './application.ts';
import { formatAt, formattedAs, sizeOf } from './format.ts';
import { sendBytes } from './limits.ts';

/** Gathers what is said to a client. */
export class Outbox {
  readonly #writer = new Writer();
  #socket: Socket;
  #soon: NodeJS.Immediate | undefined;
  /** Until the socket takes more. */
  #full: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  resume(socket: Socket): void {
    this.#socket = socket;
  }

  say(message: Backend): void {
    writeBackend(this.#writer, message);
  }

  describe(fields: readonly Field[], formats: readonly number[]): void {
    const columns: Column[] = fields.map(({ name, oid }, at) => ({
      ...{ name: name.replaceAll('\0', ''), oid, table: 0, attribute: 0, size: sizeOf(oid), modifier: -1, format: formatAt(formats, at) },
    }));
    this.say({ type: 'rowDescription', columns });
  }

  /** One row; sends what has gathered when it is much. */
  async row(cells: Cells, fields: readonly Field[], formats: readonly number[]): Promise<void> {
    // First, because what cannot be formatted must not leave half a message behind.
    const values = fields.map((field, at) => formattedAs(cells[at] ?? null, field, formatAt(formats, at)));
    const writer = this.#writer.begin(0x44).int16(fields.length);
    for (const value of values) writer.value(value);
    writer.end();
    if (writer.size >= sendBytes) await this.send();
  }

  error({ sqlstate, message, position }: Told, severity: 'ERROR' | 'FATAL' = 'ERROR'): void {
    const text = message.replaceAll('\0', '');
    const report: Record<string, string> = { S: severity, V: severity, C: sqlstate, M: text };
    if (position !== undefined) report.P = String(position);
    this.say({ type: 'error', report });
  }

  /**
   * Sends what has gathered unless more is said in this turn of the loop: what waits for more to come does not keep back what
   * is there, and an answer that is there at once is one write. Resolves once the socket takes more.
   */
  async soon(): Promise<void> {
    this.#soon ??= setImmediate(() => this.#flush());
    if (this.#full) await this.#full;
  }

  /** Sends what has gathered when it is much. */
  spill(): void {
    if (this.#writer.size >= sendBytes) this.#flush();
  }

  /** Resolves once the socket takes more; undefined while it does. */
  get drained(): Promise<void> | undefined {
    return this.#full;
  }

  /** Resolves once the socket takes more. */
  async send(): Promise<void> {
    this.#flush();
    if (this.#full) await this.#full;
  }

  #flush(): void {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    const socket = this.#socket;
    const bytes = this.#writer.take();
    if (bytes.length === 0 || socket.destroyed || !socket.writable || socket.write(bytes) || this.#full) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#full = promise;
    const done = () => {
      socket.off('drain', done).off('close', done);
      this.#full = undefined;
      resolve();
    };
    socket.on('drain', done).on('close', done);
  }
}
