/** Parts of a table that lie in a processor's cache while entries are put into them. */
const parts = 512;

/** Hashes, each with a number, that are put into a table together. */
export type Late = { readonly hashes: Int32Array; readonly numbers: Int32Array };

/**
 * Hashes with their numbers behind each other, in the order of the parts of a table with so great a mask: whoever puts them in
 * touches one part at a time, which takes a fraction of what it does all over the table.
 */
export function spread(all: readonly Late[], mask: number): Int32Array {
  const shift = Math.max(0, 32 - Math.clz32(mask) - Math.log2(parts));
  const starts = new Int32Array(parts + 1);
  for (const { hashes } of all)
    for (let at = 0; at < hashes.length; at += 1) {
      const part = ((hashes[at] as number) & mask) >>> shift;
      starts[part + 1] = (starts[part + 1] as number) + 1;
    }
  for (let part = 0; part < parts; part += 1) starts[part + 1] = (starts[part + 1] as number) + (starts[part] as number);
  const made = new Int32Array((starts[parts] as number) * 2);
  for (const { hashes, numbers } of all)
    for (let at = 0; at < hashes.length; at += 1) {
      const hash = hashes[at] as number;
      const part = (hash & mask) >>> shift;
      const to = (starts[part] as number) * 2;
      starts[part] = (starts[part] as number) + 1;
      made[to] = hash;
      made[to + 1] = numbers[at] as number;
    }
  return made;
}
