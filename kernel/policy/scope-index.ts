import type { Scope } from './scope.ts';
import type { EntityValue } from './value.ts';

const nobody: ReadonlySet<string> = new Set();

/**
 * Finds, among many items, those whose scope admits an entity, in time that does not depend on how many there are:
 * a look-up for the entity, for its type and for each of its ancestors.
 */
export type ScopeIndex<T> = {
  readonly always: T | undefined;
  /** By the entity itself, which `==` and `in` both admit. */
  readonly self: ReadonlyMap<string, T>;
  /** By an ancestor of the entity, which only `in` admits. */
  readonly below: ReadonlyMap<string, T>;
  readonly type: ReadonlyMap<string, T>;
};

/** Files each item where its scope says and turns each pile into what the index holds. */
export function scopeIndex<I, T>(items: readonly I[], scopeOf: (item: I) => Scope, hold: (pile: readonly I[]) => T): ScopeIndex<T> {
  const always: I[] = [];
  const [self, below, type] = [new Map<string, I[]>(), new Map<string, I[]>(), new Map<string, I[]>()];
  for (const item of items) {
    const scope = scopeOf(item);
    if (scope.op === 'all') always.push(item);
    else if (scope.op === 'is') file(type, scope.type, item);
    else {
      for (const key of new Set(scope.keys)) {
        file(self, key, item);
        if (scope.op === 'in') file(below, key, item);
      }
    }
  }
  return { always: always.length > 0 ? hold(always) : undefined, self: held(self, hold), below: held(below, hold), type: held(type, hold) };
}

function file<I>(piles: Map<string, I[]>, key: string, item: I): void {
  const pile = piles.get(key);
  if (pile) pile.push(item);
  else piles.set(key, [item]);
}

function held<I, T>(piles: ReadonlyMap<string, readonly I[]>, hold: (pile: readonly I[]) => T): ReadonlyMap<string, T> {
  return new Map([...piles].map(([key, pile]) => [key, hold(pile)]));
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
