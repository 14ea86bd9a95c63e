import { useCallback, useEffect, useMemo, useState } from 'react';
import { useApi, useOperation } from '#console/api/call.ts';
import { asProblem, type Problem } from '#console/api/problem.ts';
import { listPageMax, pollEveryMs } from '#console/limits.ts';

export type ObjectEntry = { readonly key: string; readonly etag: string; readonly size: number; readonly lastModified: number };
type Page = {
  readonly items: readonly ObjectEntry[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  readonly nextContinuationToken?: string;
};

/** One line of the browser: what keys go on with behind a slash, or an object. */
export type Line =
  | { readonly is: 'folder'; readonly key: string }
  | { readonly is: 'object'; readonly key: string; readonly object: ObjectEntry };

export type Listing = {
  readonly lines: readonly Line[] | undefined;
  readonly more: boolean;
  readonly problem: Problem | undefined;
  readonly heardAt: number | undefined;
  readonly loadMore: () => void;
  readonly again: () => void;
};

/** What lies directly below a prefix, page by page; the first page is read again and again. */
export function useObjects(bucket: string, prefix: string): Listing {
  const api = useApi();
  const input = useMemo(() => ({ prefix, delimiter: '/', maxKeys: listPageMax }), [prefix]);
  const first = useOperation<Page>('storage', 'ListObjectsV2', bucket, input, { everyMs: pollEveryMs });
  const [rest, setRest] = useState<{ pages: readonly Page[]; busy: boolean; problem?: Problem }>({ pages: [], busy: false });
  useEffect(() => setRest({ pages: [], busy: false }), [bucket, prefix]);
  const last = rest.pages.at(-1) ?? first.value;
  const next = last?.truncated ? last.nextContinuationToken : undefined;
  const loadMore = useCallback(() => {
    if (next === undefined || rest.busy) return;
    setRest((now) => ({ ...now, busy: true }));
    api.call<Page>('storage', 'ListObjectsV2', bucket, { ...input, continuationToken: next }).then(
      (page) => setRest((now) => ({ pages: [...now.pages, page], busy: false })),
      (thrown) => setRest((now) => ({ ...now, busy: false, problem: asProblem(thrown) })),
    );
  }, [api, bucket, input, next, rest.busy]);
  const lines = useMemo(() => first.value && linesOf([first.value, ...rest.pages], prefix), [first.value, rest.pages, prefix]);
  return { lines, more: next !== undefined, problem: first.problem ?? rest.problem, heardAt: first.heardAt, loadMore, again: first.again };
}

/** Folders first, then objects, each once and in order of key. The marker of a folder itself is left out. */
function linesOf(pages: readonly Page[], prefix: string): readonly Line[] {
  const folders = [...new Set(pages.flatMap((page) => page.prefixes))].sort();
  const objects = new Map(
    pages
      .flatMap((page) => page.items)
      .filter((object) => object.key !== prefix)
      .map((object) => [object.key, object]),
  );
  return [
    ...folders.map((key): Line => ({ is: 'folder', key })),
    ...[...objects.values()].map((object): Line => ({ is: 'object', key: object.key, object })),
  ];
}

/** The steps from the bucket to a prefix, each with the prefix that it stands for. */
export function stepsOf(prefix: string): readonly { readonly text: string; readonly prefix: string }[] {
  const parts = prefix.split('/');
  return parts
    .slice(0, -1)
    .map((text, index) => ({ text: text === '' ? '(empty)' : text, prefix: `${parts.slice(0, index + 1).join('/')}/` }));
}
