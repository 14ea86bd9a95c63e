import { type Scheme, schemeOf, schemes } from '#wire/iso8583/scheme.ts';
import type { Encoding } from '#wire/iso8583/spec.ts';

/** What the standard itself says, for cards of schemes without an overlay. */
const standard: Scheme = { ...(schemes.find(({ name }) => name === 'jcb') as Scheme), name: 'standard', ranges: [], fields: {} };

export const networkOf = (number: string): Scheme => schemeOf(number) ?? standard;

/** Some networks pack their messages, others write them out. */
export const encodingOf = ({ name }: Scheme): Encoding => (name === 'visa' || name === 'amex' ? 'binary' : 'ascii');

/** What a simulated network and the issuers behind it are like; shares are percentages of messages. */
export type Conditions = {
  readonly seed: string;
  /** Milliseconds that every answer takes, and how many more some take. */
  readonly latencyMs: number;
  readonly spreadMs: number;
  /** How long the switch waits for an answer. */
  readonly waitMs: number;
  /** Messages that nobody answers: half of them were acted on all the same. */
  readonly lost: number;
  /** Answers that come when nobody waits any more. */
  readonly late: number;
  /** Answers that come twice. */
  readonly twice: number;
  /** The market of acquirers that payments go through, by its seed; where it is undefined, all get through. */
  readonly market?: string;
  /** Authorizations of a thousand that issuers decline, whatever the card, and the response code that they say. */
  readonly declined: number;
  readonly declineCode: string;
  /** What is down: networks and rails that nothing comes back from, acquirers that reach no network. */
  readonly down?: readonly string[];
  /** How soon a standard payout leaves, in seconds; on the next bank day where it is undefined. */
  readonly payoutSeconds?: number;
};

/** What a message says of the cardholder, in field 60: proven, prepared for payments without them, away. */
export type Circumstances = { readonly authenticated: boolean; readonly prepared: boolean; readonly offSession: boolean };

export const circumstancesText = ({ authenticated, prepared, offSession }: Circumstances): string =>
  `A${Number(authenticated)}P${Number(prepared)}O${Number(offSession)}`;

export function circumstancesIn(text: string): Circumstances {
  return { authenticated: text.includes('A1'), prepared: text.includes('P1'), offSession: text.includes('O1') };
}
