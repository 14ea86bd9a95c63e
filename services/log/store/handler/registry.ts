import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Envelope, Provider } from '#kernel/contract/provider.ts';
import type { ProtoParsed } from '../../domain/schema/protobuf/protobuf.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../broker.ts';
import type { Found, Registry, Schema, Settings, Version } from '../registry.ts';
import { paged } from './topic.ts';

type Names =
  | 'ListSubjects'
  | 'GetSubject'
  | 'GetSubjectVersion'
  | 'ListReferrers'
  | 'LookupSchema'
  | 'CheckCompatibility'
  | 'RegisterSchema'
  | 'DeleteSubject'
  | 'DeleteSubjectVersion'
  | 'DescribeRegistry'
  | 'DescribeSubjectSettings'
  | 'ConfigureRegistry'
  | 'ConfigureSubject'
  | 'ListSchemas'
  | 'GetSchema';

type SubjectStatus = { schemaType: Schema['type']; versions: { version: number; id: number; deleted: boolean }[] };
type SubjectTold = Envelope<Settings, SubjectStatus> & { labels: Record<string, string>; status: SubjectStatus };

function subjectEnvelope(registry: Registry, scope: bigint, name: string, deleted: boolean): SubjectTold {
  const all = registry.versions(scope, name);
  const shown = all.filter((one) => deleted || !one.deleted);
  const last = all.at(-1) as Version;
  return {
    uid: name,
    name,
    generation: last.version,
    version: String(last.version),
    labels: {},
    createdAt: all[0]?.at ?? 0,
    spec: { ...registry.settings(scope, name) },
    status: {
      schemaType: registry.schema(scope, last.id)?.type ?? 'AVRO',
      versions: shown.map(({ version, id, deleted: gone }) => ({ version, id, deleted: gone })),
    },
  };
}

type SchemaSpec = { schemaType: Schema['type']; schema: string; references: { name: string; subject: string; version: number }[] };
type SchemaStatus = { maxId: number; subjects: { subject: string; version: number; deleted: boolean }[] };
type SchemaTold = Envelope<SchemaSpec, SchemaStatus> & { labels: Record<string, string>; spec: SchemaSpec; status: SchemaStatus };

/** The text as it is asked for: Protobuf's also as base64 of its descriptor. */
function textOf(registry: Registry, scope: bigint, schema: Schema, serialized = false): string {
  if (!serialized || schema.type !== 'PROTOBUF') return schema.text;
  return (registry.parsed(scope, schema) as ProtoParsed).serialized();
}

function schemaEnvelope(registry: Registry, scope: bigint, schema: Schema, serialized?: boolean): SchemaTold {
  const { id, type, references } = schema;
  return {
    uid: String(id),
    name: String(id),
    generation: 1,
    version: '1',
    labels: {},
    createdAt: 0,
    spec: { schemaType: type, schema: textOf(registry, scope, schema, serialized), references: references.map((one) => ({ ...one })) },
    status: { maxId: registry.lastId(scope), subjects: registry.places(scope, id) },
  };
}

function versionTold(registry: Registry, scope: bigint, { subject, version, schema }: Found, serialized?: boolean) {
  const references = schema.references.map((one) => ({ ...one }));
  return { subject, version, id: schema.id, schemaType: schema.type, schema: textOf(registry, scope, schema, serialized), references };
}

/** The handlers of the operations on subjects and schemas. */
export function registryHandlers({ registry }: Broker): Pick<Handlers<typeof log>, Names> {
  const own = (scope: bigint, name: string): readonly Version[] => {
    const versions = registry.versions(scope, name);
    if (versions.length === 0) throw fault('NoSuchSubject', `Subject '${name}' not found.`);
    return versions;
  };
  return {
    ...readingHandlers(registry, own),
    async RegisterSchema(call) {
      const { caller, ref, input } = call;
      const found = await registry.register(caller.scope, ref.name, input);
      if (found.isNew) call.emit('SchemaRegistered', { subject: ref.name, version: found.version, id: found.schema.id });
      return { output: versionTold(registry, caller.scope, found) };
    },
    async DeleteSubject({ caller, ref, input: { permanent = false } }) {
      const all = own(caller.scope, ref.name);
      const standing = all.filter((one) => !one.deleted);
      if (!permanent && standing.length === 0)
        throw fault('SubjectSoftDeleted', `Subject '${ref.name}' was soft deleted.Set permanent=true to delete permanently`);
      if (permanent && standing.length > 0)
        throw fault('SubjectNotSoftDeleted', `Subject '${ref.name}' was not deleted first before being permanently deleted`);
      const removed = permanent ? all : standing;
      await registry.remove(caller.scope, ref.name, removed, permanent);
      return { output: { versions: removed.map(({ version }) => version) } };
    },
    async DeleteSubjectVersion({ caller, ref, input: { version: wanted, permanent = false } }) {
      // The latest is the latest of those that are there: deleted softly again and again, it is another each time.
      const isLatest = wanted === 'latest' || wanted === '-1';
      const { version } = registry.version(caller.scope, ref.name, wanted, permanent || !isLatest);
      const found = own(caller.scope, ref.name).find((one) => one.version === version) as Version;
      if (!permanent && found.deleted)
        throw fault(
          'VersionSoftDeleted',
          `Subject '${ref.name}' Version ${version} was soft deleted.Set permanent=true to delete permanently`,
        );
      if (permanent && !found.deleted)
        throw fault(
          'VersionNotSoftDeleted',
          `Subject '${ref.name}' Version ${version} was not deleted first before being permanently deleted`,
        );
      await registry.remove(caller.scope, ref.name, [found], permanent);
      return { output: { version } };
    },
    async ConfigureRegistry({ caller, input: { force, ...change } }) {
      return { output: await registry.configure(caller.scope, '', change, force) };
    },
    async ConfigureSubject({ caller, ref, input: { force, ...change } }) {
      return { output: await registry.configure(caller.scope, ref.name, change, force) };
    },
  };
}

