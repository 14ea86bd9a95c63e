import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';

const closed = { additionalProperties: false } as const;
const read = {
  on: 'Bucket',
  at: 'collection',
  effect: 'read',
  audit: 'window',
  repeat: 'natural',
  charge: ['request'],
  quota: ['requests'],
  expose: ['rest', 'cli', 'console'],
} as const;

const Drive = Type.Object({
  number: Type.Integer(),
  zone: Type.String(),
  rack: Type.String(),
  node: Type.String(),
  weight: Type.Number(),
  state: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('rebuilding')]),
  reason: Type.Optional(Type.String({ description: 'Why it is out.' })),
  since: Type.Optional(Type.Integer({ description: 'Milliseconds since 1970.' })),
  sameDisk: Type.Boolean({ description: 'Whether it shares a file system with another drive, and so would be lost with it.' }),
});

const Model = {
  dataShards: Type.Integer({ minimum: 1, maximum: 200, default: 12 }),
  parityShards: Type.Integer({ minimum: 0, maximum: 50, default: 4 }),
  annualFailureRate: Type.Number({ minimum: 0.00001, maximum: 10, default: 0.0157, description: 'Failures of a drive in a year.' }),
  repairDays: Type.Number({ minimum: 0.001, maximum: 365, default: 1, description: 'Days until a lost shard is made again.' }),
};

/** The operations that tell of the drives behind the buckets. */
export const engineOperations = {
  DescribeDrives: {
    ...read,
    text: 'The drives, what waits for repair, and the last look at every stored byte and at every row of the index.',
    errors: [],
    input: Type.Object({}, closed),
    output: Type.Object({
      drives: Type.Array(Drive),
      failureDomains: Type.Integer({
        description: 'File systems that the drives lie on. With one, the loss of its disk loses everything.',
      }),
      rebuilding: Type.Optional(Type.Object({ drive: Type.Integer(), bytes: Type.Integer(), startedAt: Type.Integer() })),
      repairsWaiting: Type.Integer({ description: 'Runs of shards that wait for repair.' }),
      unreadable: Type.Integer({ description: 'Of these, runs with too few shards left to be read.' }),
      extentsWaiting: Type.Integer({ description: 'Extents that wait to be sealed, emptied or dropped.' }),
      extents: Type.Object({ open: Type.Integer(), full: Type.Integer(), sealed: Type.Integer() }),
      repaired: Type.Integer({ description: 'Runs of shards repaired since the start.' }),
      repairedBytes: Type.Integer(),
      index: Type.Object({
        copies: Type.Integer({ description: 'Drives that hold the log from which the index can be made again.' }),
        logBytes: Type.Integer({ description: 'Bytes of a copy of it.' }),
        lastCheck: Type.Optional(
          Type.Object({
            endedAt: Type.Integer(),
            rows: Type.Integer(),
            wrong: Type.Integer({ description: 'Rows that were damaged, and were made again.' }),
            damagedCopies: Type.Integer(),
          }),
        ),
      }),
      lastScrub: Type.Optional(
        Type.Object({
          endedAt: Type.Integer(),
          bytes: Type.Integer(),
          damagedShards: Type.Integer(),
          damagedCopies: Type.Integer(),
        }),
      ),
    }),
  },
  EstimateDurability: {
    ...read,
    text: 'How durable a stripe of a code is, by a Markov chain and by windows of repair. A model: drives are taken to fail independently.',
    errors: [],
    input: Type.Object(Model, closed),
    output: Type.Object({
      meanYearsToLoss: Type.Number({ description: 'By the Markov chain.' }),
      annualLoss: Type.Number({ description: 'Chance that a stripe is lost within a year, by the Markov chain.' }),
      nines: Type.Number(),
      windowLoss: Type.Number({ description: "The same by windows of repair, the model of Backblaze's published calculator." }),
      windowNines: Type.Number(),
      rawPerByte: Type.Number({ description: 'Raw bytes kept for each byte stored.' }),
    }),
  },
} as const satisfies Record<string, Operation>;
