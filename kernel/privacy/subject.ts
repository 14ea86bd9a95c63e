import { Type } from '../contract/type.ts';
import type { Caller } from '../contract/caller.ts';
import type { Provider } from '../contract/provider.ts';
import type { Bytes } from '../contract/session.ts';
import { subjectMax } from './limits.ts';

/** Whose data is meant. */
type At = { readonly tenant: bigint; readonly scope: bigint };

/** One thing that is about a subject. `bytes` are its own, sent behind it as they come. */
export type SubjectItem = {
  readonly kind: string;
  readonly name: string;
  readonly data: unknown;
  readonly bytes?: () => Promise<Bytes>;
};

/** What was erased, and what a law or a lock keeps. */
export type Erased = { readonly erased: number; readonly kept: readonly Kept[] };
export type Kept = { readonly kind: string; readonly name: string; readonly reason: string };

/** A request about a subject. */
export type SubjectCall = { readonly caller: Caller; readonly requestId: string; readonly input: { readonly subject: string } };

/** What a service knows of the subjects of an environment: everything that carries the label `subject` with their name. */
export interface SubjectData {
  find(at: At, subject: string, call: SubjectCall): AsyncIterable<SubjectItem | Uint8Array>;
  /** Erases so that no file keeps the bytes; called again it finishes what was cut short. */
  erase(at: At, subject: string, call: SubjectCall): Promise<Erased>;
}

/** The label under which data names the subject it is about. */
export const subjectLabel = 'subject';

const closed = { additionalProperties: false } as const;
const Subject = Type.String({
  minLength: 1,
  maxLength: subjectMax,
  description: 'The name of the subject in the label `subject`: an id or an address.',
});
const input = Type.Object({ subject: Subject }, closed);

const Erasure = Type.Object({
  erased: Type.Integer({ description: 'Things that are gone.' }),
  kept: Type.Array(Type.Object({ kind: Type.String(), name: Type.String(), reason: Type.String() })),
});

const expose = ['rest', 'cli', 'console'] as const;
const common = { on: 'DataSubject', at: 'collection', effect: 'write', audit: 'before-reply', repeat: 'natural', expose, input } as const;

/** The kind that privacy requests speak of, to spread into a contract's resources. */
export const subjectResources = {
  DataSubject: { of: 'scope', text: 'A person that data is about.', spec: Type.Object({}), owner: 'service' },
} as const;

/** The operations of every service that holds data about persons, to spread into a contract's operations. */
export const subjectOperations = {
  ExportDataSubject: {
    ...common,
    body: 'out',
    text: 'Export everything about a subject, one JSON object a line.',
    output: Type.Object({}),
  },
  EraseDataSubject: { ...common, essential: true, text: 'Erase everything about a subject, for ever.', output: Erasure },
} as const;

/** Subjects have no attributes that policy could ask for. */
export const dataSubjectProvider = { attributes: () => undefined } as unknown as Provider;

/** The handlers of those operations. */
export function subjectHandlers(service: string, { find, erase }: SubjectData) {
  return {
    ExportDataSubject: async (call: SubjectCall) => ({ output: {}, body: lines(service, find(call.caller, call.input.subject, call)) }),
    EraseDataSubject: async (call: SubjectCall) => {
      const { erased, kept } = await erase(call.caller, call.input.subject, call);
      return { output: { erased, kept: [...kept] } };
    },
  };
}

/** Things as lines of JSON, the bytes of a thing as lines of base64 behind it. */
async function* lines(service: string, items: AsyncIterable<SubjectItem | Uint8Array>): Bytes {
  for await (const item of items) {
    // Lines that another service made.
    if (item instanceof Uint8Array) {
      yield item;
      continue;
    }
    const { kind, name, data, bytes } = item;
    yield line({ service, kind, name, data });
    if (bytes) for await (const piece of await bytes()) yield line({ service, kind, name, base64: Buffer.from(piece).toString('base64') });
  }
}

const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
