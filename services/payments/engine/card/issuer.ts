import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Host } from '#engine/iso8583/host.ts';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { answerTo, assertComplete, type Scheme, schemeSpec } from '#wire/iso8583/scheme.ts';
import { acquirers } from '../../domain/acquirer.ts';
import { isDown } from '../../domain/outage.ts';
import { cardBehind } from '../../domain/card-number.ts';
import { decide } from '../../domain/issuer.ts';
import { codeOf } from '../../domain/response-code.ts';
import { issuerData, provenChip, testPin, zoneKey } from './chip.ts';
import { decipher } from './des.ts';
import { pinIn } from './pin.ts';
import { authorizationsKeptMax, chipsKeptMax, pinTriesMax, marketsKeptMax } from './limits.ts';
import { Market } from './market.ts';
import { circumstancesIn, type Conditions, encodingOf } from './network.ts';

/** What an issuer remembers of one authorization, by what the acquirer calls it. */
type Authorization = { readonly answer: IsoMessage['fields']; readonly currency: string; readonly place: string; amount: number };

const [approvedCode, unknownRecord, formatError, unreachable] = ['00', '25', '30', '91'];
/** A cryptogram that is not the card's, a PIN that is not its holder's, and one time too many. */
const [notProven, wrongPin, tooManyPins] = ['82', '55', '75'];
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
  readonly #chips = new Set<string>();
  readonly #wrongPins = new Map<string, number>();
  readonly #markets = new Map<string, Market>();

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
    if (this.#isDown(scheme, message)) return undefined;
    const draw = (what: string) => drawn(`${seed} ${what} ${message.mti} ${text(message, 37)} ${text(message, 11)}`);
    const isLost = draw('lost') * 100 < lost;
    if (isLost && draw('unseen') < 0.5) return undefined;
    const answer = this.#issuer(scheme, message);
    if (isLost) return undefined;
    const delay = latencyMs + spreadMs * draw('latency') + (draw('late') * 100 < late ? waitMs * 2 : 0);
    if (delay > 0) await pause(delay, undefined, { signal, ref: false }).catch(() => undefined);
    // What is on its way when the network goes down does not arrive, though the issuer has acted.
    if (this.#isDown(scheme, message)) return undefined;
    return draw('twice') * 100 < twice ? [answer, answer] : answer;
  }

  #isDown({ name }: Scheme, message: IsoMessage): boolean {
    return isDown(this.#conditionsOf(text(message, 42)).down, 'card', name);
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
    const proven = this.#proven(message);
    const decided = proven ?? (isRefund ? approvedCode : codeOf(decide(behaviour, { ...circumstances, offSession: true })));
    const code = decided === approvedCode && !isRefund ? this.#fate(message) : decided;
    const isApproved = code === approvedCode;
    const chip = message.fields[55];
    const issued = chip instanceof Uint8Array && code !== notProven ? { 55: issuerData(chip, text(message, 2), code) } : {};
    const answer = { ...(isApproved ? { 38: approvalOf(key) } : {}), 39: code, ...issued };
    const amount = isApproved ? Number(text(message, 4)) * (isRefund ? -1 : 1) : 0;
    if (this.#known.size >= authorizationsKeptMax) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(key, { answer, amount, currency: text(message, 49), place: text(message, 42) });
    return answerTo(message, answer);
  }

  /** Why a card that was there is refused: its chip proves nothing, or nothing new, or the PIN is wrong; undefined where all is right. */
  #proven(message: IsoMessage): string | undefined {
    const { 52: block, 55: chip } = message.fields;
    if (!(chip instanceof Uint8Array)) return undefined;
    const card = { number: text(message, 2), amount: text(message, 4), currency: text(message, 49) };
    const counter = provenChip(chip, card);
    const name = `${text(message, 42)} ${card.number}`;
    if (counter === undefined || this.#chips.has(`${name} ${counter}`)) return notProven;
    if (this.#chips.size >= chipsKeptMax) this.#chips.clear();
    this.#chips.add(`${name} ${counter}`);
    if (!(block instanceof Uint8Array)) return undefined;
    const tries = this.#wrongPins.get(name) ?? 0;
    if (tries >= pinTriesMax) return tooManyPins;
    const isRight = pinIn(decipher(zoneKey, block), card.number) === testPin;
    if (isRight) this.#wrongPins.delete(name);
    else this.#wrongPins.set(name, tries + 1);
    return isRight ? undefined : wrongPin;
  }

  /** What becomes of what the card would be approved: it does not get through, or is declined by chance. */
  #fate(message: IsoMessage): string {
    if (!this.#getsThrough(message)) return unreachable;
    const { seed, declined, declineCode } = this.#conditionsOf(text(message, 42));
    return drawn(`${seed} declined ${nameOf(message)}`) * 1000 < declined ? declineCode : approvedCode;
  }

  /** Whether an acquirer gets to the issuer what the issuer would approve. */
  #getsThrough(message: IsoMessage): boolean {
    const { market, down } = this.#conditionsOf(text(message, 42));
    const code = text(message, 32);
    const acquirer = acquirers.find((each) => each.code === code)?.id ?? code;
    if (isDown(down, acquirer)) return false;
    if (market === undefined) return true;
    const number = text(message, 2);
    const { country, brand } = cardBehind(number);
    const { authenticated, offSession } = circumstancesIn(text(message, 60));
    const entry = authenticated ? 'proven' : offSession ? 'away' : 'plain';
    const trade = { country, brand, bin: number.slice(0, 6), amount: Number(text(message, 4)), entry };
    return drawn(`${market} ${nameOf(message)} ${code}`) < this.#market(market).approval(acquirer, trade);
  }

  #market(seed: string): Market {
    const known = this.#markets.get(seed);
    if (known) return known;
    const made = new Market(seed);
    if (this.#markets.size >= marketsKeptMax) this.#markets.clear();
    this.#markets.set(seed, made);
    return made;
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
