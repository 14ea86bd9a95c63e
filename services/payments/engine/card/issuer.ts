import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Host } from '#engine/iso8583/host.ts';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { answerTo, assertComplete, type Scheme, schemeSpec } from '#wire/iso8583/scheme.ts';
import { cardBehind } from '../../domain/card-number.ts';
import { decide } from '../../domain/issuer.ts';
import { codeOf } from '../../domain/response-code.ts';
import { authorizationsKeptMax } from './limits.ts';
import { circumstancesIn, type Conditions, encodingOf } from './network.ts';

/** What an issuer remembers of one authorization, by what the acquirer calls it. */
type Authorization = { readonly answer: IsoMessage['fields']; readonly currency: string; readonly place: string; amount: number };

const [approvedCode, unknownRecord, formatError] = ['00', '25', '30'];
const approvalLetters = 6;
/** The processing code of money that is given back. */
const refundCode = '200000';

/**
 * Simulated issuers behind a network. An answer follows from the card and from what is asked, and a message that comes again is answered
 * as before, which is the inquiry of a real network; a reversal takes back what it names. The network in between loses messages,
 * delays answers and repeats them as the environment wants it, by draws that follow from a seed.
 */
export class Issuers {
  readonly #conditionsOf: (place: string) => Conditions;
  readonly #known = new Map<string, Authorization>();

  constructor(conditionsOf: (place: string) => Conditions) {
    this.#conditionsOf = conditionsOf;
  }

  /** Opens a network of a scheme; answers its host and its port. */
  async open(scheme: Scheme, address: string): Promise<{ host: Host; port: number }> {
    const host = new Host(schemeSpec(scheme, encodingOf(scheme)), (message, signal) => this.#network(scheme, message, signal));
    return { host, port: await host.listen(0, address) };
  }

  /** What is held or taken on the cards of an environment, by currency. */
  books(place: string): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { place: of, currency, amount } of this.#known.values()) if (of === place) sums[currency] = (sums[currency] ?? 0) + amount;
    return sums;
  }

  async #network(scheme: Scheme, message: IsoMessage, signal: AbortSignal): Promise<IsoMessage | IsoMessage[] | undefined> {
    if (message.mti.startsWith('08')) return answerTo(message, { 39: approvedCode });
    const { seed, latencyMs, spreadMs, waitMs, lost, late, twice } = this.#conditionsOf(text(message, 42));
    const draw = (what: string) => drawn(`${seed} ${what} ${message.mti} ${text(message, 37)} ${text(message, 11)}`);
    const isLost = draw('lost') * 100 < lost;
    if (isLost && draw('unseen') < 0.5) return undefined;
    const answer = this.#issuer(scheme, message);
    if (isLost) return undefined;
    const delay = latencyMs + spreadMs * draw('latency') + (draw('late') * 100 < late ? waitMs * 2 : 0);
    if (delay > 0) await pause(delay, undefined, { signal, ref: false }).catch(() => undefined);
    return draw('twice') * 100 < twice ? [answer, answer] : answer;
  }

  #issuer(scheme: Scheme, message: IsoMessage): IsoMessage {
    try {
      assertComplete(message, scheme);
    } catch {
      return answerTo(message, { 39: formatError });
    }
    const kind = message.mti[1];
    if (kind === '4') return this.#reverse(message);
    if (message.mti[2] === '2') return this.#advice(message);
    const key = nameOf(message);
    const known = this.#known.get(key);
    if (known) return answerTo(message, known.answer);
    const { behaviour } = cardBehind(text(message, 2));
    const isRefund = text(message, 3) === refundCode;
    const circumstances = circumstancesIn(text(message, 60));
    const code = isRefund ? approvedCode : codeOf(decide(behaviour, { ...circumstances, offSession: true }));
    const isApproved = code === approvedCode;
    const answer = isApproved ? { 38: approvalOf(key), 39: code } : { 39: code };
    const amount = isApproved ? Number(text(message, 4)) * (isRefund ? -1 : 1) : 0;
    if (this.#known.size >= authorizationsKeptMax) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(key, { answer, amount, currency: text(message, 49), place: text(message, 42) });
    return answerTo(message, answer);
  }

  /** What was authorized is taken, or a part of it; the rest is free again. */
  #advice(message: IsoMessage): IsoMessage {
    const known = this.#known.get(nameOf(message));
    if (known) known.amount = Number(text(message, 4));
    return answerTo(message, { 39: approvedCode });
  }

  #reverse(message: IsoMessage): IsoMessage {
    const known = this.#known.get(nameOf(message));
    if (known) known.amount = 0;
    return answerTo(message, { 39: known ? approvedCode : unknownRecord });
  }
}

const text = ({ fields }: IsoMessage, number: number): string => String(fields[number] ?? '').trimEnd();
/** An authorization and all that is about it bear one retrieval reference of one acceptor. */
const nameOf = (message: IsoMessage): string => `${text(message, 42)} ${text(message, 37)}`;
const approvalOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, approvalLetters).toUpperCase();

/** A number from 0 to 1 that follows from a text. */
const drawn = (name: string): number => createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
