import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Input, useApi, useOperation } from '#console/api/call.ts';
import { asProblem, type Problem } from '#console/api/problem.ts';
import { listPageMax, pollEveryMs } from '#console/limits.ts';

export type ObjectEntry = { readonly key: string; readonly etag: string; readonly size: number; readonly lastModified: number };
export type Version = ObjectEntry & { readonly versionId: string; readonly latest: boolean; readonly deleteMarker?: true };
type Page<Item> = { readonly items: readonly Item[]; readonly prefixes: readonly string[]; readonly truncated: boolean };
type ObjectPage = Page<ObjectEntry> & { readonly nextContinuationToken?: string };
type VersionPage = Page<Version> & { readonly nextKeyMarker?: string; readonly nextVersionIdMarker?: string };

/** One line of the browser: what keys go on with behind a slash, or an object. */
export type Line =
  | { readonly is: 'folder'; readonly key: string }
  | { readonly is: 'object'; readonly key: string; readonly object: ObjectEntry };

type Read<P> = {
  readonly pages: readonly P[] | undefined;
  readonly more: boolean;
  readonly problem: Problem | undefined;
  readonly heardAt: number | undefined;
  readonly loadMore: () => void;
  readonly again: () => void;
};
export type Listing = Omit<Read<never>, 'pages'> & { readonly lines: readonly Line[] | undefined };

/** A list of a bucket, page by page; the first page is read again and again. `nextOf` says how the next one is asked for. */
function usePages<P>(operation: string, bucket: string, input: Input, nextOf: (page: P) => Input | undefined): Read<P> {
  const api = useApi();
  const first = useOperation<P>('storage', operation, bucket, input, { everyMs: pollEveryMs });
  const [rest, setRest] = useState<{ pages: readonly P[]; busy: boolean; problem?: Problem }>({ pages: [], busy: false });
  useEffect(() => setRest({ pages: [], busy: false }), [operation, bucket, input]);
  const last = rest.pages.at(-1) ?? first.value;
  const next = useMemo(() => last && nextOf(last), [last, nextOf]);
  const loadMore = useCallback(() => {
    if (next === undefined || rest.busy) return;
    setRest((now) => ({ ...now, busy: true }));
    api.call<P>('storage', operation, bucket, { ...input, ...next }).then(
      (page) => setRest((now) => ({ pages: [...now.pages, page], busy: false })),
      (thrown) => setRest((now) => ({ ...now, busy: false, problem: asProblem(thrown) })),
    );
  }, [api, operation, bucket, input, next, rest.busy]);
  const pages = useMemo(() => first.value && [first.value, ...rest.pages], [first.value, rest.pages]);
  return { pages, more: next !== undefined, problem: first.problem ?? rest.problem, heardAt: first.heardAt, loadMore, again: first.again };
}

const nextObjects = (page: ObjectPage) => (page.truncated ? { continuationToken: page.nextContinuationToken } : undefined);
const nextVersions = (page: VersionPage) =>
  page.truncated
    ? {
        keyMarker: page.nextKeyMarker,
        ...(page.nextVersionIdMarker === undefined ? {} : { versionIdMarker: page.nextVersionIdMarker }),
      }
    : undefined;

/** What lies directly below a prefix. */
export function useObjects(bucket: string, prefix: string): Listing {
  const input = useMemo(() => ({ prefix, delimiter: '/', maxKeys: listPageMax }), [prefix]);
  const { pages, ...rest } = usePages<ObjectPage>('ListObjectsV2', bucket, input, nextObjects);
  return { ...rest, lines: useMemo(() => pages && linesOf(pages, prefix), [pages, prefix]) };
}

/** Every version directly below a prefix, delete markers too; with `key`, of that key alone. */
export function useVersions(bucket: string, prefix: string, key?: string) {
  const input = useMemo(
    () => ({ prefix: key ?? prefix, ...(key === undefined ? { delimiter: '/' } : {}), maxKeys: listPageMax }),
    [prefix, key],
  );
  const { pages, ...rest } = usePages<VersionPage>('ListObjectVersions', bucket, input, nextVersions);
  const folders = useMemo(() => pages && [...new Set(pages.flatMap((page) => page.prefixes))].sort(), [pages]);
  const versions = useMemo(
    () => pages?.flatMap((page) => page.items).filter((version) => key === undefined || version.key === key),
    [pages, key],
  );
  return { ...rest, folders, versions };
}

/** Whether a bucket keeps versions; undefined while that is not known. */
export function useVersioning(bucket: string) {
  const reading = useOperation<{ status?: 'Enabled' | 'Suspended' }>('storage', 'GetBucketVersioning', bucket, {});
  return { ...reading, status: reading.value && (reading.value.status ?? ('never' as const)) };
}

/** Folders first, then objects, each once and in order of key. The marker of a folder itself is left out. */
function linesOf(pages: readonly ObjectPage[], prefix: string): readonly Line[] {
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
