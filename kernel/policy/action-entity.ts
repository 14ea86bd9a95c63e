import { isObject } from './json.ts';

/** An entity in Cedar's JSON form. */
export type EntityJson = {
  readonly uid: { readonly type: string; readonly id: string };
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly parents: readonly { readonly type: string; readonly id: string }[];
  readonly tags?: Readonly<Record<string, unknown>>;
};

/** The actions a Cedar schema (its JSON form) declares, with the groups they are in, as entities for an entity store. */
export function actionEntities(schema: Readonly<Record<string, unknown>>): EntityJson[] {
  return Object.entries(schema).flatMap(([namespace, definition]) => {
    const actions = isObject(definition) && isObject(definition.actions) ? definition.actions : {};
    return Object.entries(actions).map(([id, action]) => ({
      uid: { type: qualify(namespace, 'Action'), id },
      attrs: {},
      parents: isObject(action) && Array.isArray(action.memberOf) ? action.memberOf.map((group) => groupOf(group, namespace, schema)) : [],
    }));
  });
}

function qualify(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}::${name}`;
}

/** A group without a type, or with the type `Action`, is the namespace's own where that declares it. */
function groupOf(group: unknown, namespace: string, schema: Readonly<Record<string, unknown>>): { type: string; id: string } {
  const { id, type } = isObject(group) ? group : {};
  const name = typeof id === 'string' ? id : '';
  if (typeof type !== 'string') return { type: qualify(namespace, 'Action'), id: name };
  const own = schema[namespace];
  const declared = type === 'Action' && isObject(own) && isObject(own.actions) && Object.hasOwn(own.actions, name);
  return { type: declared ? qualify(namespace, 'Action') : type, id: name };
}
