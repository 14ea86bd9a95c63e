import { createHash } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import { formatId, parseId } from '#kernel/tenancy/id.ts';
import { schemaReferencesMax, subjectNameMax, subjectsMax, subjectVersionsMax } from '../contract/limits.ts';
import { type Level, levelRefusals, parseSchema } from '../domain/schema/compatibility.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import type { Parsed, Reference, Resolved, SchemaType } from '../domain/schema/schema.ts';
import { parsedSchemasMax } from './limits.ts';
import type { StateChange, StateKey, StateLog } from './state-log.ts';

export type Mode = 'READWRITE' | 'READONLY' | 'READONLY_OVERRIDE' | 'IMPORT';
export type Settings = { readonly compatibility?: Level; readonly normalize?: boolean; readonly mode?: Mode };
export type ChangedSettings = { readonly [K in keyof Settings]?: Settings[K] | null };

/** A schema as it is kept; `key` tells equal ones. */
export type Schema = {
  readonly id: number;
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly Reference[];
  readonly key: string;
};
export type Version = { readonly version: number; readonly id: number; deleted: boolean; readonly at: number };
export type Wanted = {
  readonly schema: string;
  readonly schemaType?: SchemaType;
  readonly references?: readonly Reference[];
  readonly normalize?: boolean;
};
export type Found = { readonly subject: string; readonly version: number; readonly schema: Schema };

/** The subjects, schemas and settings of one scope. The settings of the whole registry stand under the empty name. */
type Space = {
  readonly schemas: Map<number, Schema>;
  readonly keys: Map<string, number>;
  readonly subjects: Map<string, Version[]>;
  readonly settings: Map<string, Settings>;
  readonly parsed: Map<number, Parsed>;
  lastId: number;
};

const emptySpace = (): Space => ({
  ...{ schemas: new Map(), keys: new Map(), subjects: new Map(), settings: new Map(), parsed: new Map(), lastId: 0 },
});

/** The schema registry of all scopes: each scope has subjects and ids of its own. Every change is in the state log first. */
export class Registry {
  readonly #state: StateLog;
  readonly #now: () => number;
  readonly #spaces = new Map<bigint, Space>();

  constructor(state: StateLog, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  #space(scope: bigint): Space {
    let space = this.#spaces.get(scope);
    if (!space) this.#spaces.set(scope, (space = emptySpace()));
    return space;
  }

  /** Takes one entry of the state log, while it is opened. */
  apply([kind, scopeText, first, second]: StateKey, value: unknown): void {
    const space = this.#space(parseId(String(scopeText)));
    if (kind === 'settings') {
      if (value === null) space.settings.delete(String(first));
      else space.settings.set(String(first), value as Settings);
    }
    if (kind === 'last') space.lastId = Number(value);
    if (kind === 'schema') this.#holdSchema(space, Number(first), value as Omit<Schema, 'id'> | null);
    if (kind === 'version') this.#holdVersion(space, String(first), Number(second), value as Omit<Version, 'version'> | null);
  }

