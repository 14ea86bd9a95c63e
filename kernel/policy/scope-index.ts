import type { Scope } from './scope.ts';
import type { EntityValue } from './value.ts';

const nobody: ReadonlySet<string> = new Set();

/**
 * Finds, among many items, those whose scope admits an entity, in time that does not depend on how many there are:
 * a look-up for the entity, for its type and for each of its ancestors. Items lie in piles, each of what has one scope.
 */
export type ScopeIndex<T> = {
  always: T | undefined;
  /** By the entity itself, which `==` and `in` both admit. */
  readonly self: Map<string, T>;
  /** By an ancestor of the entity, which only `in` admits. */
  readonly below: Map<string, T>;
  readonly type: Map<string, T>;
};

export function scopeIndex<T>(): ScopeIndex<T> {
  return { always: undefined, self: new Map(), below: new Map(), type: new Map() };
}

/** The places where what has this scope is filed. */
function placesOf<T>(index: ScopeIndex<T>, scope: Scope): (readonly [Map<string, T>, string])[] {
  if (scope.op === 'all') return [];
  if (scope.op === 'is') return [[index.type, scope.type]];
  const keys = [...new Set(scope.keys)];
  const maps = scope.op === 'in' ? [index.self, index.below] : [index.self];
  return keys.flatMap((key) => maps.map((map) => [map, key] as const));
}

/** Calls `put` with each pile in which an item of this scope belongs; `make` makes those that are not there yet. */
export function fileScope<T>(index: ScopeIndex<T>, scope: Scope, make: () => T, put: (pile: T) => void): void {
  if (scope.op === 'all') put((index.always ??= make()));
  for (const [map, key] of placesOf(index, scope)) {
    const pile = map.get(key) ?? make();
    map.set(key, pile);
    put(pile);
  }
}

/** Calls `take` with each pile in which an item of this scope lies; one of which it says that nothing is left goes. */
export function unfileScope<T>(index: ScopeIndex<T>, scope: Scope, take: (pile: T) => boolean): void {
  if (scope.op === 'all' && index.always !== undefined && take(index.always)) index.always = undefined;
  for (const [map, key] of placesOf(index, scope)) {
    const pile = map.get(key);
    if (pile !== undefined && take(pile)) map.delete(key);
  }
}

/** Whether a scope admits an entity, its type aside where the scope is `is T in E`. */
export function scopeAdmits(scope: Scope, entity: EntityValue, ancestors: ReadonlySet<string> | undefined): boolean {
  if (scope.op === 'all') return true;
  if (scope.op === 'is') return scope.type === entity.type;
  return scope.keys.some((key) => key === entity.key || (scope.op === 'in' && (ancestors ?? nobody).has(key)));
}

/** Calls `visit` with all that the index holds for an entity. An item of several keys may come more than once. */
export function visitScope<T>(
  index: ScopeIndex<T>,
  entity: EntityValue,
  ancestors: ReadonlySet<string> | undefined,
  visit: (found: T) => void,
): void {
  if (index.always !== undefined) visit(index.always);
  const own = index.self.size > 0 ? index.self.get(entity.key) : undefined;
  if (own !== undefined) visit(own);
  const typed = index.type.size > 0 ? index.type.get(entity.type) : undefined;
  if (typed !== undefined) visit(typed);
  const above = ancestors ?? nobody;
  if (index.below.size === 0 || above.size === 0) return;
  if (index.below.size < above.size) {
    for (const [key, found] of index.below) if (key !== entity.key && above.has(key)) visit(found);
    return;
  }
  for (const key of above) {
    const found = index.below.get(key);
    if (found !== undefined && key !== entity.key) visit(found);
  }
}
