import { createHash } from 'node:crypto';
import { AnswerMissing, Connection, NotSent } from '#engine/iso8583/connection.ts';
import type { Host } from '#engine/iso8583/host.ts';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { repeatType } from '#wire/iso8583/message-type.ts';
import { assertComplete, originalElements, type Scheme } from '#wire/iso8583/scheme.ts';
import { isOfIssuer } from './chip.ts';
import { Issuers } from './issuer.ts';
import { adviceTriesMax } from './limits.ts';
import { type Presented, translated } from './terminal.ts';
import { type Circumstances, circumstancesText, type Conditions, encodingOf, networkOf } from './network.ts';

const address = '127.0.0.1';
/** The letters of a retrieval reference number. */
const referenceLetters = 12;
const terminal = 'GAMUT001';

/** What a request asks for: `name` is the same whenever it is asked again. */
export type Asked = {
  readonly name: string;
  /** The environment, as issuers know it: field 42. */
  readonly place: string;
  readonly number: string;
  readonly amount: number;
  readonly currency: string;
  /** Year and month, as on the card: `3012`. */
  readonly expiry: string;
  /** The number of who takes it to the network: fields 32 and 33. */
  readonly acquirer: string;
  /** Whether the money is taken with it (0200), or held (0100). */
  readonly takes: boolean;
  readonly circumstances: Circumstances;
  readonly waitMs: number;
  /** What a terminal said of the card, where one was there. */
  readonly present?: Presented;
};

/** Enough of a message to name it later. */
export type Sent = { readonly mti: string; readonly trace: string; readonly time: string; readonly reference: string };
/** `code` is undefined where no answer came: what became of it is not known. */
export type Answered = Sent & { readonly code: string | undefined; readonly approval: string | undefined; readonly network: string };

/** Something the issuer is told and cannot refuse. `sent` is the message that is taken back or completed; a refund has none. */
export type Advice = Omit<Asked, 'takes' | 'circumstances' | 'present'> & {
  readonly kind: 'complete' | 'reverse' | 'refund';
  readonly sent: Sent | undefined;
};

type Heard = (place: string, message: IsoMessage) => void;
type Network = { readonly connection: Connection; readonly host: Host };

/** The card switch: a connection to each network, opened when a card of it comes first, and again when it was lost. */
export class Switch {
  readonly #heard: Heard;
  readonly issuers: Issuers;
  readonly #networks = new Map<string, Promise<Network>>();
  readonly #hosts = new Map<string, Promise<{ host: Host; port: number }>>();

  constructor(conditionsOf: (place: string) => Conditions, heard: Heard) {
    this.#heard = heard;
    this.issuers = new Issuers(conditionsOf);
  }