  #holdSchema(space: Space, id: number, value: Omit<Schema, 'id'> | null): void {
    const known = space.schemas.get(id);
    if (known) space.keys.delete(known.key);
    space.schemas.delete(id);
    space.parsed.delete(id);
    if (!value) return;
    space.schemas.set(id, { ...value, id });
    space.keys.set(value.key, id);
  }

  #holdVersion(space: Space, subject: string, version: number, value: Omit<Version, 'version'> | null): void {
    const kept = (space.subjects.get(subject) ?? []).filter((one) => one.version !== version);
    if (value) kept.push({ ...value, version });
    kept.sort((left, right) => left.version - right.version);
    if (kept.length > 0) space.subjects.set(subject, kept);
    else space.subjects.delete(subject);
  }

  /** Writes changes, and has them count when they survive. */
  async #put(changes: readonly StateChange[]): Promise<void> {
    this.#state.put(changes);
    for (const [key, value] of changes) this.apply(key, value);
    await this.#state.flushed();
  }

  /** Names of subjects in order; `deleted` shows those of which every version was deleted as well. */
  subjects(scope: bigint, deleted = false): string[] {
    return [...this.#space(scope).subjects]
      .flatMap(([name, versions]) => (deleted || versions.some((one) => !one.deleted) ? [name] : []))
      .sort();
  }

  /** All versions of a subject, deleted ones included; none when there is no such subject. */
  versions(scope: bigint, subject: string): readonly Version[] {
    return this.#space(scope).subjects.get(subject) ?? [];
  }

  settings(scope: bigint, subject = ''): Settings {
    return this.#space(scope).settings.get(subject) ?? {};
  }

  /** What counts for a subject. */
  effective(scope: bigint, subject = ''): Required<Settings> {
    const [all, own] = [this.settings(scope), subject === '' ? {} : this.settings(scope, subject)];
    const mode = all.mode === 'READONLY_OVERRIDE' ? all.mode : (own.mode ?? all.mode ?? 'READWRITE');
    return {
      compatibility: own.compatibility ?? all.compatibility ?? 'BACKWARD',
      normalize: own.normalize ?? all.normalize ?? false,
      mode,
    };
  }

  schema(scope: bigint, id: number): Schema | undefined {
    return this.#space(scope).schemas.get(id);
  }

  schemas(scope: bigint): Schema[] {
    return [...this.#space(scope).schemas.values()].sort((left, right) => left.id - right.id);
  }

  lastId(scope: bigint): number {
    return this.#space(scope).lastId;
  }

  /** Where a schema stands. */
  places(scope: bigint, id: number): { subject: string; version: number; deleted: boolean }[] {
    return [...this.#space(scope).subjects].flatMap(([subject, versions]) =>
      versions.filter((one) => one.id === id).map(({ version, deleted }) => ({ subject, version, deleted })),
    );
  }

  /** A version by its number, or the latest; throws what is missing. */
  version(scope: bigint, subject: string, wanted: string, deleted = false): Found {
    const known = this.versions(scope, subject);
    const shown = known.filter((one) => deleted || !one.deleted);
    if (shown.length === 0) throw fault('NoSuchSubject', `Subject '${subject}' not found.`);
    const latest = wanted === 'latest' || wanted === '-1';
    if (!latest && Number(wanted) < 1) throw fault('VersionInvalid', `The specified version '${wanted}' is not a valid version id.`);
    const found = latest ? shown.at(-1) : shown.find(({ version }) => version === Number(wanted));
    if (!found) throw fault('NoSuchVersion', `Version ${wanted} not found.`);
    return { subject, version: found.version, schema: this.schema(scope, found.id) as Schema };
  }

  /** The schemas that a schema names, theirs before them. */
  resolve(scope: bigint, references: readonly Reference[], found = new Map<string, Resolved>()): Resolved[] {
    for (const { name, subject, version } of references) {
      const known = this.versions(scope, subject).filter((one) => !one.deleted);
      const stood = version === -1 ? known.at(-1) : this.versions(scope, subject).find((one) => one.version === version);
      const schema = stood && this.schema(scope, stood.id);
      if (!schema) throw new SchemaFault(`No schema reference found for subject "${subject}" and version ${version}.`);
      this.resolve(scope, schema.references, found);
      if (!found.has(name)) found.set(name, { name, text: schema.text });
      if (found.size > schemaReferencesMax) throw new SchemaFault(`The schema has more than ${schemaReferencesMax} references.`);
    }
    return [...found.values()];
  }

  /** A kept schema as it is understood. */
  parsed(scope: bigint, { id, type, text, references }: Schema): Parsed {
    const { parsed } = this.#space(scope);
    let known = parsed.get(id);
    if (!known) {
      known = parseSchema(type, text, this.resolve(scope, references));
      if (parsed.size >= parsedSchemasMax) parsed.delete(parsed.keys().next().value as number);
      parsed.set(id, known);
    }
    return known;
  }

  /** Understands what is wished for; throws SchemaInvalid. */
  #understand(scope: bigint, subject: string, wanted: Wanted) {
    const { schema, schemaType: type = 'AVRO', references: asked = [] } = wanted;
    try {
      // -1 names the latest version as it is now: what is kept says which.
      const references = asked.map((one) => (one.version === -1 ? { ...one, version: this.#latest(scope, one.subject) } : one));
      const parsed = parseSchema(type, schema, this.resolve(scope, references));
      const text = (wanted.normalize ?? this.effective(scope, subject).normalize) ? parsed.normal : parsed.text;
      return { type, parsed, text, references, key: keyOf(type, text, references) };
    } catch (error) {
      throw schemaFault(error);
    }
  }

  #normalKey(scope: bigint, schema: Schema): string {
    return keyOf(schema.type, this.parsed(scope, schema).normal, schema.references);
  }

  #latest(scope: bigint, subject: string): number {
    return this.versions(scope, subject).findLast((one) => !one.deleted)?.version ?? -1;
  }

  /** The version of a subject that a schema is. */
  lookup(scope: bigint, subject: string, wanted: Wanted, deleted = false): Found {
    const known = this.versions(scope, subject).filter((one) => deleted || !one.deleted);
    if (known.length === 0) throw fault('NoSuchSubject', `Subject '${subject}' not found.`);
    const { key, type, parsed, references } = this.#understand(scope, subject, wanted);
    const schemaOf = ({ id }: Version) => this.schema(scope, id) as Schema;
    // Where none is spelled so, the one that means the same is looked for.
    const normal = keyOf(type, parsed.normal, references);
    const found =
      known.findLast((one) => schemaOf(one).key === key) ?? known.findLast((one) => this.#normalKey(scope, schemaOf(one)) === normal);
    if (!found) throw fault('NoSuchSchema', 'Schema not found');
    return { subject, version: found.version, schema: this.schema(scope, found.id) as Schema };
  }

  /** Why a schema may not follow a version, or all that the subject's level asks for. */
  refusals(scope: bigint, subject: string, wanted: Wanted, version?: string): string[] {
    const update = this.#understand(scope, subject, wanted);
    const level = this.effective(scope, subject).compatibility;
    const shown = this.versions(scope, subject).filter((one) => !one.deleted);
    if (version === undefined) return this.#against(scope, level, update, shown);
    const isLatest = version === 'latest' || version === '-1';
    const against = isLatest ? shown.slice(-1) : shown.filter((each) => each.version === Number(version));
    // A subject that nobody knows has no version either: what is asked for is the version.
    if (against.length === 0 && !isLatest) throw fault('NoSuchVersion', `Version ${version} not found.`);
    return this.#against(scope, level, update, against);
  }

  #against(scope: bigint, level: Level, update: { type: SchemaType; parsed: Parsed }, versions: readonly Version[]): string[] {
    const standing = versions.map(({ version, id }) => {
      const schema = this.schema(scope, id) as Schema;
      return { version, type: schema.type, parsed: () => this.parsed(scope, schema) };
    });
    try {
      return levelRefusals(level, update, standing);
    } catch (error) {
      throw schemaFault(error);
    }
  }

  /** Makes a schema a version of a subject; answers the one that it is already. */
  async register(
    scope: bigint,
    subject: string,
    wanted: Wanted & { readonly id?: number; readonly version?: number },
  ): Promise<Found & { isNew: boolean }> {
    const space = this.#space(scope);
    const wrong = subjectFault(subject);
    if (wrong) throw fault('SubjectInvalid', wrong);
    const { mode, compatibility } = this.effective(scope, subject);
    const made = this.#understand(scope, subject, wanted);
    const versions = this.versions(scope, subject);
    const same = versions.findLast(({ id, deleted }) => !deleted && this.schema(scope, id)?.key === made.key);
    const isAsked =
      same && (wanted.id === undefined || wanted.id === same.id) && (wanted.version === undefined || wanted.version === same.version);
    if (same && isAsked) return { subject, version: same.version, schema: this.schema(scope, same.id) as Schema, isNew: false };
    checkMode(mode, subject, wanted.id !== undefined);
    if (mode !== 'IMPORT') {
      const refused = this.#against(
        scope,
        compatibility,
        made,
        versions.filter((one) => !one.deleted),
      );
      if (refused.length > 0)
        throw fault(
          'SchemaIncompatible',
          `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${refused.join(', ')}]`,
        );
    }
    if (versions.length === 0 && space.subjects.size >= subjectsMax)
      throw fault('QuotaExceeded', `A scope has at most ${subjectsMax} subjects.`);
    if (versions.length >= subjectVersionsMax) throw fault('QuotaExceeded', `A subject has at most ${subjectVersionsMax} versions.`);
    const id = this.#idOf(scope, made.key, wanted.id);
    const version = this.#versionOf(versions, id, wanted);
    const { type, text, references, key } = made;
    const at = this.#now();
    const of = formatId(scope);
    await this.#put([
      [['last', of], Math.max(space.lastId, id)],
      [['schema', of, id], { type, text, references, key }],
      [['version', of, subject, version], { id, deleted: false, at }],
    ]);
    return { subject, version, schema: this.schema(scope, id) as Schema, isNew: true };
  }

  #idOf(scope: bigint, key: string, wanted: number | undefined): number {
    const space = this.#space(scope);
    if (wanted === undefined) return space.keys.get(key) ?? space.lastId + 1;
    const known = space.schemas.get(wanted);
    if (known && known.key !== key) throw fault('SchemaIdTaken', `Overwrite new schema with id ${wanted} is not permitted.`);
    return wanted;
  }

  #versionOf(versions: readonly Version[], id: number, { version }: { readonly version?: number }): number {
    const next = (versions.at(-1)?.version ?? 0) + 1;
    if (version === undefined) return next;
    const known = versions.find((one) => one.version === version);
    if (known && known.id !== id) throw fault('SchemaIdTaken', `Version ${version} is another schema.`);
    return version;
  }

  /** Ids of the schemas that name a version. */
  referrers(scope: bigint, subject: string, version: number): number[] {
    const standing = new Set<number>();
    for (const versions of this.#space(scope).subjects.values()) for (const one of versions) if (!one.deleted) standing.add(one.id);
    return this.schemas(scope)
      .filter(({ id, references }) => standing.has(id) && references.some((one) => one.subject === subject && one.version === version))
      .map(({ id }) => id);
  }

  /** Deletes versions: first so that they are not shown, then for good. */
  async remove(scope: bigint, subject: string, versions: readonly Version[], permanent: boolean): Promise<void> {
    const { mode } = this.effective(scope, subject);
    checkMode(mode, subject, mode === 'IMPORT');
    for (const { version } of versions)
      if (this.referrers(scope, subject, version).length > 0)
        throw fault(
          'ReferenceExists',
          `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`,
        );
    const of = formatId(scope);
    const gone = new Set(versions.map(({ version }) => version));
    const changes: StateChange[] = versions.map(({ version, id, at }) => [
      ['version', of, subject, version],
      permanent ? null : { id, deleted: true, at },
    ]);
    if (permanent)
      for (const id of new Set(versions.map((one) => one.id)))
        if (this.places(scope, id).every((place) => place.subject === subject && gone.has(place.version)))
          changes.push([['schema', of, id], null]);
    const left = this.versions(scope, subject).filter((one) => !gone.has(one.version) && !one.deleted);
    if (left.length === 0 && this.#space(scope).settings.has(subject)) changes.push([['settings', of, subject], null]);
    await this.#put(changes);
  }

  /** Sets or takes back settings of a subject, or (under the empty name) of the registry. */
  async configure(scope: bigint, subject: string, change: ChangedSettings, force = false): Promise<Settings> {
    const { mode } = change;
    const isFull = subject === '' ? this.subjects(scope).length > 0 : this.versions(scope, subject).some((one) => !one.deleted);
    if (mode === 'IMPORT' && isFull && !force && this.effective(scope, subject).mode !== 'IMPORT')
      throw fault('ModeForbids', 'Cannot import since found existing subjects.');
    if (mode === 'READONLY_OVERRIDE' && subject !== '') throw fault('ModeForbids', 'READONLY_OVERRIDE is a mode of the whole registry.');
    const wrong = subject === '' ? undefined : subjectFault(subject);
    if (wrong) throw fault('SubjectInvalid', wrong);
    const space = this.#space(scope);
    if (subject !== '' && !space.settings.has(subject) && space.settings.size >= subjectsMax)
      throw fault('QuotaExceeded', `At most ${subjectsMax} subjects have settings.`);
    const kept = Object.fromEntries(
      Object.entries({ ...this.settings(scope, subject), ...change }).filter(([, value]) => value !== null && value !== undefined),
    );
    await this.#put([[['settings', formatId(scope), subject], Object.keys(kept).length > 0 ? kept : null]]);
    return kept;
  }
}

function checkMode(mode: Mode, subject: string, imports: boolean): void {
  if (mode === 'READONLY' || mode === 'READONLY_OVERRIDE') throw fault('ModeForbids', `Subject ${subject} is in read-only mode.`);
  if (imports && mode !== 'IMPORT') throw fault('ModeForbids', `Subject ${subject} is not in import mode.`);
  if (!imports && mode === 'IMPORT') throw fault('ModeForbids', `Subject ${subject} is in import mode: a schema comes with its id.`);
}

function subjectFault(subject: string): string | undefined {
  if (subject === '' || subject.length > subjectNameMax) return `A subject's name has 1 to ${subjectNameMax} characters.`;
  // Contexts (`:.name:`) are not built; a name that looks like one would mean another subject elsewhere.
  if (subject.startsWith(':') || subject === '__GLOBAL' || subject === '__EMPTY')
    return `The specified subject '${subject}' is not a valid subject.`;
  for (const letter of subject) if (letter < ' ' || letter === '\x7f') return 'The name holds a control character.';
  return undefined;
}

/** What tells equal schemas. */
const keyOf = (type: SchemaType, text: string, references: readonly Reference[]): string =>
  createHash('sha256')
    .update(JSON.stringify([type, text, references]))
    .digest('base64url');

function schemaFault(error: unknown): unknown {
  return error instanceof SchemaFault ? fault('SchemaInvalid', error.message) : error;
}
