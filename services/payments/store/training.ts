import { Worker } from 'node:worker_threads';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { fieldsOf, numberOf, textOf, type Thing } from '../domain/json.ts';
import { askedOfCharge, entitiesOf } from '../domain/risk.ts';
import { allNumbers, type Happened } from '../engine/risk/learn.ts';
import type { FromLearner, ToLearner } from '../engine/risk/learn.main.ts';
import { readDefault } from '../engine/risk/default.ts';
import { breathing } from './breath.ts';
import { featureEntitiesMax, replayedMs, trainedEventsMax, trainingMemoryMax, trainingPageMax } from './limits.ts';
import type { Kept, Objects } from './object.ts';
import { modelKind } from './risk.ts';
import { calibrationIn, defaultModel } from './scoring.ts';

/** Events that a model is trained on: what happened to payments, and what was said of them. */
const learned = [
  ...['charge.succeeded', 'charge.failed', 'charge.dispute.created', 'charge.dispute.closed'],
  ...['refund.created', 'review.closed', 'radar.early_fraud_warning.created', 'charge.updated'],
];

/** How a training ended: with a model, or with the reason why there is none. */
export type Trained = FromLearner;

type Options = {
  readonly objects: Objects;
  readonly now: () => number;
  readonly log: Log;
  /** Keeps what a training of a version ended in. */
  readonly ended: (at: Placed, version: string, trained: Trained) => Promise<void>;
};

/** Trains models on what environments' own events say, one after the other, each in a thread of its own that gives way to payments. */
export class Trainer {
  readonly #options: Options;
  readonly #running = new Map<string, Promise<void>>();
  #last: Promise<void> = Promise.resolve();
  #worker: Worker | undefined;
  #isStopped = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Trains a version, unless that is under way. */
  begin(at: Placed, version: Kept): void {
    const { id } = version.thing;
    if (this.#running.has(id) || this.#isStopped) return;
    this.#last = this.#last.then(() => this.#train(at, version)).finally(() => this.#running.delete(id));
    this.#running.set(id, this.#last);
  }

  /** Whether a version is trained, or waits for those before it. */
  isAtWork(id: string): boolean {
    return this.#running.has(id);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#worker?.terminate();
    await this.#last;
  }

  async #train(at: Placed, version: Kept): Promise<void> {
    try {
      const trained = await this.#learn(at, version);
      if (!this.#isStopped) await this.#options.ended(at, version.thing.id, trained);
    } catch (error) {
      // It is begun again when it is looked for.
      if (!this.#isStopped) this.#options.log('warn', 'a model could not be trained yet; it is tried again', { error: String(error) });
    }
  }

  async #learn(at: Placed, { hidden }: Kept): Promise<Trained> {
    if (this.#isStopped) throw new TypeError('the service ends');
    const { features, rounds, label_after_s: after } = fieldsOf(hidden.wish);
    const worker = new Worker(modulePath('services/payments/engine/risk/learn.main'), {
      resourceLimits: { maxOldGenerationSizeMb: trainingMemoryMax },
    });
    this.#worker = worker;
    const answer = new Promise<Trained>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new TypeError(`the thread that trains a model ended with ${code}`)));
    });
    // Whoever reads meanwhile may fail first.
    answer.catch(() => undefined);
    const tell = (message: ToLearner) => worker.postMessage(message);
    try {
      for await (const happened of this.#happened(at)) tell({ happened });
      const until = Math.floor(this.#options.now() / 1000) - (numberOf(after) ?? 0);
      const wish = { candidates: allNumbers, training: { rounds: Number(rounds) }, featuresMost: Number(features), until };
      tell({ wish: { ...wish, entitiesMost: featureEntitiesMax }, rival: await this.#rival(at) });
      return await answer;
    } finally {
      this.#worker = undefined;
      await worker.terminate();
    }
  }

  /** What happened, some at a time, oldest first; payments go on between. */
  async *#happened(at: Placed): AsyncGenerator<Happened[]> {
    const breath = breathing(replayedMs);
    const first = await this.#options.objects.eventsFrom(at, learned, trainedEventsMax);
    for (let after = first; ; ) {
      const { events, last } = await this.#options.objects.eventsAfter(at, learned, after, trainingPageMax);
      yield events.flatMap(happenedIn);
      await breath();
      if (last === undefined || this.#isStopped) return;
      after = last;
    }
  }

  /** What payments are scored by now. */
  async #rival(at: Placed): Promise<Extract<ToLearner, { wish: unknown }>['rival']> {
    const kept = await this.#options.objects.get(at, modelKind, modelKind);
    const [format, model] = [textOf(kept?.thing.format), textOf(kept?.thing.model)];
    if (kept && format !== undefined && model !== undefined) return { format, model, calibration: calibrationIn(kept.thing) };
    if (kept && kept.thing.version !== defaultModel) return undefined;
    const begun = readDefault();
    return { format: 'gamut', model: begun.model, calibration: begun.calibration };
  }
}

/** What an event says of a payment: that it happened, or that it was a fraud, or none. */
function happenedIn({ type, created, data }: Thing): Happened[] {
  const { object } = data as { object: Thing };
  const charge = textOf(object.charge) ?? '';
  const seconds = Number(created);
  const told = (isFraud: boolean): Happened => ({ kind: 'told', id: charge, isFraud });
  switch (type) {
    case 'charge.dispute.created':
      return [...(object.reason === 'fraudulent' ? [told(true)] : []), { kind: 'disputed', id: charge, seconds }];
    case 'charge.dispute.closed':
      return object.status === 'won' ? [told(false)] : [];
    case 'refund.created':
      return object.reason === 'fraudulent' ? [told(true)] : [];
    case 'radar.early_fraud_warning.created':
      return [told(true)];
    case 'charge.updated': {
      const { user_report: report } = fieldsOf(object.fraud_details);
      return report == null ? [] : [{ kind: 'told', id: object.id, isFraud: report === 'fraudulent' }];
    }
    case 'review.closed':
      return object.closed_reason === 'approved' ? [told(false)] : [];
  }
  const asked = askedOfCharge(object);
  const kind = type === 'charge.failed' ? 'declined' : 'paid';
  return [{ kind, id: object.id, seconds, amount: asked.amount, entities: [...entitiesOf(asked)] }];
}