  /** Asks the issuer once, and where no answer comes once more by a repeat, which is an inquiry. */
  async authorize(asked: Asked): Promise<Answered> {
    const scheme = networkOf(asked.number);
    const { connection } = await this.#network(scheme);
    const reference = referenceOf(asked.name);
    const request = requestOf(asked, scheme, connection.nextTrace(), reference);
    const sent: Sent = { mti: request.mti, trace: String(request.fields[11]), time: String(request.fields[7]), reference };
    const answer =
      (await this.#exchange(connection, asked, request)) ??
      (await this.#exchange(connection, asked, { ...request, mti: repeatType(request.mti) }));
    const said = (number: number) => (answer?.fields[number] === undefined ? undefined : String(answer.fields[number]).trim());
    // A card that does not know its issuer in the answer takes no part in it: what was approved is taken back.
    const isTrusted = !asked.present || answer?.fields[39] !== '00' || isTrustedBy(asked, answer);
    return { ...sent, code: isTrusted ? said(39) : undefined, approval: said(38), network: scheme.name };
  }

  /** Tells the issuer, again and again; false while nobody has acknowledged it. */
  async advise(advice: Advice): Promise<boolean> {
    const scheme = networkOf(advice.number);
    const { connection } = await this.#network(scheme);
    const message = adviceOf(advice, scheme, connection.nextTrace());
    for (let tries = 0; tries < adviceTriesMax; tries += 1) {
      const answer = await this.#exchange(connection, advice, tries === 0 ? message : { ...message, mti: repeatType(message.mti) });
      if (answer) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    for (const network of this.#networks.values()) await network.then(({ connection }) => connection.close()).catch(() => undefined);
    for (const hosted of this.#hosts.values()) await hosted.then(({ host }) => host.close()).catch(() => undefined);
  }

  /** Undefined where no answer came. */
  async #exchange(connection: Connection, { place, waitMs }: { place: string; waitMs: number }, message: IsoMessage) {
    this.#heard(place, message);
    try {
      const answer = await connection.request(message, waitMs);
      this.#heard(place, answer);
      return answer;
    } catch (error) {
      if (error instanceof AnswerMissing || error instanceof NotSent) return undefined;
      throw error;
    }
  }

  async #network(scheme: Scheme): Promise<Network> {
    const known = await this.#networks.get(scheme.name)?.catch(() => undefined);
    if (known?.connection.isOpen) return known;
    const hosted = this.#hosts.get(scheme.name) ?? this.issuers.open(scheme, address);
    this.#hosts.set(scheme.name, hosted);
    const opened = this.#connected(scheme, await hosted);
    this.#networks.set(scheme.name, opened);
    return opened;
  }

  async #connected(scheme: Scheme, { host, port }: { host: Host; port: number }): Promise<Network> {
    // An answer that nobody waits for any more changes nothing: what it answers is being reversed, or was answered before.
    const late = (message: IsoMessage) => this.#heard(String(message.fields[42] ?? '').trimEnd(), message);
    return { host, connection: await Connection.open(port, address, { scheme, encoding: encodingOf(scheme), late }) };
  }
}

function isTrustedBy({ present, number }: Asked, answer: IsoMessage): boolean {
  const field = answer.fields[55];
  return field instanceof Uint8Array && isOfIssuer(field, Buffer.from(present?.chip ?? '', 'hex'), number);
}

/** What field 37 says of all that is asked and told under a name. */
export const referenceOf = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, referenceLetters).toUpperCase();

/** `MMDDhhmmss` in UTC. */
const timeNow = (): string => new Date().toISOString().replaceAll(/\D/g, '').slice(4, 14);

type Base = Pick<Asked, 'number' | 'amount' | 'place' | 'currency' | 'expiry' | 'acquirer'>;

function baseOf({ number, amount, place, currency, expiry, acquirer }: Base, trace: string, reference: string): IsoMessage['fields'] {
  const time = timeNow();
  return {
    ...{ 2: number, 3: '000000', 4: String(amount), 7: time, 11: trace, 12: time.slice(4), 13: time.slice(0, 4), 14: expiry },
    ...{ 18: '5999', 32: acquirer, 33: acquirer, 37: reference, 41: terminal, 42: place, 49: currency.toUpperCase() },
  };
}

/** What Mastercard wants to know of the terminal: none was there. */
const terminalOf = ({ name }: Scheme): IsoMessage['fields'] => (name === 'mastercard' ? { 61: '00000000000000' } : {});

/** What a terminal adds: how the card was read, which of its number it is, what its chip said, and the PIN as issuers want it. */
function chipOf({ present, number }: Pick<Asked, 'present' | 'number'>): IsoMessage['fields'] {
  if (!present) return {};
  const { entry, chip, pin, serial } = present;
  const read = { 22: entry === 'chip' ? '051' : '071', 23: '001', 25: '00', 55: Buffer.from(chip, 'hex') };
  return pin === undefined || serial === undefined ? read : { ...read, 52: translated(pin, serial, number), 53: pinSecurity };
}

/** Field 53: a PIN block of format 0 under triple DES, and the first key of the zone. */
const pinSecurity = '2001010100000000';

function requestOf(asked: Asked, scheme: Scheme, trace: string, reference: string): IsoMessage {
  const { authenticated, offSession } = asked.circumstances;
  const entry = { 22: offSession ? '100' : '810', 25: authenticated ? '59' : '08', 60: circumstancesText(asked.circumstances) };
  const fields = { ...baseOf(asked, trace, reference), ...entry, ...terminalOf(scheme), ...chipOf(asked) };
  const message = { mti: asked.takes ? '0200' : '0100', fields };
  assertComplete(message, scheme);
  return message;
}

function adviceOf(advice: Advice, scheme: Scheme, trace: string): IsoMessage {
  const { kind, sent, name, acquirer } = advice;
  const base = baseOf(advice, trace, sent?.reference ?? referenceOf(name));
  if (kind === 'refund') return { mti: '0200', fields: { ...base, 3: '200000', 22: '810', 25: '08', 60: 'A0P0O1', ...terminalOf(scheme) } };
  const original = sent && originalElements({ mti: sent.mti, fields: { 11: sent.trace, 7: sent.time, 32: acquirer, 33: acquirer } });
  if (kind === 'reverse') return { mti: '0420', fields: { ...base, 90: original } };
  return { mti: '0220', fields: { ...base, 38: '000000', 39: '00', 90: original } };
}
