import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { livesMax } from './limits.ts';

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
  region: Type.String(),
  zone: Type.String(),
  rack: Type.String(),
  node: Type.String(),
  weight: Type.Number(),
  state: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('rebuilding')]),
  reason: Type.Optional(Type.String({ description: 'Why it is out.' })),
  since: Type.Optional(Type.Integer({ description: 'Milliseconds since 1970.' })),
  sameDisk: Type.Boolean({ description: 'Whether it shares a file system with another drive, and so would be lost with it.' }),
  sizeBytes: Type.Optional(Type.Integer({ description: 'Size of the file system that it lies on.' })),
  freeBytes: Type.Optional(Type.Integer({ description: 'What is free of it.' })),
});

const Node = Type.Object({
  name: Type.String(),
  address: Type.String(),
  state: Type.Union([Type.Literal('there'), Type.Literal('away')]),
  reason: Type.Optional(Type.String({ description: 'Why it is away.' })),
  since: Type.Integer({ description: 'Milliseconds since 1970.' }),
  drives: Type.Array(Type.Integer(), { description: 'The numbers of its drives.' }),
});

const Model = {
  dataShards: Type.Integer({ minimum: 1, maximum: 200, default: 12 }),
  parityShards: Type.Integer({ minimum: 0, maximum: 50, default: 4 }),
  annualFailureRate: Type.Number({ minimum: 0.00001, maximum: 10, default: 0.0157, description: 'Failures of a drive in a year.' }),
  repairDays: Type.Number({ minimum: 0.001, maximum: 365, default: 1, description: 'Days until a lost shard is made again.' }),
  domains: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 250, description: 'Racks, rooms or disks that fail as a whole; the shards are dealt out evenly.' }),
  ),
  domainFailureRate: Type.Number({ minimum: 0, maximum: 10, default: 0.01, description: 'Failures of such a domain in a year.' }),
  lives: Type.Integer({
    minimum: 0,
    maximum: livesMax,
    default: 0,
    description: 'Lives of a stripe that are played out by chance, with failures so much more frequent that losses are seen.',
  }),
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
      nodes: Type.Optional(Type.Array(Node, { description: 'The processes that hold drives, where there are such.' })),
      failureDomains: Type.Integer({
        description: 'File systems that the drives lie on. With one, the loss of its disk loses everything.',
      }),
      rebuilding: Type.Optional(Type.Object({ drive: Type.Integer(), bytes: Type.Integer(), startedAt: Type.Integer() })),
      repairsWaiting: Type.Integer({ description: 'Runs of shards that wait for repair.' }),
      unreadable: Type.Integer({ description: 'Of these, runs with too few shards left to be read.' }),
      repairs: Type.Array(
        Type.Object({
          id: Type.String({ description: 'The run of shards.' }),
          size: Type.Integer({ description: 'Bytes that it keeps.' }),
          shards: Type.Array(Type.Integer(), { description: 'Those to be made again; none while it waits for a drive.' }),
          unreadable: Type.Boolean(),
        }),
        { description: 'The first of them.' },
      ),
      extentsWaiting: Type.Integer({ description: 'Extents that wait to be sealed, emptied or dropped.' }),
      extents: Type.Object({ open: Type.Integer(), full: Type.Integer(), sealed: Type.Integer() }),
      repaired: Type.Integer({ description: 'Runs of shards repaired since the start.' }),
      repairedBytes: Type.Integer(),
      index: Type.Object({
        partitions: Type.Integer({ description: 'Partitions of the index: what follows is of all of them together.' }),
        unsyncedSince: Type.Optional(
          Type.Integer({ description: 'Since when changes of relaxed buckets wait for their sync, in milliseconds since 1970.' }),
        ),
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
      remote: Type.Optional(
        Type.Object(
          {
            away: Type.Boolean({ description: 'Whether its last answer was a refusal, or none.' }),
            removalsWaiting: Type.Integer({ description: 'Runs of bytes that it has yet to confirm as removed.' }),
            lastSweep: Type.Optional(
              Type.Object({
                endedAt: Type.Integer(),
                objects: Type.Integer({ description: 'Objects of this deployment that were found there.' }),
                orphans: Type.Integer({ description: 'Of these, objects of ours that nobody needed any more; they were removed.' }),
                foreign: Type.Integer({ description: 'Of these, objects that another copy of this data directory wrote; they stay.' }),
              }),
            ),
          },
          { description: "The operator's store, where there is one: new bytes go there and not to the drives." },
        ),
      ),
      scrubDays: Type.Number({ description: 'Days within which every stored byte is read.' }),
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
    text: 'How durable a stripe of a code is, by a Markov chain, by windows of repair and by lives played out.',
    errors: [],
    input: Type.Object(Model, closed),
    output: Type.Object({
      meanYearsToLoss: Type.Number({ description: 'By the Markov chain.' }),
      annualLoss: Type.Number({ description: 'Chance that a stripe is lost within a year, by the Markov chain.' }),
      nines: Type.Number(),
      windowLoss: Type.Number({ description: "The same by windows of repair, the model of Backblaze's published calculator." }),
      windowNines: Type.Number(),
      correlated: Type.Optional(
        Type.Object(
          { meanYearsToLoss: Type.Number(), annualLoss: Type.Number(), nines: Type.Number() },
          { description: 'By the chain in which whole domains fail too.' },
        ),
      ),
      played: Type.Optional(
        Type.Object({
          lives: Type.Integer(),
          raisedBy: Type.Number({ description: 'How many times as often drives and domains failed in them.' }),
          meanYears: Type.Number({ description: 'How long they were on average.' }),
          chainYears: Type.Number({ description: 'What the chain says of the same failures.' }),
        }),
      ),
      rawPerByte: Type.Number({ description: 'Raw bytes kept for each byte stored.' }),
    }),
  },
} as const satisfies Record<string, Operation>;
