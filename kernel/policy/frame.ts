import type { EntityData, EntitySource } from './entity-store.ts';
import type { EntityValue, RecordValue, Result } from './value.ts';

/** One request while it is decided. The data of its own three entities is looked up once. */
export type Frame = {
  readonly principal: EntityValue;
  readonly action: EntityValue;
  readonly resource: EntityValue;
  readonly context: RecordValue;
  readonly entities: EntitySource;
  readonly principalData: EntityData | undefined;
  readonly actionData: EntityData | undefined;
  readonly resourceData: EntityData | undefined;
};

/** A compiled expression: its closure, and its result where that is the same for every request. */
export type Term = { readonly run: (frame: Frame) => Result; readonly constant?: Result };

export function constantTerm(result: Result): Term {
  return { run: () => result, constant: result };
}

/** What is known of an entity that an expression speaks of. */
export function dataOf(frame: Frame, entity: EntityValue): EntityData | undefined {
  if (entity === frame.principal) return frame.principalData;
  if (entity === frame.resource) return frame.resourceData;
  if (entity === frame.action) return frame.actionData;
  return frame.entities.get(entity.key);
}
