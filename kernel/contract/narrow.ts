import type { TSchema } from 'typebox';
import type { Finding } from './check.ts';
import type { AnyService } from './contract.ts';

type Schema = TSchema & {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  additionalProperties?: unknown;
};

/**
 * What a new release takes away from the last one: a client of the last release must go on working. Empty means it may be released.
 * What versions since the last release withdrew on purpose, as numbers of cards that are no longer taken, is not told.
 */
export function narrowed(last: AnyService, next: AnyService): Finding[] {
  const withdrawn = Object.entries(next.withdrawn ?? {}).filter(([version]) => Number(version) > last.version);
  const meant = withdrawn.flatMap(([, paths]) => paths);
  return lost(last, next).filter(({ path }) => !meant.some((start) => path === start || path.startsWith(`${start}/`)));
}

function lost(last: AnyService, next: AnyService): Finding[] {
  const found: Finding[] = [];
  const gone = (path: string, before: object, after: object) => {
    for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) found.push({ path: `${path}/${name}`, reason: 'was removed' });
  };
  if (next.version < last.version) found.push({ path: '/version', reason: `went back from ${last.version} to ${next.version}` });
  for (const part of ['resources', 'operations', 'meters', 'events', 'errors', 'doors', 'roles'] as const)
    gone(`/${part}`, last[part], next[part]);
  for (const [name, before] of Object.entries(last.operations)) {
    const after = next.operations[name];
    if (after) found.push(...narrowedOperation(`/operations/${name}`, before, after));
  }
  for (const [name, before] of Object.entries(last.quotas)) {
    const after = next.quotas[name];
    if (before.kind === 'count' && after?.kind === 'count' && after.limit < before.limit)
      found.push({ path: `/quotas/${name}/limit`, reason: `fell from ${before.limit} to ${after.limit}` });
    if (before.kind === 'rate' && after?.kind === 'rate' && after.perSecond < before.perSecond)
      found.push({ path: `/quotas/${name}/perSecond`, reason: `fell from ${before.perSecond} to ${after.perSecond}` });
  }
  for (const [name, before] of Object.entries(last.doors)) {
    for (const face of before.faces)
      if (next.doors[name] && !next.doors[name].faces.includes(face))
        found.push({ path: `/doors/${name}/faces`, reason: `no longer takes ${face}` });
  }
  return found;
}

function narrowedOperation(path: string, before: AnyService['operations'][string], after: AnyService['operations'][string]): Finding[] {
  const found: Finding[] = [];
  if (before.on !== after.on) found.push({ path: `${path}/on`, reason: `moved from ${before.on} to ${after.on}` });
  if ((before.at ?? 'item') !== (after.at ?? 'item')) found.push({ path: `${path}/at`, reason: 'its address changed' });
  if ((before.body ?? 'none') !== (after.body ?? 'none')) found.push({ path: `${path}/body`, reason: 'its body changed' });
  if (before.repeat !== after.repeat && after.repeat !== 'natural')
    found.push({ path: `${path}/repeat`, reason: `repeats became ${after.repeat}` });
  for (const surface of before.expose ?? [])
    if (!after.expose?.includes(surface)) found.push({ path: `${path}/expose`, reason: `is no longer offered in ${surface}` });
  found.push(...narrowedSchema(`${path}/input`, before.input as Schema, after.input as Schema, 'in'));
  found.push(...narrowedSchema(`${path}/output`, before.output as Schema, after.output as Schema, 'out'));
  return found;
}

/** Inputs may only grow wider, outputs may only promise more. */
function narrowedSchema(path: string, before: Schema, after: Schema, way: 'in' | 'out'): Finding[] {
  const found: Finding[] = [];
  const refuse = (reason: string) => found.push({ path, reason });
  if (JSON.stringify(before.type) !== JSON.stringify(after.type)) refuse(`its type changed from ${before.type} to ${after.type}`);
  const [wide, tight] = way === 'in' ? [after, before] : [before, after];
  if (wide.enum && (!tight.enum || tight.enum.some((value) => !wide.enum?.includes(value))))
    refuse(way === 'in' ? 'takes fewer values' : 'may answer values not known before');
  if (way === 'in') found.push(...tighterBounds(path, before, after));
  for (const [name, inner] of Object.entries(before.properties ?? {})) {
    const other = after.properties?.[name];
    if (!other) found.push({ path: `${path}/${name}`, reason: 'was removed' });
    else found.push(...narrowedSchema(`${path}/${name}`, inner, other, way));
  }
  const [asked, known] = way === 'in' ? [after.required, before.required] : [before.required, after.required];
  for (const name of asked ?? [])
    if (!known?.includes(name))
      found.push({ path: `${path}/${name}`, reason: way === 'in' ? 'became required' : 'is no longer always there' });
  if (before.items && after.items) found.push(...narrowedSchema(`${path}/items`, before.items, after.items, way));
  return found;
}

function tighterBounds(path: string, before: Schema, after: Schema): Finding[] {
  const found: Finding[] = [];
  for (const key of ['minLength', 'minimum', 'minItems'] as const)
    if ((after[key] ?? -Infinity) > (before[key] ?? -Infinity)) found.push({ path: `${path}/${key}`, reason: `rose to ${after[key]}` });
  for (const key of ['maxLength', 'maximum', 'maxItems'] as const)
    if ((after[key] ?? Infinity) < (before[key] ?? Infinity)) found.push({ path: `${path}/${key}`, reason: `fell to ${after[key]}` });
  if (after.pattern !== undefined && after.pattern !== before.pattern) found.push({ path: `${path}/pattern`, reason: 'changed' });
  if (after.additionalProperties === false && before.additionalProperties !== false)
    found.push({ path, reason: 'refuses fields it took before' });
  return found;
}
