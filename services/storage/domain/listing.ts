/** A page of a list with a delimiter, over anything that can seek in order of key. */
export type ListQuery = {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only keys behind this one. */
  readonly after: string;
  /** A common prefix that was told already: everything that begins with it is passed over. */
  readonly afterPrefix: string;
  readonly limit: number;
};

export type ListPage<Item> = {
  readonly items: readonly Item[];
  readonly prefixes: readonly string[];
  /** What stood last on the page, when there is more behind it. */
  readonly next?: { readonly key: string } | { readonly prefix: string };
};

/** A place to look for keys: `seek` gives them in order from a key on (or from behind everything that begins with it). */
export interface Keys<Item> {
  seek(
    from: { readonly at: string } | { readonly behind: string } | { readonly after: string },
  ): Iterable<{ readonly key: string; readonly item: () => Item }>;
}

/** Lists keys and common prefixes, one seek for each common prefix whatever lies under it. */
export function listPage<Item>(keys: Keys<Item>, query: ListQuery): ListPage<Item> {
  const { prefix, delimiter, limit } = query;
  const items: Item[] = [];
  const prefixes: string[] = [];
  if (limit === 0) return { items, prefixes };
  let last: ListPage<Item>['next'];
  let from = start(query);
  for (let behind: string | undefined; ; from = { behind: behind! }) {
    behind = undefined;
    for (const { key, item } of keys.seek(from)) {
      if (!key.startsWith(prefix)) return { items, prefixes };
      if (items.length + prefixes.length === limit) return { items, prefixes, next: last };
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (cut < 0) {
        items.push(item());
        last = { key };
        continue;
      }
      behind = key.slice(0, cut + delimiter.length);
      prefixes.push(behind);
      last = { prefix: behind };
      break;
    }
    if (behind === undefined) return { items, prefixes };
  }
}

function start({ prefix, after, afterPrefix }: ListQuery): { at: string } | { behind: string } | { after: string } {
  if (afterPrefix !== '') return { behind: afterPrefix };
  if (after !== '' && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0) return { after };
  return { at: prefix };
}
