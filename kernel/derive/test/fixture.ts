import { Type } from '../../contract/type.ts';
import type { Caller, EndReason } from '../../contract/caller.ts';
import { type AnyService, defineService, type Face } from '../../contract/contract.ts';
import { crud } from '../../contract/crud.ts';
import { fault } from '../../contract/fault.ts';
import type { Bytes, Gate, Material, More, Result, Session } from '../../contract/session.ts';
import { applyDefaults } from '../default.ts';
import { httpServer } from '../../listen/http.ts';
import { restHandler } from '../rest.ts';
import { validator } from '../validate.ts';

const closed = { additionalProperties: false } as const;
const everywhere = ['rest', 'cli', 'console'] as const;
const write = { effect: 'write', audit: 'before-reply', repeat: 'natural', expose: everywhere } as const;
const read = { effect: 'read', audit: 'window', repeat: 'natural', expose: everywhere } as const;
const Spec = Type.Object(
  { title: Type.String({ minLength: 1, maxLength: 20 }), size: Type.Optional(Type.Integer({ minimum: 0 })) },
  closed,
);

/** A contract with one operation for every way that input and output can travel. */
export const sample = defineService({
  name: 'sample',
  title: 'Sample',
  text: 'Every shape an operation can have.',
  version: 1,
  resources: {
    Note: { of: 'scope', text: 'A note.', spec: Spec, owner: 'kernel', columns: ['title'] },
    Blob: { of: 'scope', text: 'Bytes.', spec: Type.Object({}), owner: 'service' },
  },
  meters: {},
  quotas: {},
  events: {},
  needs: {},
  errors: {},
  doors: { http: { protocol: 'http', port: 0, faces: ['bearer'], anonymous: 'never', text: 'REST.' } },
  operations: {
    ...crud({ kind: 'Note', title: 'note', spec: Spec }),
    ShareNote: {
      ...write,
      on: 'Note',
      text: 'Share a note.',
      input: Type.Object({ with: Type.String({ format: 'email' }) }, closed),
      output: Type.Object({ shared: Type.String() }),
    },
    CountNotes: {
      ...read,
      on: 'Note',
      at: 'collection',
      text: 'Count notes.',
      input: Type.Object(
        {
          tag: Type.Optional(Type.Array(Type.String({ maxLength: 5 }))),
          deep: Type.Optional(Type.Boolean()),
          ratio: Type.Optional(Type.Number()),
          kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
          within: Type.Optional(Type.Object({ first: Type.Integer() }, closed)),
          least: Type.Integer({ default: 3 }),
        },
        closed,
      ),
      output: Type.Object({ given: Type.Unknown() }),
    },
    PutBlob: {
      ...write,
      on: 'Blob',
      body: 'in',
      text: 'Store bytes.',
      input: Type.Object({ contentType: Type.Optional(Type.String()) }, closed),
      output: Type.Object({ size: Type.Integer() }),
    },
    GetBlob: {
      ...read,
      on: 'Blob',
      body: 'out',
      text: 'Read bytes.',
      input: Type.Object({}, closed),
      output: Type.Object({ size: Type.Integer(), label: Type.String() }),
    },
    HeadBlob: {
      ...read,
      on: 'Blob',
      text: 'Read about bytes.',
      input: Type.Object({}, closed),
      output: Type.Object({ size: Type.Integer() }),
    },
    TurnBlob: {
      ...write,
      on: 'Blob',
      body: 'both',
      text: 'Answer the bytes in capitals.',
      input: Type.Object({}, closed),
      output: Type.Object({}),
    },
    HiddenBlob: { ...write, on: 'Blob', expose: ['cli'], text: 'Not in REST.', input: Type.Object({}, closed), output: Type.Object({}) },
  },
  roles: { auditor: [], reader: ['GetNote'], editor: ['reader'], admin: ['editor'], owner: ['admin'] },
});

export type Handler = (name: string, input: Record<string, unknown>, more: More, face: Face) => Promise<Result<unknown>>;

/** Sessions handed out by a test's gate, so that it can end them. */
export type Handed = { readonly face: Face; readonly material: Material; readonly abort: AbortController; ended: boolean };

/** A gate that takes the secrets 'good' and runs functions of the test behind the input's schema. */
export function testGate(contract: AnyService, handlers: Record<string, Handler>, handed: Handed[] = [], all: Handed[] = []): Gate {
  const caller: Caller = { tenant: 1n, scope: 2n, principal: 'p', credential: 3n, face: 'bearer' };
  const present = (face: Face, material: Material): Session => {
    if ((material.token ?? material.password ?? material.fingerprint) !== 'good')
      throw fault('Unauthenticated', { path: 'unknown', detail: 'The credential is not known.' });
    const abort = new AbortController();
    const mine: Handed = { face, material, abort, ended: false };
    handed.push(mine);
    all.push(mine);
    return {
      caller,
      proof: face === 'session' ? { csrf: 'token' } : undefined,
      signal: abort.signal,
      grant: () => ({ spend: () => 0 }),
      async invoke(operation: string, name: string, given: unknown, more: More = {}) {
        const schema = contract.operations[operation]?.input ?? Type.Object({});
        const input = applyDefaults(schema, given);
        const failure = validator(schema)(input);
        if (failure) throw fault('BadInput', failure);
        const handler = handlers[operation];
        if (!handler) throw fault('NotImplemented');
        return (await handler(name, input as Record<string, unknown>, more, face)) as Result<never>;
      },
      visible: () => ({ admits: () => true }),
      end: () => {
        mine.ended = true;
      },
    };
  };
  return {
    present,
    exchange: () => {
      throw fault('NotImplemented');
    },
    anonymous: () => {
      throw fault('Unauthenticated');
    },
  };
}

/** `handed` may be emptied by a test; `endAll` reaches every session there was. */
export type Served = {
  readonly url: string;
  readonly handed: Handed[];
  readonly logged: string[];
  endAll(reason: EndReason): void;
  close(): Promise<void>;
};

/** Serves a contract's REST on a loopback port. */
export async function serve(contract: AnyService, handlers: Record<string, Handler>, secure = false): Promise<Served> {
  const handed: Handed[] = [];
  const all: Handed[] = [];
  const logged: string[] = [];
  const handler = restHandler(contract, testGate(contract, handlers, handed, all), { log: (_level, message) => logged.push(message) });
  const door = await httpServer({ name: 'test', host: '127.0.0.1', port: 0, fallback: 'refuse', plain: 'loopback' }, (request, response) =>
    handler(request, response, { secure }),
  );
  return {
    url: door.url,
    handed,
    logged,
    endAll: (reason) => {
      for (const each of all) each.abort.abort(reason);
    },
    close: () => door.close(),
  };
}

export async function* bytesOf(...pieces: (string | Uint8Array)[]): Bytes {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

export async function textOf(body: Bytes | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