type Reading = 'RegisterSchema' | 'DeleteSubject' | 'DeleteSubjectVersion' | 'ConfigureRegistry' | 'ConfigureSubject';

function readingHandlers(
  registry: Registry,
  own: (scope: bigint, name: string) => readonly Version[],
): Omit<Pick<Handlers<typeof log>, Names>, Reading> {
  return {
    async ListSubjects({ caller: { scope }, input }) {
      const { deleted = false } = input;
      const { items, next } = paged(
        registry.subjects(scope, deleted).map((name) => ({ name })),
        input,
      );
      const told = items.map(({ name }) => subjectEnvelope(registry, scope, name, deleted));
      return { output: { items: told, ...(next === undefined ? {} : { next }), version: '0' } };
    },
    async GetSubject({ caller: { scope }, ref, input: { deleted = false } }) {
      if (!own(scope, ref.name).some((one) => deleted || !one.deleted)) throw fault('NoSuchSubject', `Subject '${ref.name}' not found.`);
      return { output: subjectEnvelope(registry, scope, ref.name, deleted) };
    },
    async GetSubjectVersion({ caller: { scope }, ref, input }) {
      return { output: versionTold(registry, scope, registry.version(scope, ref.name, input.version, input.deleted), input.serialized) };
    },
    async ListReferrers({ caller: { scope }, ref, input }) {
      const { version } = registry.version(scope, ref.name, input.version, true);
      return { output: { ids: registry.referrers(scope, ref.name, version) } };
    },
    async LookupSchema({ caller: { scope }, ref, input }) {
      return { output: versionTold(registry, scope, registry.lookup(scope, ref.name, input, input.deleted)) };
    },
    async CheckCompatibility({ caller: { scope }, ref, input }) {
      const messages = registry.refusals(scope, ref.name, input, input.version);
      return { output: { compatible: messages.length === 0, messages } };
    },
    DescribeRegistry: async ({ caller: { scope } }) => ({ output: registry.effective(scope) }),
    DescribeSubjectSettings: async ({ caller: { scope }, ref }) => ({ output: { ...registry.settings(scope, ref.name) } }),
    async ListSchemas({ caller: { scope }, input: { after = '0', limit = 100 } }) {
      const rest = registry.schemas(scope).filter(({ id }) => id > Number(after));
      const items = rest.slice(0, limit);
      const next = rest.length > limit ? { next: String(items.at(-1)?.id) } : {};
      return { output: { items: items.map((schema) => schemaEnvelope(registry, scope, schema)), ...next, version: '0' } };
    },
    async GetSchema({ caller: { scope }, ref, input }) {
      const schema = registry.schema(scope, Number(ref.name));
      if (!schema) throw fault('NoSuchSchema', `Schema ${ref.name} not found`);
      return { output: schemaEnvelope(registry, scope, schema, input.serialized) };
    },
  };
}

const notWished = (): never => {
  throw fault('NotImplemented', 'Subjects and schemas are made by registering schemas.');
};
const quiet = { put: async () => notWished(), delete: async () => notWished(), watch: notWished } as const;

/** Subjects as resources of the platform. */
export function subjectProvider({ registry }: Broker): Provider<Settings, SubjectStatus> {
  return {
    attributes: (scope, name) => (registry.versions(scope, name).length > 0 ? { labels: {} } : undefined),
    get: async ({ scope }, name) => (registry.versions(scope, name).length > 0 ? subjectEnvelope(registry, scope, name, false) : undefined),
    async list({ scope }, page) {
      const { items, next } = paged(
        registry.subjects(scope).map((name) => ({ name })),
        page,
      );
      return {
        items: items.map(({ name }) => subjectEnvelope(registry, scope, name, false)),
        ...(next === undefined ? {} : { next }),
        version: '0',
      };
    },
    ...quiet,
  };
}

/** Schemas as resources of the platform. */
export function schemaProvider({ registry }: Broker): Provider<SchemaSpec, SchemaStatus> {
  return {
    attributes: (scope, name) => registry.schema(scope, Number(name)) && { labels: {} },
    async get({ scope }, name) {
      const schema = registry.schema(scope, Number(name));
      return schema && schemaEnvelope(registry, scope, schema);
    },
    list: async ({ scope }, { limit }) => ({
      items: registry
        .schemas(scope)
        .slice(0, limit)
        .map((schema) => schemaEnvelope(registry, scope, schema)),
      version: '0',
    }),
    ...quiet,
  };
}
