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

/** A labelled field whose time is over where it was last changed before `before`, in milliseconds since 1970. */
export type Due = { readonly kind: string; readonly path: readonly string[]; readonly before: number };

/** Blanks such a field, or deletes what cannot be without it; answers of how many. */
export type Expire = (at: At, due: Due) => Promise<number>;

/** Two sources of what is known as one: the kernel's and the service's own. */
export function joinedSubjects(service: string, first: SubjectData, second: SubjectHandlers): SubjectHandlers {
  const own = subjectHandlers(service, first);
  return {
    ...second,
    async ExportDataSubject(call) {
      const [kept, told] = [await own.ExportDataSubject(call), await second.ExportDataSubject(call)];
      return { output: {}, body: oneAfterOther(kept.body, told.body) };
    },
    async EraseDataSubject(call) {
      const [{ output: a }, { output: b }] = [await own.EraseDataSubject(call), await second.EraseDataSubject(call)];
      return { output: { erased: a.erased + b.erased, kept: [...a.kept, ...b.kept] } };
    },
  };
}

async function* oneAfterOther(...bodies: Bytes[]): Bytes {
  for (const body of bodies) yield* body;
}

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
  RevealPersonal: {
    on: 'DataSubject',
    at: 'collection',
    effect: 'read',
    audit: 'before-reply',
    repeat: 'natural',
    text: 'See in an answer what the schema labels as personal; others see it masked.',
    input: Type.Object({}, closed),
    output: Type.Object({}),
  },
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
    // That it was asked for, and by whom, is in the audit log before this is told.
    RevealPersonal: async () => ({ output: {} }),
  };
}

export type SubjectHandlers = ReturnType<typeof subjectHandlers>;

/** What a service knows that keeps nothing itself: the kernel keeps it, and finds it by its labels. */
export const noSubjects: SubjectData = {
  async *find() {},
  erase: async () => ({ erased: 0, kept: [] }),
};

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
