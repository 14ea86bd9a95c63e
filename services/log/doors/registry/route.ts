import { schemaTypes } from '../../domain/schema/schema.ts';
import { Refusal } from './errors.ts';
import { type Asked, configOf, draftOf, flag, modeOf, versionOf } from './request.ts';
import { pageItems } from './limits.ts';

/** An answer: JSON, or a text as it is. */
export type Answer = { readonly json: unknown } | { readonly text: string };
export type Route = { readonly method: string; readonly path: string; readonly handle: (asked: Asked) => Promise<Answer> };

const json = (value: unknown): Answer => ({ json: value });
const first = ({ parts }: Asked) => parts[0] ?? '';
const serialized = (asked: Asked) => (asked.query.get('format') === 'serialized' ? { serialized: true } : {});

type Told = { schemaType: string; references: readonly object[] };
/** What is usual is left out: AVRO, and no references. */
const usual = <T extends Told>({ schemaType, references, ...rest }: T) => ({
  ...rest,
  ...(schemaType === 'AVRO' ? {} : { schemaType }),
  ...(references.length > 0 ? { references } : {}),
});

type SubjectTold = { readonly name: string; readonly status: { readonly versions: readonly { version: number; deleted: boolean }[] } };

async function allSubjects({ session, more }: Asked, prefix: string, deleted: boolean): Promise<SubjectTold[]> {
  const found: SubjectTold[] = [];
  let after = '';
  do {
    const { output } = await session.invoke('ListSubjects', '', { limit: pageItems, prefix, deleted, ...(after ? { after } : {}) }, more);
    const page = output as unknown as { items: SubjectTold[]; next?: string };
    found.push(...page.items);
    after = page.next ?? '';
  } while (after !== '');
  return found;
}

async function subjects(asked: Asked): Promise<Answer> {
  const only = flag(asked, 'deletedOnly');
  const found = await allSubjects(asked, asked.query.get('subjectPrefix') ?? '', only || flag(asked, 'deleted'));
  return json(found.filter(({ status }) => !only || status.versions.every((one) => one.deleted)).map(({ name }) => name));
}

async function versions(asked: Asked): Promise<Answer> {
  const only = flag(asked, 'deletedOnly');
  const { output } = await asked.session.invoke('GetSubject', first(asked), { deleted: only || flag(asked, 'deleted') }, asked.more);
  return json((output.status?.versions ?? []).filter((one) => !only || one.deleted).map(({ version }) => version));
}

/** The schema itself is not told: clients keep what they sent, which may be a descriptor and not a text. */
async function register(asked: Asked): Promise<Answer> {
  const { output } = await asked.session.invoke('RegisterSchema', first(asked), draftOf(asked), asked.more);
  return json({ id: output.id, version: output.version });
}

async function lookup(asked: Asked): Promise<Answer> {
  const { id: _id, version: _version, ...draft } = draftOf(asked);
  const { output } = await asked.session.invoke('LookupSchema', first(asked), { ...draft, deleted: flag(asked, 'deleted') }, asked.more);
  return json(usual(output));
}

async function readVersion(asked: Asked) {
  const input = { version: versionOf(asked.parts[1] ?? ''), deleted: flag(asked, 'deleted'), ...serialized(asked) };
  return (await asked.session.invoke('GetSubjectVersion', first(asked), input, asked.more)).output;
}

async function readSchema(asked: Asked) {
  const id = first(asked);
  if (!/^-?\d{1,10}$/.test(id)) throw new Refusal(404, 404, 'HTTP 404 Not Found');
  return (await asked.session.invoke('GetSchema', id, serialized(asked), asked.more)).output;
}

async function schemaById(asked: Asked): Promise<Answer> {
  const { spec, status } = await readSchema(asked);
  const { schema, schemaType, references } = spec;
  return json({ ...usual({ schema, schemaType, references }), ...(flag(asked, 'fetchMaxId') ? { maxId: status?.maxId } : {}) });
}

async function places(asked: Asked) {
  const { status } = await readSchema(asked);
  const wanted = asked.query.get('subject');
  return (status?.subjects ?? []).filter((one) => (flag(asked, 'deleted') || !one.deleted) && (wanted === null || one.subject === wanted));
}

/** Every version of every subject, with its schema. */
async function schemas(asked: Asked): Promise<Answer> {
  const deleted = flag(asked, 'deleted');
  const found = await allSubjects(asked, asked.query.get('subjectPrefix') ?? '', deleted);
  const all = found.flatMap(({ name, status }) => {
    const shown = flag(asked, 'latestOnly') ? status.versions.slice(-1) : status.versions;
    return shown.map(({ version }) => ({ name, version }));
  });
  const offset = Math.max(0, Number(asked.query.get('offset') ?? 0) || 0);
  const limit = Number(asked.query.get('limit') ?? -1);
  const told = [];
  for (const { name, version } of all.slice(offset, limit > 0 ? offset + limit : undefined)) {
    const { output } = await asked.session.invoke('GetSubjectVersion', name, { version: String(version), deleted }, asked.more);
    told.push(usual(output));
  }
  return json(told);
}

async function check(asked: Asked): Promise<Answer> {
  const { id: _id, version: _version, ...draft } = draftOf(asked);
  const version = asked.parts[1] === undefined ? {} : { version: versionOf(asked.parts[1]) };
  const { output } = await asked.session.invoke('CheckCompatibility', first(asked), { ...draft, ...version }, asked.more);
  return json({ is_compatible: output.compatible, ...(flag(asked, 'verbose') ? { messages: output.messages } : {}) });
}

async function removeSubject(asked: Asked): Promise<Answer> {
  const { output } = await asked.session.invoke('DeleteSubject', first(asked), { permanent: flag(asked, 'permanent') }, asked.more);
  return json(output.versions);
}

