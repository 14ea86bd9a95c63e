import { fieldsOf, invalid } from './expression.ts';
import { below, isTypeName, readUid } from './json.ts';
import type { EntityUid, EntityValue } from './value.ts';

/** Which entities one of a policy's three places admits. `type` narrows further where the policy says `is`. */
export type Scope =
  | { readonly op: 'all'; readonly type?: string }
  | { readonly op: 'is'; readonly type: string }
  | { readonly op: '=='; readonly keys: readonly string[]; readonly type?: string }
  | { readonly op: 'in'; readonly keys: readonly string[]; readonly type?: string };

/** The entities that fill a template's slots, by slot: `?principal`, `?resource`. */
export type Slots = Readonly<Record<string, EntityUid>>;

/** Reads the constraint on principal or resource. Throws PolicyInvalid, also for a slot that is not filled. */
export function readScope(json: unknown, path: string, slots: Slots | undefined, own: '?principal' | '?resource'): Scope {
  const op = operatorOf(json, path);
  const target = (body: unknown, at: string) => [readTarget(body, at, slots, own).key];
  switch (op) {
    case 'All':
    case 'all':
      return { op: 'all' };
    case '==':
    case 'in':
      return { op, keys: target(json, path) };
    case 'is': {
      const fields = fieldsOf(json, path, ['op', 'entity_type'], ['in']);
      const type = fields.entity_type;
      if (typeof type !== 'string' || !isTypeName(type)) throw invalid(`${path}/entity_type`, 'not the name of an entity type');
      return fields.in === undefined || fields.in === null ? { op, type } : { op: 'in', keys: target(fields.in, `${path}/in`), type };
    }
    default:
      throw invalid(`${path}/op`, `there is no constraint ${JSON.stringify(op)}`);
  }
}

/** Reads the constraint on the action: one action, or some and what is below them. */
export function readActionScope(json: unknown, path: string): Scope {
  const op = operatorOf(json, path);
  const fields = json as Readonly<Record<string, unknown>>;
  switch (op) {
    case 'All':
    case 'all':
      return { op: 'all' };
    case '==':
      return { op, keys: [readAction(fieldsOf(json, path, ['op', 'entity']).entity, `${path}/entity`)] };
    case 'in': {
      if (Object.hasOwn(fields, 'entity'))
        return { op, keys: [readAction(fieldsOf(json, path, ['op', 'entity']).entity, `${path}/entity`)] };
      const { entities } = fieldsOf(json, path, ['op', 'entities']);
      if (!Array.isArray(entities)) throw invalid(`${path}/entities`, 'not a list');
      return { op, keys: entities.map((action, index) => readAction(action, below(`${path}/entities`, index))) };
    }
    default:
      throw invalid(`${path}/op`, `there is no constraint ${JSON.stringify(op)} on the action`);
  }
}

function operatorOf(json: unknown, path: string): unknown {
  return fieldsOf(json, path, ['op'], ['entity', 'entities', 'entity_type', 'in', 'slot']).op;
}

function readAction(json: unknown, path: string): string {
  const uid = readUid(json, path);
  if (!/(?:^|::)Action$/.test(uid.type)) throw invalid(path, `${uid.key} is no action: its type has to end in Action`);
  return uid.key;
}

function readTarget(json: unknown, path: string, slots: Slots | undefined, own: string): EntityValue {
  const fields = fieldsOf(json, path, [], ['op', 'entity', 'slot']);
  if (fields.entity !== undefined) return readUid(fields.entity, `${path}/entity`);
  if (fields.slot !== own) throw invalid(`${path}/slot`, `not ${own}, the only slot that can stand here`);
  const filled = slots && Object.hasOwn(slots, own) ? slots[own] : undefined;
  if (!filled) throw invalid(`${path}/slot`, `the template's slot ${own} is not filled`);
  return readUid(filled, own);
}
