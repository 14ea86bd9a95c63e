import type { Sql } from '#seams/sql/sql.ts';
import type { AnyService } from '../contract/contract.ts';
import { type Labelled, labelledFields } from '../contract/label.ts';
import type { Envelope, Placed } from '../contract/provider.ts';
import type { Due, SubjectData, SubjectItem } from '../privacy/subject.ts';
import { subjectLabel } from '../privacy/subject-word.ts';
import type { Resources } from './provider.ts';
import { resourceStore } from './store.ts';

type Kind = { readonly kind: string; readonly fields: readonly Labelled[] };

/** What the labels of a contract make the kernel do with the resources it keeps for the service: find, erase, and let go in time. */
export type KeptData = SubjectData & { expire(at: Placed, due: Due): Promise<number> };

/** The kernel's own part of export, erasure and retention, by labels alone. Undefined where it keeps nothing. */
export function keptData(contract: AnyService, sql: Sql, resources: Resources): KeptData | undefined {
  const kinds = Object.entries(contract.resources).flatMap(([kind, { owner, spec }]): Kind[] =>
    owner === 'kernel' ? [{ kind, fields: labelledFields(spec).filter(({ label }) => !label.free) }] : [],
  );
  if (kinds.length === 0) return undefined;
  const store = resourceStore(contract.name);

  /** Takes fields out of a resource, and the whole of it where one of them must be there. */
  async function blank(at: Placed, kind: string, resource: Envelope, fields: readonly Labelled[]): Promise<void> {
    const provider = resources.of(kind);
    const isWhole = fields.some(({ required, path }) => required || path.includes('*')) || fields.length === 0;
    await resources.within(at, async (tx) => {
      if (isWhole) await provider.delete(at, resource.name, undefined, tx);
      else await provider.put(at, { name: resource.name, spec: fields.reduce((spec, { path }) => without(spec, path), resource.spec) }, tx);
      await store.forget(tx, kind, resource.name, isWhole ? undefined : fields.map(({ path }) => path));
    });
  }

  return {
    async *find(at, subject) {
      for (const { kind, fields } of kinds)
        for (const resource of await store.about(sql.as(at), kind, subjectLabel, fields.map(pathOf), subject)) yield itemOf(kind, resource);
    },
    async erase(at, subject) {
      let erased = 0;
      for (const { kind, fields } of kinds)
        for (const resource of await store.about(sql.as(at), kind, subjectLabel, fields.map(pathOf), subject)) {
          const isWholly = resource.labels[subjectLabel] === subject;
          await blank(at, kind, resource, isWholly ? [] : fields.filter(({ path }) => names(resource.spec, path, subject)));
          erased += 1;
        }
      await store.forgetReplies(sql.as(at), subject);
      return { erased, kept: [] };
    },
    async expire(at, { kind, path, before }) {
      const field = kinds.find((each) => each.kind === kind)?.fields.find((each) => each.path.join('.') === path.join('.'));
      if (!field) return 0;
      const over = await store.heldSince(sql.as(at), kind, path, new Date(before));
      for (const resource of over) await blank(at, kind, resource, [field]);
      return over.length;
    },
  };
}

const itemOf = (kind: string, { name, labels, createdAt, spec }: Envelope): SubjectItem => ({
  kind,
  name,
  data: { labels, createdAt, spec },
});

/** A path as PostgreSQL's JSON path has it. */
const pathOf = ({ path }: Labelled): string => `$${path.map((name) => (name === '*' ? '.*' : `.${JSON.stringify(name)}`)).join('')}`;

/** Whether the value, or one of the values, at a path is this text. */
function names(value: unknown, path: readonly string[], text: string): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return value === text || (typeof value === 'object' && value !== null && Object.values(value).includes(text));
  if (typeof value !== 'object' || value === null) return false;
  const inner = name === '*' ? Object.values(value) : [(value as Record<string, unknown>)[name]];
  return inner.some((each) => names(each, rest, text));
}

/** A copy without the field at a path. */
function without(value: unknown, [name = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const { [name]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [name]: without(inner, rest) };
}
