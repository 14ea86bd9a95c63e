import type { Channels, Notification } from './channels.ts';
import { channelBytes, listenedMax, payloadBytes, stepBytes, tellingBytes, unheardBytes } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { notBuilt, sqlstates, StatementError } from './statement-error.ts';

/** What a statement does with channels; UNLISTEN without a name is of all. */
export type Step =
  | { readonly kind: 'listen'; readonly channel: string }
  | { readonly kind: 'unlisten'; readonly channel: string | undefined }
  | { readonly kind: 'notify'; readonly channel: string; readonly payload: string };

type Parts = {
  /** None where the service has no channels. */
  readonly channels: Channels | undefined;
  readonly processId: number;
  readonly outbox: Outbox;
  /** More waits for the client than may wait. */
  readonly overflow: () => void;
};

/** Channels as one connection uses them: what it tells and listens to counts from its COMMIT on, and what it hears waits for a pause. */
export class Notifications {
  readonly processId: number;
  readonly #channels: Channels | undefined;
  readonly #outbox: Outbox;
  readonly #overflow: () => void;
  readonly #listening = new Set<string>();
  #steps = new Steps();
  #savepoints: { readonly name: string; readonly steps: number }[] = [];
  #heard: Notification[] = [];
  #heardBytes = 0;
  #isIdle = false;

  constructor({ channels, processId, outbox, overflow }: Parts) {
    this.processId = processId;
    this.#channels = channels;
    this.#outbox = outbox;
    this.#overflow = overflow;
  }

  readonly #hear = (told: Notification): void => {
    this.#heard.push(told);
    this.#heardBytes += sizeOf(told);
    if (this.#heardBytes > unheardBytes) {
      this.end();
      this.#overflow();
    } else if (this.#isIdle) this.#say();
  };

  get listening(): readonly string[] {
    return [...this.#listening];
  }

  /** Steps of one statement: at once, or with the transaction that is open. */
  async take(steps: Steps, isOpen: boolean, signal: AbortSignal): Promise<void> {
    if (!this.#channels) throw notBuilt('LISTEN and NOTIFY');
    if (isOpen) for (const step of steps.all) this.#steps.add(step);
    else await this.#settle(steps, () => undefined, signal);
  }

  begin(): void {
    this.#steps = new Steps();
    this.#savepoints = [];
  }

  save(name: string): void {
    this.#savepoints.push({ name, steps: this.#steps.all.length });
  }

  release(name: string): void {
    this.#savepoints.length = this.#at(name);
  }

  back(name: string): void {
    const at = this.#at(name);
    this.#steps.cut(this.#savepoints[at]?.steps ?? 0);
    this.#savepoints.length = at + 1;
  }

  #at(name: string): number {
    return this.#savepoints.findLastIndex((each) => each.name === name);
  }

  /** Does what commits, in its turn where something is told, and then what was said of channels since BEGIN. */
  async commit(work: () => Promise<void> | undefined, signal: AbortSignal): Promise<void> {
    const steps = this.#steps;
    this.begin();
    if (steps.all.length === 0) await work();
    else await this.#settle(steps, work, signal);
  }

  async #settle({ all }: Steps, work: () => Promise<void> | undefined, signal: AbortSignal): Promise<void> {
    const { processId } = this;
    const settle = async () => {
      await work();
      for (const step of all) this.#obey(step);
      this.#channels?.publish(all.flatMap((step) => (step.kind === 'notify' ? [{ ...step, processId }] : [])));
    };
    if (this.#channels && all.some(({ kind }) => kind === 'notify')) await this.#channels.inTurn(settle, signal);
    else await settle();
  }

  #obey(step: Step): void {
    if (step.kind === 'listen') {
      this.#listening.add(step.channel);
      this.#channels?.listen(step.channel, this.#hear);
    } else if (step.kind === 'unlisten') this.unlisten(step.channel);
  }

  unlisten(channel?: string): void {
    for (const each of channel === undefined ? this.listening : [channel]) {
      this.#listening.delete(each);
      this.#channels?.unlisten(each, this.#hear);
    }
  }

  /** Refuses one channel more than a connection may listen to. */
  checkListening(): void {
    const begun = this.#steps.all.filter(({ kind }) => kind === 'listen').length;
    if (this.#listening.size + begun >= listenedMax)
      throw new StatementError(sqlstates.tooMuch, `a connection listens to at most ${listenedMax} channels`);
  }

  /** The client waits for nothing: what was heard goes to it as it comes, until it is busy again. */
  idle(): void {
    this.#isIdle = true;
    this.#say();
  }

  busy(): void {
    this.#isIdle = false;
  }

  /** As much as the socket takes; the rest once it takes more. */
  #say(): void {
    let count = 0;
    for (const told of this.#heard) {
      if (this.#outbox.drained) break;
      this.#tell(told);
      count += 1;
    }
    this.#heard.splice(0, count);
    const { drained } = this.#outbox;
    if (this.#heard.length > 0) void drained?.then(() => this.#isIdle && this.#say());
    else if (count > 0) void this.#outbox.soon();
  }

  /** What was heard until now, before the client is told that it may go on. */
  async sayAll(): Promise<void> {
    for (let left = this.#heard.length; left > 0; left--) {
      const told = this.#heard.shift();
      if (told) this.#tell(told);
      if (this.#outbox.drained) await this.#outbox.drained;
    }
  }

  #tell(told: Notification): void {
    this.#heardBytes -= sizeOf(told);
    this.#outbox.say({ type: 'notification', ...told });
    this.#outbox.spill();
  }

  end(): void {
    this.busy();
    this.unlisten();
    this.#heard = [];
  }
}

/** What is to be done with channels, in order; equal things are told once. */
export class Steps {
  readonly all: Step[] = [];
  #told = new Set<string>();
  #bytes = 0;

  add(step: Step): void {
    if (step.kind === 'notify') {
      const key = `${step.channel}\0${step.payload}`;
      if (this.#told.has(key)) return;
      this.#told.add(key);
    }
    this.#bytes += stepBytes + (step.kind === 'notify' ? sizeOf(step) : 0);
    if (this.#bytes > tellingBytes) throw new StatementError(sqlstates.tooLarge, 'a transaction tells too much in channels');
    this.all.push(step);
  }

  /** Gives up all but the first ones. */
  cut(length: number): void {
    const kept = this.all.splice(0).slice(0, length);
    this.#told = new Set();
    this.#bytes = 0;
    for (const step of kept) this.add(step);
  }
}

const sizeOf = ({ channel, payload }: { readonly channel: string; readonly payload: string }) =>
  stepBytes + 2 * (channel.length + payload.length);

/** A notification, as PostgreSQL takes it: NULL is the empty text. */
export function notifyStep(channel: string | null, payload: string | null): Step {
  const step = { kind: 'notify', channel: channel ?? '', payload: payload ?? '' } as const;
  if (step.channel === '') throw new StatementError('22023', 'channel name cannot be empty');
  if (Buffer.byteLength(step.channel) > channelBytes) throw new StatementError('22023', 'channel name too long');
  if (Buffer.byteLength(step.payload) > payloadBytes) throw new StatementError('22023', 'payload string too long');
  return step;
}