async function removeVersion(asked: Asked): Promise<Answer> {
  const input = { version: versionOf(asked.parts[1] ?? ''), permanent: flag(asked, 'permanent') };
  const { output } = await asked.session.invoke('DeleteSubjectVersion', first(asked), input, asked.more);
  return json(output.version);
}

/** The settings of the registry, and of one subject (which need not have versions). */
async function settings(asked: Asked) {
  const { output: all } = await asked.session.invoke('DescribeRegistry', '', {}, asked.more);
  if (asked.parts.length === 0) return { all, own: undefined };
  const { output } = await asked.session.invoke('DescribeSubjectSettings', first(asked), {}, asked.more);
  return { all, own: output };
}

async function readConfig(asked: Asked): Promise<Answer> {
  const { all, own } = await settings(asked);
  if (!own) return json({ compatibilityLevel: all.compatibility, ...(all.normalize ? { normalize: true } : {}) });
  const compatibility = own.compatibility ?? (flag(asked, 'defaultToGlobal') ? all.compatibility : undefined);
  if (compatibility === undefined && own.normalize === undefined)
    throw new Refusal(404, 40408, `Subject '${first(asked)}' does not have subject-level compatibility configured`);
  return json({
    ...(compatibility ? { compatibilityLevel: compatibility } : {}),
    ...(own.normalize === undefined ? {} : { normalize: own.normalize }),
  });
}

async function configure(asked: Asked, change: object): Promise<void> {
  const { session, parts } = asked;
  if (parts.length === 0) await session.invoke('ConfigureRegistry', '', change, asked.more);
  else await session.invoke('ConfigureSubject', first(asked), change, asked.more);
}

async function writeConfig(asked: Asked): Promise<Answer> {
  const change = configOf(asked.body);
  await configure(asked, change);
  return json(change);
}

async function removeConfig(asked: Asked): Promise<Answer> {
  const { all, own } = await settings(asked);
  if (own && own.compatibility === undefined && own.normalize === undefined)
    throw new Refusal(404, 40401, `Subject '${first(asked)}' not found.`);
  await configure(asked, { compatibility: null, normalize: null });
  return json({ compatibilityLevel: own?.compatibility ?? all.compatibility });
}

async function readMode(asked: Asked): Promise<Answer> {
  const { all, own } = await settings(asked);
  const mode = own ? (own.mode ?? (flag(asked, 'defaultToGlobal') ? all.mode : undefined)) : all.mode;
  if (mode === undefined) throw new Refusal(404, 40409, `Subject '${first(asked)}' does not have subject-level mode configured`);
  return json({ mode });
}

async function writeMode(asked: Asked): Promise<Answer> {
  const mode = modeOf(asked.body);
  await configure(asked, { mode, force: flag(asked, 'force') });
  return json({ mode });
}

async function removeMode(asked: Asked): Promise<Answer> {
  const { all, own } = await settings(asked);
  if (own && own.mode === undefined) throw new Refusal(404, 40401, `Subject '${first(asked)}' not found.`);
  await configure(asked, { mode: null });
  return json({ mode: own?.mode ?? all.mode });
}

/** The resources of Confluent Schema Registry's REST interface; `*` is a part that varies. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '', handle: async () => json({}) },
  { method: 'GET', path: 'subjects', handle: subjects },
  { method: 'POST', path: 'subjects/*', handle: lookup },
  { method: 'DELETE', path: 'subjects/*', handle: removeSubject },
  { method: 'GET', path: 'subjects/*/versions', handle: versions },
  { method: 'POST', path: 'subjects/*/versions', handle: register },
  { method: 'GET', path: 'subjects/*/versions/*', handle: async (asked) => json(usual(await readVersion(asked))) },
  { method: 'DELETE', path: 'subjects/*/versions/*', handle: removeVersion },
  { method: 'GET', path: 'subjects/*/versions/*/schema', handle: async (asked) => ({ text: (await readVersion(asked)).schema }) },
  {
    method: 'GET',
    path: 'subjects/*/versions/*/referencedby',
    handle: async (asked) => {
      const version = versionOf(asked.parts[1] ?? '');
      return json((await asked.session.invoke('ListReferrers', first(asked), { version }, asked.more)).output.ids);
    },
  },
  { method: 'GET', path: 'schemas', handle: schemas },
  { method: 'GET', path: 'schemas/types', handle: async () => json(schemaTypes) },
  { method: 'GET', path: 'schemas/ids/*', handle: schemaById },
  { method: 'GET', path: 'schemas/ids/*/schema', handle: async (asked) => ({ text: (await readSchema(asked)).spec.schema }) },
  {
    method: 'GET',
    path: 'schemas/ids/*/subjects',
    handle: async (asked) => json([...new Set((await places(asked)).map(({ subject }) => subject))]),
  },
  {
    method: 'GET',
    path: 'schemas/ids/*/versions',
    handle: async (asked) => json((await places(asked)).map(({ subject, version }) => ({ subject, version }))),
  },
  { method: 'POST', path: 'compatibility/subjects/*/versions', handle: check },
  { method: 'POST', path: 'compatibility/subjects/*/versions/*', handle: check },
  ...['config', 'config/*'].flatMap((path) => [
    { method: 'GET', path, handle: readConfig },
    { method: 'PUT', path, handle: writeConfig },
    { method: 'DELETE', path, handle: removeConfig },
  ]),
  ...['mode', 'mode/*'].flatMap((path) => [
    { method: 'GET', path, handle: readMode },
    { method: 'PUT', path, handle: writeMode },
    { method: 'DELETE', path, handle: removeMode },
  ]),
  { method: 'GET', path: 'contexts', handle: async () => json(['.']) },
];
