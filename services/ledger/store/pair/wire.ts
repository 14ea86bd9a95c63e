import type { Wire as AnyWire } from '#kernel/pair/wire.ts';

/** What two processes of a ledger say to each other. */
export const kind = { hello: 1, welcome: 2, entries: 3, ack: 4, commit: 5, beat: 6, pong: 7, file: 8, got: 9, copied: 10 } as const;
export type Kind = (typeof kind)[keyof typeof kind];

/** A line between the two. */
export type Wire = Omit<AnyWire, 'send' | 'listen' | 'waitingBytes'> & {
  send(kind: Kind, parts?: readonly Uint8Array[]): void;
  /** Takes what arrives from now on; before, it waits. */
  listen(on: { message(kind: Kind, body: Buffer): void; close(): void }): void;
};
