/** Numbers of commands that a client sends or gets. */
export const command = { pingClient: 3, pongClient: 4, request: 5, reply: 8, eviction: 18 } as const;

/** Why a session ends, as an eviction says it. */
export const evictionReason = {
  noSession: 1,
  releaseTooLow: 2,
  releaseTooHigh: 3,
  invalidOperation: 4,
  invalidBody: 5,
  invalidBodySize: 6,
  sessionTooLow: 7,
  releaseMismatch: 8,
} as const;
export type EvictionReason = (typeof evictionReason)[keyof typeof evictionReason];

/** The operation that opens a session; those of the state machine begin at 128. */
export const registerOperation = 2;

/** What an operation does, whatever the form its events and results come in. */
export type Verb =
  | 'createAccounts'
  | 'createTransfers'
  | 'lookupAccounts'
  | 'lookupTransfers'
  | 'getAccountTransfers'
  | 'getAccountBalances'
  | 'queryAccounts'
  | 'queryTransfers'
  | 'getChangeEvents';

/** One form of an operation: sizes in bytes, whether the body has a trailer of batches, whether only failures are answered. */
export type Operation = {
  readonly code: number;
  readonly verb: Verb;
  readonly eventBytes: number;
  readonly resultBytes: number;
  readonly batched: boolean;
  readonly sparse: boolean;
  /** Whether a batch holds many events; otherwise it is one filter. */
  readonly many: boolean;
};

const sizes: Record<Verb, readonly [eventBytes: number, resultBytes: number, many: boolean]> = {
  createAccounts: [128, 16, true],
  createTransfers: [128, 16, true],
  lookupAccounts: [16, 128, true],
  lookupTransfers: [16, 128, true],
  getAccountTransfers: [128, 128, false],
  getAccountBalances: [128, 128, false],
  queryAccounts: [64, 128, false],
  queryTransfers: [64, 128, false],
  getChangeEvents: [64, 384, false],
};

/** By their number over 128: the old forms without batches, change events, the sparse forms, and today's. */
const codes: readonly (readonly [code: number, verb: Verb, form: 'plain' | 'sparse' | 'dense'])[] = [
  [129, 'createAccounts', 'plain'],
  [130, 'createTransfers', 'plain'],
  [131, 'lookupAccounts', 'plain'],
  [132, 'lookupTransfers', 'plain'],
  [133, 'getAccountTransfers', 'plain'],
  [134, 'getAccountBalances', 'plain'],
  [135, 'queryAccounts', 'plain'],
  [136, 'queryTransfers', 'plain'],
  [137, 'getChangeEvents', 'plain'],
  [138, 'createAccounts', 'sparse'],
  [139, 'createTransfers', 'sparse'],
  [140, 'lookupAccounts', 'dense'],
  [141, 'lookupTransfers', 'dense'],
  [142, 'getAccountTransfers', 'dense'],
  [143, 'getAccountBalances', 'dense'],
  [144, 'queryAccounts', 'dense'],
  [145, 'queryTransfers', 'dense'],
  [146, 'createAccounts', 'dense'],
  [147, 'createTransfers', 'dense'],
];

/** Every operation of the state machine, by its number. */
export const operations: ReadonlyMap<number, Operation> = new Map(
  codes.map(([code, verb, form]) => {
    const [eventBytes, dense, many] = sizes[verb];
    const creates = verb === 'createAccounts' || verb === 'createTransfers';
    const sparse = creates && form !== 'dense';
    return [code, { code, verb, eventBytes, resultBytes: sparse ? 8 : dense, batched: form !== 'plain', sparse, many }];
  }),
);
