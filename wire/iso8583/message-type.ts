import { Iso8583Error } from './violation.ts';

const classes = {
  1: 'authorization',
  2: 'financial',
  3: 'file-action',
  4: 'reversal',
  5: 'reconciliation',
  6: 'administrative',
  7: 'fee-collection',
  8: 'network-management',
} as const;
const functions = { 0: 'request', 1: 'response', 2: 'advice', 3: 'advice-response', 4: 'notification' } as const;
const origins = { 0: 'acquirer', 1: 'acquirer', 2: 'issuer', 3: 'issuer', 4: 'other', 5: 'other' } as const;

/** What the four digits of a message type say. `isRepeat` is a message sent again because no answer came. */
export type MessageType = {
  readonly class: (typeof classes)[keyof typeof classes];
  readonly function: (typeof functions)[keyof typeof functions];
  readonly origin: (typeof origins)[keyof typeof origins];
  readonly isRepeat: boolean;
};

/** Reads a message type of ISO 8583:1987. */
export function messageType(mti: string): MessageType {
  const [version, kind, what, origin] = mti;
  const found = classes[kind as unknown as keyof typeof classes];
  const how = functions[what as unknown as keyof typeof functions];
  const whose = origins[origin as unknown as keyof typeof origins];
  if (mti.length !== 4 || version !== '0' || !found || !how || !whose)
    throw new Iso8583Error(`${mti} is no message type of ISO 8583:1987`, 0, 0);
  return { class: found, function: how, origin: whose, isRepeat: Number(origin) % 2 === 1 };
}

/** The type of the answer to a request or an advice (0100 > 0110, 0421 > 0430); undefined where none is due. */
export function answerType(mti: string): string | undefined {
  const { function: what } = messageType(mti);
  if (what !== 'request' && what !== 'advice') return undefined;
  return `${mti.slice(0, 2)}${Number(mti[2]) + 1}${Number(mti[3]) & ~1}`;
}

/** The type under which a request or an advice is sent again: 0100 > 0101. */
export function repeatType(mti: string): string {
  messageType(mti);
  return `${mti.slice(0, 3)}${Number(mti[3]) | 1}`;
}
