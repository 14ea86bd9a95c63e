import { standingRows } from './limits.ts';
import type { Slots } from './slot.ts';

/** Lets all groups be read, part by part, as if they had come since a mark of 0. Nothing is to be changed meanwhile. */
export function* anew(slots: Slots): Generator<void> {
  const all = [...slots.places.values()].filter((slot) => slots.isWhole || slots.rowsOf(slot) !== 0);
  let restored: number | undefined;
  try {
    for (let from = 0; from < all.length; from += standingRows) yield show(slots, all.slice(from, from + standingRows));
    for (const record of slots.spilling?.records() ?? []) {
      if (restored !== undefined) slots.giveBack(restored);
      restored = slots.begin();
      slots.spilling?.restore(restored, record);
      if (slots.places.get(slots.keysOf(restored)) < 0) yield show(slots, [restored]);
    }
  } finally {
    if (restored !== undefined) slots.giveBack(restored);
    slots.count = 0;
  }
}

function show(slots: Slots, some: readonly number[]): void {
  slots.changed = Int32Array.from(some.flatMap((slot) => [slot, -1]));
  slots.count = some.length;
}
